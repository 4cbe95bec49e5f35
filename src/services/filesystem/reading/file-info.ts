/** The tools `filesystem_file_info` and `filesystem_roots`: what a file is, and what may be used. */
import { statfsSync } from "node:fs";
import { readlinkSync } from "node:fs";
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { bytesAt, wholeFile } from "../contents/file-bytes.ts";
import { MOST_TEXT_BYTES } from "../contents/file-text.ts";
import { mediaType } from "../contents/media-type.ts";
import { encodingOf } from "../contents/text-encoding.ts";
import { versionOf } from "../contents/version.ts";
import { locate, type Place } from "../places/locate.ts";
import { kindOf, openFile } from "../places/open-file.ts";
import { onSystem } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";

type Call = ToolCall<FilesystemBackend>;

export const fileInfo = tool({
  name: "file_info",
  title: "Describe a file",
  description:
    "Kind, size, times, mode and owner of a file, folder or link; of a text its encoding, lines and version.",
  access: "read",
  toolset: "files",
  input: v.strictObject({ path: pathArgument }),
  output: v.object({ path: v.string(), kind: v.string() }),
  async run({ path }, { backend }: Call) {
    using place = locate(backend, path, { keepsLink: true });
    const { stats } = place;
    if (stats === undefined) throw new KmError("SVC_006", `${shownPath(place.path)}: there is no such file or folder`);
    const data = {
      path: place.path,
      kind: kindOf(stats),
      size: stats.size,
      modified: stats.mtime.toISOString(),
      changed: stats.ctime.toISOString(),
      accessed: stats.atime.toISOString(),
      ...(stats.birthtimeMs > 0 && { created: stats.birthtime.toISOString() }),
      mode: (stats.mode & 0o7777).toString(8).padStart(4, "0"),
      uid: stats.uid,
      gid: stats.gid,
      hard_links: stats.nlink,
      writable: place.root.access === "write" && backend.protected.keptBy(place.names) === undefined,
      ...(stats.isSymbolicLink() && { leads_to: onSystem(place.path, () => readlinkSync(place.at)) }),
      ...(stats.isFile() && contentsOf(place, backend)),
    };
    const lines = Object.entries(data).map(
      ([name, value]) => `${name}: ${name === "path" ? shownPath(String(value)) : String(value)}`,
    );
    return { data, text: lines.join("\n") };
  },
});

function contentsOf(
  place: Place,
  backend: FilesystemBackend,
): { type: string; encoding?: string; lines?: number; version?: string } {
  using file = openFile(place);
  const bytes = onSystem(place.path, () => wholeFile(file, MOST_TEXT_BYTES));
  if (bytes === undefined) return { type: mediaType(onSystem(place.path, () => bytesAt(file.descriptor, 0, 32))) };
  const encoding = encodingOf(bytes);
  const version = versionOf(bytes, backend);
  if (encoding === undefined) return { type: mediaType(bytes), version };
  const feeds = encoding.startsWith("utf-16")
    ? {}
    : { lines: bytes.toString("latin1").split("\n").length - Number(bytes.at(-1) === 10 || bytes.length === 0) };
  return { type: "text", encoding, ...feeds, version };
}

export const rootsTool = tool({
  name: "roots",
  title: "List roots",
  description: "The folders that may be used, and their free room. Relative paths begin at the first.",
  access: "read",
  toolset: "core",
  input: v.strictObject({}),
  output: v.object({ roots: v.array(v.unknown()) }),
  async run(_none, { backend }: Call) {
    const roots = backend.roots.map(({ path, access }) => {
      const { bavail, bsize, blocks } = onSystem(path, () => statfsSync(path));
      return { path, access, free_bytes: bavail * bsize, disk_bytes: blocks * bsize };
    });
    const text = roots.map(
      ({ path, access, free_bytes: free }) => `${shownPath(path)}  ${access}  ${Math.floor(free / (1 << 20))} MB free`,
    );
    return { data: { roots }, text: text.join("\n") };
  },
});
