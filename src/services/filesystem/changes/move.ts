/** The tool `filesystem_move`: gives a file or a folder another name or place. */
import { renameSync } from "node:fs";
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { locate, type Place } from "../places/locate.ts";
import { moveUnlessThere } from "./replace-contents.ts";
import { syncFolder } from "../../../sync-folder.ts";
import { onSystem } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";
import { contentsText, refuseKeptParts } from "./refuse-kept-parts.ts";

type Call = ToolCall<FilesystemBackend>;

const input = v.strictObject({ from: pathArgument, to: pathArgument });

export const move = tool({
  name: "move",
  title: "Move or rename",
  description: "Gives a file or a folder another name or place, where nothing is yet.",
  access: "write",
  toolset: "files",
  input,
  output: v.object({ from: v.string(), to: v.string() }),
  async run(args, { backend }: Call) {
    using from = locate(backend, args.from, { keepsLink: true, isChange: true });
    using to = locate(backend, args.to, { keepsLink: true, isChange: true });
    refuseImpossible(from, to, backend);
    onSystem(from.path, () => {
      if (from.stats?.isDirectory() === true) renameSync(from.at, to.at);
      else moveUnlessThere(from.at, to.at, to.path);
    });
    syncFolder(to.folder.self);
    syncFolder(from.folder.self);
    return { data: { from: from.path, to: to.path }, text: `Moved ${shownPath(from.path)} to ${shownPath(to.path)}` };
  },
  async preview(args, { backend }: Call) {
    using from = locate(backend, args.from, { keepsLink: true, isChange: true });
    using to = locate(backend, args.to, { keepsLink: true, isChange: true });
    const contents = refuseImpossible(from, to, backend);
    return { summary: `Moves ${shownPath(from.path)} to ${shownPath(to.path)} (${contentsText(contents)})` };
  },
});

function refuseImpossible(from: Place, to: Place, backend: FilesystemBackend) {
  if (from.stats === undefined)
    throw new KmError("SVC_006", `${shownPath(from.path)}: there is no such file or folder`);
  refuseThere(to);
  return refuseKeptParts(from, backend, { isChange: true });
}

/** @throws KmError SVC_007 where something is already */
export function refuseThere({ stats, path }: Pick<Place, "stats" | "path">): void {
  if (stats === undefined) return;
  throw new KmError("SVC_007", `${shownPath(path)} is there already`, {
    hint: stats.isDirectory() ? "Name the new place with all of its path." : "Delete it first, or choose another name.",
  });
}
