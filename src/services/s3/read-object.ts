/** The tools that read one object: `s3_head`, `s3_get` and `s3_tags`. */
import * as v from "valibot";
import { connectionArgument } from "../backend/connections.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bucketArgument, keyArgument, versionArgument } from "./arguments.ts";
import { connectionOf, type S3Backend } from "./connection.ts";
import { factsText, objectFacts, objectOf, withoutSecrets } from "./object-facts.ts";
import { tagsOf } from "./tags.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<S3Backend>;

const place = { bucket: bucketArgument, key: keyArgument, version: versionArgument, connection: connectionArgument };
export const head = tool({
  name: "head",
  title: "Facts of an object",
  description: "Size, type, time, version, metadata and tags of an object.",
  access: "read",
  toolset: "core",
  input: v.strictObject(place),
  output: v.object({ bytes: v.number(), type: v.string(), metadata: v.looseObject({}) }),
  async run({ connection: name, ...at }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    connection.allowed.check(at.bucket, at.key);
    const facts = await objectOf(connection, at, signal);
    // Not every server has tags, and not every key may see them.
    const tags = await tagsOf(connection, at, signal).catch(() => undefined);
    const named = tags === undefined ? {} : { tags: withoutSecrets(tags) };
    const tagText = Object.entries(named.tags ?? {}).map(([tag, value]) => `${tag}=${value}`);
    return {
      data: { ...facts, ...named },
      text: [factsText(facts), ...(tagText.length === 0 ? [] : [`tags: ${tagText.join(", ")}`])].join("\n"),
    };
  },
});

const OFFSET = "a whole number from 0";
const LENGTH = "a whole number from 1 to 1000000";
const offset = v.pipe(v.number(OFFSET), v.safeInteger(OFFSET), v.minValue(0, OFFSET));
const length = v.pipe(v.number(LENGTH), v.safeInteger(LENGTH), v.minValue(1, LENGTH), v.maxValue(1_000_000, LENGTH));

/** JSON may write a byte of a text as six. */
const TEXT_PART = 2.5;
const MOST_IMAGE = 1 << 20;
const IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;

export const get = tool({
  name: "get",
  title: "Read an object",
  description: "A part of an object: text, a picture, or base64 of other bytes.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    ...place,
    start: v.optional(v.pipe(offset, v.description("Byte to begin at")), 0),
    length: v.optional(v.pipe(length, v.description("Bytes"))),
  }),
  output: v.object({
    bytes: v.number(),
    text: v.exactOptional(v.string()),
    base64: v.exactOptional(v.string()),
  }),
  async run({ connection: name, start, length: wanted, ...at }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, name);
    connection.allowed.check(at.bucket, at.key);
    const facts = await objectOf(connection, at, signal);
    const { bytes, type } = facts;
    const isPicture = IMAGE.test(type) && start === 0 && wanted === undefined && bytes <= MOST_IMAGE;
    const most = isPicture ? MOST_IMAGE : Math.floor(mostBytes / TEXT_PART);
    const count = Math.min(wanted ?? most, most, Math.max(0, bytes - start));
    if (count === 0)
      return { data: { bytes, text: "" }, text: `The object has ${bytes} bytes; there is nothing at ${start}.` };
    const answer = await connection.bytes({
      bucket: at.bucket,
      key: at.key,
      // Otherwise a part of what is compressed would be unpacked on the way.
      query: {
        versionId: at.version,
        ...(facts.encoding !== undefined && { "response-content-encoding": "identity" }),
      },
      headers: {
        range: `bytes=${start}-${start + count - 1}`,
        ...(at.version === undefined && facts.etag !== "" && { "if-match": `"${facts.etag}"` }),
      },
      signal,
      mostBytes: MOST_IMAGE,
    });
    const found = answer.bytes.subarray(0, count);
    const total = objectFacts(answer.headers).bytes;
    if (isPicture) {
      const base64 = Buffer.from(found).toString("base64");
      return {
        data: { bytes: total },
        text: `${type}, ${counted(total, "byte")}`,
        images: [{ mimeType: type, base64 }],
      };
    }
    const text = textOf(found);
    const end = start + (text === undefined ? found.length : Buffer.byteLength(text));
    const note =
      end < bytes ? { note: `These are the bytes ${start} to ${end - 1} of ${bytes}; go on with start: ${end}.` } : {};
    if (text !== undefined) return { data: { bytes, text }, text, ...note };
    const base64 = Buffer.from(found).toString("base64");
    return {
      data: { bytes, base64 },
      text: `${type || "binary"}, ${counted(bytes, "byte")}, base64:\n${base64}`,
      ...note,
    };
  },
});

const CONTINUES = 0xc0;

/**
 * Undefined for what is none. A character that was cut off at the end is left for the next part, one at the beginning goes.
 * What is a text never comes as base64, in which no secret would be seen.
 */
function textOf(bytes: Uint8Array): string | undefined {
  for (let cut = 0; cut <= 3 && cut < bytes.length; cut++) {
    if (cut > 0 && ((bytes.at(-cut) ?? 0) & 0x80) === 0) return undefined;
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        bytes.subarray(0, bytes.length - cut),
      );
      return text.includes("\u0000") ? undefined : text;
    } catch {
      if (cut > 0 && ((bytes.at(-cut) ?? 0) & CONTINUES) === CONTINUES) return undefined;
    }
  }
  return undefined;
}
