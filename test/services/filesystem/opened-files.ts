/**
 * `openedFiles`: the tools of `filesystem` over a temporary folder, beside which there are files that nobody may see. They work in
 * this process; that km has another one for them is for the tests of the program.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { filesHere } from "./files-here.ts";
import { openedService, type OpenedService } from "../opened-service.ts";

export interface OpenedFiles extends AsyncDisposable {
  service: OpenedService;
  /** Has the root, and what is outside of it. */
  around: string;
  root: string;
  /** @param path from the root on; folders on the way are created */
  put(path: string, content: string | Uint8Array): string;
  get(path: string): string;
}

export async function openedFiles(config: Record<string, unknown> = {}): Promise<OpenedFiles> {
  const around = realpathSync(mkdtempSync(join(tmpdir(), "km-files-")));
  const root = join(around, "root");
  mkdirSync(root);
  const service = await openedService(filesHere, { roots: [root], ...config });
  return {
    service,
    around,
    root,
    put(path, content) {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    get: (path) => readFileSync(join(root, path), "utf8"),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      rmSync(around, { recursive: true, force: true });
    },
  };
}
