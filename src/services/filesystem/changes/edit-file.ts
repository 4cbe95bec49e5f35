/** The tool `filesystem_edit_file`: exact replacements in a text. */
import * as v from "valibot";
import { unifiedDiff } from "../../../clients/diff.ts";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { expectArgument, flagArgument, pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { applyEdits } from "../contents/apply-edits.ts";
import { readText } from "../contents/file-text.ts";
import { maskText, unmasked } from "../contents/masked-text.ts";
import { encodeText } from "../contents/text-encoding.ts";
import { versionOf } from "../contents/version.ts";
import { locate, type Place } from "../places/locate.ts";
import { removeLeftovers } from "./remove-leftovers.ts";
import { refuseOtherVersion, replaceContents } from "./replace-contents.ts";
import { shownPath } from "../shown-path.ts";

const EDITS = "a list of edits: {old, new}";
const OLD = "some text";
const MOST_CHARACTERS = 1 << 20;

const edit = v.strictObject({
  old: v.pipe(v.string(OLD), v.nonEmpty(OLD), v.maxLength(MOST_CHARACTERS, OLD)),
  new: v.pipe(v.string("a text"), v.maxLength(MOST_CHARACTERS, "a text")),
  all: flagArgument("Wherever it is; else once"),
});

const input = v.strictObject({
  path: pathArgument,
  edits: v.pipe(v.array(edit, EDITS), v.minLength(1, EDITS), v.maxLength(100, EDITS)),
  expect: expectArgument,
});
type Input = v.InferOutput<typeof input>;
type Call = ToolCall<FilesystemBackend>;

export const editFile = tool({
  name: "edit_file",
  title: "Edit a file",
  description: "Replaces exact pieces of a text. [redacted:...] in old and new stays the secret that it stands for.",
  access: "write",
  toolset: "core",
  payload: ["edits"],
  input,
  output: v.object({ path: v.string(), version: v.string(), diff: v.string() }),
  async run(args: Input, { backend, signal }: Call) {
    using place = locate(backend, args.path, { isChange: true });
    const { bytes, after, diff } = edited(place, args, backend);
    await removeLeftovers(place.folder, signal);
    signal.throwIfAborted();
    replaceContents(place, after, bytes);
    return {
      data: { path: place.path, version: versionOf(after, backend), diff },
      text: diff === "" ? "Nothing changed" : diff,
    };
  },
  async preview(args: Input, { backend }: Call) {
    using place = locate(backend, args.path, { isChange: true });
    const { diff } = edited(place, args, backend);
    return { summary: `Changes ${shownPath(place.path)}`, detail: diff };
  },
});

function edited(
  place: Place,
  { edits, expect }: Input,
  backend: FilesystemBackend,
): { bytes: Buffer; after: Buffer; diff: string } {
  const { bytes, version, decoded, masked } = readText(place, backend);
  refuseOtherVersion(expect, version, place.path);
  const changed = applyEdits(masked, edits);
  const text = unmasked(changed);
  if (maskText(text, backend.redactor).text !== maskText(changed.text, backend.redactor).text) {
    throw new KmError("SVC_002", `${shownPath(place.path)}: after that, what [redacted:...] stands for would be seen`, {
      hint: "Leave the names in front of masked values as they are.",
    });
  }
  const after = encodeText({ ...decoded, text });
  if (after === undefined) {
    throw new KmError(
      "SVC_007",
      `${shownPath(place.path)} is ${decoded.encoding}, which does not have all characters of the new text`,
    );
  }
  const diff = unifiedDiff(place.path, masked.text, maskText(changed.text, backend.redactor).text);
  return { bytes, after, diff: diff.map((line) => line.text).join("\n") };
}
