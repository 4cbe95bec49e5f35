/** The tool `filesystem_create_directory`. */
import { mkdirSync } from "node:fs";
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { platformPath } from "../../../platform-path.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { HeldFolder } from "../places/held-folder.ts";
import { locate, refuseKept } from "../places/locate.ts";
import { onSystem } from "../places/system-error.ts";
import { folderAt } from "../reading/list-directory.ts";
import { shownPath } from "../shown-path.ts";

type Call = ToolCall<FilesystemBackend>;

export const createDirectory = tool({
  name: "create_directory",
  title: "Create a folder",
  description: "Creates a folder, and those that lead to it.",
  access: "write",
  isIdempotent: true,
  toolset: "files",
  input: v.strictObject({ path: pathArgument }),
  output: v.object({ path: v.string(), created: v.boolean() }),
  async run({ path: typed }, { backend }: Call) {
    const missing: string[] = [];
    const { basename, dirname, resolve } = platformPath(backend.platform);
    for (let at = resolve(backend.roots[0]?.path ?? "", typed); ; at = dirname(at)) {
      const created = createdBelow(backend, at, missing, typed);
      if (created !== undefined) {
        const text = missing.length === 0 ? `${shownPath(created)} was there already` : `Created ${shownPath(created)}`;
        return { data: { path: created, created: missing.length > 0 }, text };
      }
      missing.unshift(basename(at));
    }
  },
});

/** @returns undefined where that folder is missing itself */
function createdBelow(
  backend: FilesystemBackend,
  at: string,
  names: readonly string[],
  typed: string,
): string | undefined {
  try {
    using place = locate(backend, at, { isChange: true });
    if (place.stats === undefined) return undefined;
    refuseKept(backend, { root: place.root, names: [...place.names, ...names] }, typed, true);
    let folder = folderAt(place);
    try {
      for (const name of names) {
        const held = folder;
        onSystem(typed, () => mkdirSync(held.at(name)));
        const child = onSystem(typed, () => held.child(name));
        if (!(child instanceof HeldFolder))
          throw new KmError("SVC_007", `${shownPath(typed)} was changed while it was created`);
        folder[Symbol.dispose]();
        folder = child;
      }
      return folder.path;
    } finally {
      folder[Symbol.dispose]();
    }
  } catch (error) {
    if (error instanceof KmError && error.code === "SVC_006") return undefined;
    throw error;
  }
}
