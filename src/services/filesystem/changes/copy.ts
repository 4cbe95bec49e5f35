/** The tool `filesystem_copy`: a file or a folder once more. */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { pause } from "../../../process/pause.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { bytesAt } from "../contents/file-bytes.ts";
import { HeldFolder } from "../places/held-folder.ts";
import { locate, type Place } from "../places/locate.ts";
import { openFile } from "../places/open-file.ts";
import { moveUnlessThere } from "./replace-contents.ts";
import { syncFolder } from "../../../sync-folder.ts";
import { systemError } from "../places/system-error.ts";
import { segmentsWithin } from "../places/segments-within.ts";
import { entryOf, namesIn } from "../reading/entries.ts";
import { shownPath } from "../shown-path.ts";
import { refuseThere } from "./move.ts";
import { contentsText, refuseKeptParts } from "./refuse-kept-parts.ts";
import { removeLeftovers } from "./remove-leftovers.ts";
import { removeTree } from "./remove-tree.ts";
import { temporaryName } from "./temporary-name.ts";

type Call = ToolCall<FilesystemBackend>;

const PART = 1 << 20;
const MOST_BYTES = 10 * 2 ** 30;

export const copy = tool({
  name: "copy",
  title: "Copy",
  description: "Copies a file, or a folder with what is in it, to a place where nothing is yet. Links stay links.",
  access: "write",
  toolset: "files",
  input: v.strictObject({ from: pathArgument, to: pathArgument }),
  output: v.object({ from: v.string(), to: v.string(), files: v.number(), bytes: v.number() }),
  async run(args, { backend, signal, progress }: Call) {
    using from = locate(backend, args.from, { keepsLink: true });
    using to = locate(backend, args.to, { keepsLink: true, isChange: true });
    const { files, bytes } = refuseImpossible(from, to, backend);
    const temporary = temporaryName();
    await removeLeftovers(to.folder, signal);
    try {
      await copied(from.folder, from.name, to.folder, temporary, { signal, progress });
      if (from.stats?.isDirectory() === true) renameSync(to.folder.at(temporary), to.at);
      else moveUnlessThere(to.folder.at(temporary), to.at, to.path);
      syncFolder(to.folder.self);
    } catch (error) {
      await removeTree(to.folder, temporary, new AbortController().signal, () => undefined).catch(() => undefined);
      throw systemError(error, to.path);
    }
    return {
      data: { from: from.path, to: to.path, files, bytes },
      text: `Copied ${shownPath(from.path)} to ${shownPath(to.path)}`,
    };
  },
  async preview(args, { backend }: Call) {
    using from = locate(backend, args.from, { keepsLink: true });
    using to = locate(backend, args.to, { keepsLink: true, isChange: true });
    return {
      summary: `Copies ${shownPath(from.path)} to ${shownPath(to.path)} (${contentsText(refuseImpossible(from, to, backend))})`,
    };
  },
});

function refuseImpossible(from: Place, to: Place, backend: FilesystemBackend) {
  if (from.stats === undefined)
    throw new KmError("SVC_006", `${shownPath(from.path)}: there is no such file or folder`);
  refuseThere(to);
  if (segmentsWithin(from.path, to.path, backend.platform) !== undefined) {
    throw new KmError("SVC_007", `${shownPath(from.path)} cannot be copied into itself`);
  }
  const contents = refuseKeptParts(from, backend, { isChange: false });
  if (contents.bytes > MOST_BYTES)
    throw new KmError("SVC_007", `${shownPath(from.path)} is larger than ${MOST_BYTES >> 30} GB`);
  return contents;
}

type Copying = Pick<Call, "signal" | "progress">;

async function copied(from: HeldFolder, name: string, to: HeldFolder, as: string, copying: Copying): Promise<void> {
  copying.signal.throwIfAborted();
  await pause(0);
  const { kind, stats } = entryOf(from, name);
  if (kind === "file") return await copiedFile(from, name, to, as, copying);
  if (kind === "link") return symlinkSync(readlinkSync(from.at(name)), to.at(as));
  if (kind !== "folder")
    throw new KmError("SVC_007", `${shownPath(`${from.path}/${name}`)} is a ${kind}, which cannot be copied`);
  mkdirSync(to.at(as), ((stats?.mode ?? 0o777) & 0o777) | 0o700);
  const source = from.child(name);
  const target = to.child(as);
  try {
    if (!(source instanceof HeldFolder) || !(target instanceof HeldFolder)) {
      throw new KmError("SVC_007", `${shownPath(`${from.path}/${name}`)} was changed while it was copied`);
    }
    for (const inner of namesIn(source)) await copied(source, inner, target, inner, copying);
  } finally {
    for (const one of [source, target]) if (one instanceof HeldFolder) one[Symbol.dispose]();
  }
}

async function copiedFile(
  from: HeldFolder,
  name: string,
  to: HeldFolder,
  as: string,
  { signal }: Copying,
): Promise<void> {
  using file = openFile({ at: from.at(name), path: `${from.path}/${name}` });
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const target = openSync(to.at(as), O_CREAT | O_EXCL | O_WRONLY, 0o600);
  try {
    for (let at = 0; ; at += PART) {
      signal.throwIfAborted();
      const part = bytesAt(file.descriptor, at, PART);
      for (let written = 0; written < part.length;) written += writeSync(target, part, written);
      if (part.length < PART) break;
      await pause(0);
    }
    fchmodSync(target, file.stats.mode & 0o777);
    fsyncSync(target);
  } finally {
    closeSync(target);
  }
}
