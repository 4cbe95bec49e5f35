/** The tools `filesystem_read_file` and `filesystem_read_files`: what is in files. */
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { KmError, messageOf } from "../../../errors.ts";
import { described, word } from "../../../guard/policy/schema-parts.ts";
import { continueArgument } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { flagArgument, numberArgument, pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { ENCODINGS } from "../contents/text-encoding.ts";
import { locate } from "../places/locate.ts";
import { shownPath } from "../shown-path.ts";
import { readPart } from "./read-part.ts";
import { counted } from "../../../counted.ts";

type Call = ToolCall<FilesystemBackend>;

const MOST_LINES = 1_000_000_000;
/** What is kept free for all that stands around the content. */
const AROUND_BYTES = 4096;

export const readFile = tool({
  name: "read_file",
  title: "Read a file",
  description: "A text or a part of it, or a picture. Secrets are [redacted:...].",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    path: pathArgument,
    from: numberArgument("First line", MOST_LINES),
    lines: numberArgument("Lines at most", MOST_LINES),
    tail: numberArgument("Last lines instead", MOST_LINES),
    encoding: v.optional(word(...ENCODINGS)),
    base64: flagArgument("Of what is no text"),
    continue: continueArgument,
  }),
  output: v.object({
    path: v.string(),
    type: v.string(),
    version: v.optional(v.string()),
    content: v.optional(v.string()),
  }),
  async run({ path, continue: token, ...wanted }, { backend, signal, mostBytes }: Call) {
    if (wanted.tail !== undefined && wanted.from !== undefined) {
      throw new KmError("SVC_001", "Arguments from and tail exclude each other");
    }
    using place = locate(backend, path);
    const { data, next, note, image } = await readPart(
      place,
      { ...wanted, token },
      { backend, signal, mostBytes: mostBytes - AROUND_BYTES },
    );
    const text =
      data.content ??
      (data.base64 === undefined
        ? `${shownPath(data.path)}: ${data.type}, ${counted(data.size, "byte")}`
        : data.base64);
    return {
      data,
      text,
      ...(next !== undefined && { next }),
      ...(note !== undefined && { note }),
      ...(image !== undefined && { images: [image] }),
      // Its bytes are of more use to the client than to the model.
      ...(data.content === undefined && { links: [linkTo(data)] }),
    };
  },
});

function linkTo({ path, type }: { path: string; type: string }): { uri: string; name: string; mimeType: string } {
  return { uri: pathToFileURL(path).href, name: basename(path), mimeType: type };
}

const PATHS = "a list of up to 50 paths";

export const readFiles = tool({
  name: "read_files",
  title: "Read files",
  description: "The beginnings of several texts at once. What cannot be read of them is said.",
  access: "read",
  toolset: "files",
  input: v.strictObject({
    paths: v.pipe(v.array(pathArgument, PATHS), v.minLength(1, PATHS), v.maxLength(50, PATHS)),
    lines: described("Lines at most of each", v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  }),
  output: v.object({ files: v.array(v.unknown()) }),
  async run({ paths, lines }, { backend, signal, mostBytes }: Call) {
    const share = Math.floor((mostBytes - AROUND_BYTES) / paths.length) - 512;
    const files: ({ path: string; error: string } | { path: string; content?: string; note?: string | undefined })[] =
      [];
    for (const path of paths) {
      try {
        using place = locate(backend, path);
        const { data, note, next } = await readPart(place, { lines }, { backend, signal, mostBytes: share });
        const more =
          next === undefined
            ? note
            : `${note?.replace("; go on with continue.", "") ?? ""}; for more of it: filesystem_read_file.`;
        files.push({ ...data, ...(more !== undefined && { note: more }) });
      } catch (error) {
        if (!(error instanceof KmError)) throw error;
        files.push({ path, error: messageOf(error) });
      }
    }
    const text = files.map((file) => {
      const rest =
        "error" in file
          ? `(not read: ${file.error})`
          : [file.content, file.note && `(${file.note})`].filter(Boolean).join("\n");
      return `=== ${shownPath(file.path)}\n${rest}`;
    });
    return { data: { files }, text: text.join("\n") };
  },
});
