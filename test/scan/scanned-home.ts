/** A temporary home in which clients have the files that a test writes, scanned in this process. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRedactor } from "../../src/guard/redaction/redact.ts";
import { type ScanOptions, type ScanReport, scanClients } from "../../src/scan/scan.ts";

export class ScannedHome implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "km-scan-"));
  readonly project = join(this.folder, "project");

  constructor() {
    mkdirSync(join(this.project, ".git"), { recursive: true });
  }

  /** @param path from the home folder */
  write(path: string, content: string | Uint8Array | object, mode = 0o600): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
    chmodSync(file, mode);
    return file;
  }

  /** One of Cursor's. */
  writeServer(entry: object, name = "one"): string {
    return this.write(".cursor/mcp.json", { mcpServers: { [name]: entry } });
  }

  async scan(
    options: Partial<Omit<ScanOptions, "places">> & { env?: Record<string, string>; cwd?: string } = {},
  ): Promise<ScanReport> {
    const { env = { PATH: process.env["PATH"] ?? "" }, cwd = this.project, ...rest } = options;
    return await scanClients({
      places: { platform: process.platform, env, home: this.folder, cwd },
      words: [],
      redactor: createRedactor(),
      dataFolder: undefined,
      accepted: new Map(),
      ...rest,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `rule` of each finding, or of those of one server. */
export function rulesOf({ findings }: ScanReport, server?: string): string[] {
  return findings.filter((finding) => server === undefined || finding.server === server).map(({ rule }) => rule);
}
