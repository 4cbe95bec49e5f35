/** The tool `filesystem_delete`. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { flagArgument, pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { locate, type Place } from "../places/locate.ts";
import { kindOf } from "../places/open-file.ts";
import { syncFolder } from "../../../sync-folder.ts";
import { systemError } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";
import { type Contents, contentsText, refuseKeptParts } from "./refuse-kept-parts.ts";
import { removeTree } from "./remove-tree.ts";
import { counted } from "../../../counted.ts";

type Call = ToolCall<FilesystemBackend>;

const input = v.strictObject({ path: pathArgument, recursive: flagArgument("A folder with what is in it") });
type Input = v.InferOutput<typeof input>;

export const deleteTool = tool({
  name: "delete",
  title: "Delete",
  description: "Deletes a file, a link or a folder for good.",
  access: "destructive",
  isIdempotent: false,
  toolset: "files",
  input,
  output: v.object({ deleted: v.string(), count: v.number() }),
  async run(args: Input, { backend, signal }: Call) {
    using place = locate(backend, args.path, { keepsLink: true, isChange: true });
    refuseImpossible(place, args, backend);
    let count = 0;
    try {
      await removeTree(place.folder, place.name, signal, () => count++);
    } catch (error) {
      if (count === 0) throw systemError(error, place.path);
      throw new KmError("SVC_008", `${shownPath(place.path)} is deleted in part: ${count} files and folders are gone`, {
        cause: error,
      });
    }
    syncFolder(place.folder.self);
    return { data: { deleted: place.path, count }, text: `Deleted ${shownPath(place.path)}` };
  },
  async preview(args: Input, { backend }: Call) {
    using place = locate(backend, args.path, { keepsLink: true, isChange: true });
    const contents = refuseImpossible(place, args, backend);
    if (place.stats?.isDirectory() !== true) {
      return {
        summary: `Deletes the ${place.stats === undefined ? "file" : kindOf(place.stats)} ${shownPath(place.path)} (${counted(contents.bytes, "byte")})`,
      };
    }
    const more = contents.files + contents.folders - contents.examples.length;
    const names = contents.examples.map(shownPath);
    return {
      summary: `Deletes the folder ${shownPath(place.path)} with ${contentsText(contents)}`,
      detail: [...names, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    };
  },
});

function refuseImpossible(place: Place, { recursive }: Input, backend: FilesystemBackend): Contents {
  if (place.stats === undefined)
    throw new KmError("SVC_006", `${shownPath(place.path)}: there is no such file or folder`);
  const contents = refuseKeptParts(place, backend, { isChange: true });
  if (place.stats.isDirectory() && recursive !== true && contents.files + contents.folders > 0) {
    throw new KmError("SVC_007", `The folder ${shownPath(place.path)} is not empty: ${contentsText(contents)}`, {
      hint: "With recursive: true all of that is deleted too.",
    });
  }
  return contents;
}
