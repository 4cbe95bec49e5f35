/** The tool `filesystem_write_file`: a text as a whole new file, or in the place of an old one. */
import * as v from "valibot";
import { unifiedDiff } from "../../../clients/diff.ts";
import { KmError } from "../../../errors.ts";
import { word } from "../../../guard/policy/schema-parts.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { expectArgument, pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { MOST_TEXT_BYTES } from "../contents/file-text.ts";
import { wholeFile } from "../contents/file-bytes.ts";
import { maskText, WRITTEN_MASK } from "../contents/masked-text.ts";
import { decodeText, encodeText } from "../contents/text-encoding.ts";
import { versionOf } from "../contents/version.ts";
import { locate, type Place } from "../places/locate.ts";
import { kindOf, openFile } from "../places/open-file.ts";
import { removeLeftovers } from "./remove-leftovers.ts";
import { refuseOtherVersion, replaceContents } from "./replace-contents.ts";
import { onSystem } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";
import { counted } from "../../../counted.ts";

const CONTENT = "a text of at most 4 MB";

const input = v.strictObject({
  path: pathArgument,
  content: v.pipe(v.string(CONTENT), v.maxLength(4 << 20, CONTENT)),
  mode: v.optional(
    v.pipe(word("replace", "create", "append"), v.description("create: only where nothing is")),
    "replace",
  ),
  expect: expectArgument,
});
type Input = v.InferOutput<typeof input>;
type Call = ToolCall<FilesystemBackend>;

export const writeFile = tool({
  name: "write_file",
  title: "Write a file",
  description: "Writes a whole text.",
  access: "write",
  isIdempotent: false,
  toolset: "core",
  payload: ["content"],
  input,
  output: v.object({ path: v.string(), bytes: v.number(), version: v.string(), created: v.boolean() }),
  async run(args: Input, { backend, signal }: Call) {
    using place = locate(backend, args.path, { isChange: true });
    const { after, before, note } = planned(place, args, backend);
    await removeLeftovers(place.folder, signal);
    signal.throwIfAborted();
    replaceContents(place, after, before);
    const created = before === undefined;
    return {
      data: { path: place.path, bytes: after.length, version: versionOf(after, backend), created },
      text: `${created ? "Created" : "Wrote"} ${shownPath(place.path)}: ${counted(after.length, "byte")}, version ${versionOf(after, backend)}`,
      ...(note !== undefined && { note }),
    };
  },
  async preview(args: Input, { backend }: Call) {
    using place = locate(backend, args.path, { isChange: true });
    const { after, before } = planned(place, args, backend);
    const shown = (bytes: Buffer | undefined): string => {
      const text = bytes === undefined ? "" : decodeText(bytes)?.text;
      return text === undefined
        ? `(${bytes?.length ?? 0} bytes that are no text)\n`
        : maskText(text, backend.redactor).text;
    };
    const diff = unifiedDiff(place.path, shown(before), shown(after)).map((line) => line.text);
    return {
      summary: `${before === undefined ? "Creates" : "Replaces"} ${shownPath(place.path)}`,
      detail: diff.join("\n"),
    };
  },
});

function planned(
  place: Place,
  { content, mode, expect }: Input,
  backend: FilesystemBackend,
): { after: Buffer; before: Buffer | undefined; note?: string } {
  const before = bytesBefore(place);
  refuseOtherVersion(expect, before && versionOf(before, backend), place.path);
  if (before === undefined) {
    const isMasked = masksIn(content) > 0;
    return {
      after: Buffer.from(content.toWellFormed()),
      before,
      ...(isMasked && { note: "It has [redacted:...] in it as it stands: the secrets themselves are not there." }),
    };
  }
  if (mode === "create") throw new KmError("SVC_007", `${shownPath(place.path)} is there already`);
  const decoded = decodeText(before);
  if (masksIn(content) > (mode === "append" || decoded === undefined ? 0 : masksIn(decoded.text))) {
    throw new KmError(
      "SVC_007",
      `The new text for ${shownPath(place.path)} has [redacted:...] where the file has a secret`,
      {
        hint: "The secret would be lost. Change the rest with filesystem_edit_file, which leaves it as it is.",
      },
    );
  }
  if (mode === "replace") return { after: likeBefore(content, decoded), before };
  if (decoded === undefined)
    throw new KmError("SVC_007", `${shownPath(place.path)} is no text: nothing can be appended to it`);
  const added = encodeText({ ...decoded, hasMark: false, text: content });
  if (added !== undefined) return { after: Buffer.concat([before, added]), before };
  throw new KmError(
    "SVC_007",
    `${shownPath(place.path)} is ${decoded.encoding}, which does not have all characters of the new text`,
  );
}

/** Its encoding stays where that has all characters; then line ends do too. */
function likeBefore(content: string, decoded: ReturnType<typeof decodeText>): Buffer {
  const plain = content.toWellFormed();
  if (decoded === undefined) return Buffer.from(plain);
  return encodeText({ ...decoded, text: plain.replace(/^\ufeff/, "") }) ?? Buffer.from(plain);
}

function bytesBefore(place: Place): Buffer | undefined {
  if (place.stats === undefined) return undefined;
  if (!place.stats.isFile()) {
    throw new KmError("SVC_007", `${shownPath(place.path)} is no file but a ${kindOf(place.stats)}`);
  }
  using file = openFile(place);
  const bytes = onSystem(place.path, () => wholeFile(file, MOST_TEXT_BYTES));
  if (bytes !== undefined) return bytes;
  throw new KmError(
    "SVC_007",
    `${shownPath(place.path)} is larger than ${MOST_TEXT_BYTES >> 20} MB: it is not replaced as a whole`,
  );
}

function masksIn(text: string): number {
  return text.match(WRITTEN_MASK)?.length ?? 0;
}
