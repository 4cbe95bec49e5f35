/** The tools that store objects: `s3_put` and `s3_copy`, which replace nothing, and `s3_replace`, which does. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, record } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { refuseMasks } from "../refuse-masks.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { bucketArgument, keyArgument, versionArgument } from "./arguments.ts";
import { connectionOf, type S3Backend, type S3Connection } from "./connection.ts";
import { factsText, findObject, objectOf } from "./object-facts.ts";
import { encoded } from "./object-path.ts";
import { shownKey } from "./shown-key.ts";
import { readXml, textAt } from "./xml.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<S3Backend>;

const MOST_BYTES = 1 << 20;
const BASE64 = "base64 of at most 1 MB";
const METADATA = "a mapping of names to texts of printable ASCII";

const content = {
  bucket: bucketArgument,
  key: keyArgument,
  text: v.optional(v.pipe(v.string("a text"), v.maxLength(MOST_BYTES, "a text of at most 1 MB"))),
  base64: described(
    "In place of text",
    v.pipe(v.string(BASE64), v.base64(BASE64), v.maxLength(Math.ceil(MOST_BYTES / 3) * 4, BASE64)),
  ),
  type: v.optional(
    v.pipe(
      v.string("a media type"),
      v.regex(/^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*$/, "a media type such as text/plain"),
    ),
  ),
  metadata: v.optional(
    v.pipe(
      record(v.pipe(v.string(METADATA), v.regex(/^[\x20-\x7e]{0,1000}$/, METADATA)), METADATA),
      v.check(
        (all) => Object.keys(all).length <= 50 && Object.keys(all).every((name) => /^[\w-]{1,100}$/.test(name)),
        METADATA,
      ),
    ),
  ),
  connection: connectionArgument,
};
const input = v.strictObject(content);
type Input = v.InferOutput<typeof input>;
const stored = v.object({ bytes: v.number(), etag: v.string(), version: v.string() });

export const put = tool({
  name: "put",
  title: "Store an object",
  description: "Stores a new object of at most 1 MB. Refused where the key is taken: s3_replace.",
  access: "write",
  toolset: "objects",
  payload: ["text", "base64"],
  input,
  output: stored,
  async run(args, { backend, signal }: Call) {
    const connection = allowed(backend, args);
    await refuseTaken(connection, args, signal);
    return await store(connection, args, { "if-none-match": "*" }, signal);
  },
  async preview(args, { backend, signal }: Call): Promise<Preview> {
    const connection = allowed(backend, args);
    await refuseTaken(connection, args, signal);
    return {
      summary: `Stores ${counted(bodyOf(args).length, "byte")} as ${shownKey(args.key)} in ${args.bucket} (${connection.label})`,
    };
  },
});

export const replace = tool({
  name: "replace",
  title: "Replace an object",
  description: "Stores an object of at most 1 MB in place of the one with its key.",
  access: "destructive",
  isIdempotent: true,
  toolset: "objects",
  payload: ["text", "base64"],
  input,
  output: stored,
  async run(args, { backend, signal }: Call) {
    return await store(allowed(backend, args), args, {}, signal);
  },
  async preview(args, { backend, signal }: Call): Promise<Preview> {
    const connection = allowed(backend, args);
    const found = await findObject(connection, args, signal);
    const there = found === undefined ? "There is none yet" : `There is: ${factsText(found)}`;
    const isKept = await hasVersions(connection, args.bucket, signal);
    const loss =
      found === undefined
        ? ""
        : `\n${isKept ? "It stays as an older version." : "The bucket keeps no versions: it is lost."}`;
    return {
      summary: `Stores ${counted(bodyOf(args).length, "byte")} as ${shownKey(args.key)} in ${args.bucket} (${connection.label})`,
      detail: `${there}${loss}`,
    };
  },
});

export const copy = tool({
  name: "copy",
  title: "Copy an object",
  description: "Copies an object of at most 5 GB to a key that is not taken.",
  access: "write",
  toolset: "objects",
  input: v.strictObject({
    bucket: bucketArgument,
    key: keyArgument,
    version: versionArgument,
    to_bucket: v.optional(bucketArgument),
    to_key: v.pipe(keyArgument, v.description("Its new key")),
    connection: connectionArgument,
  }),
  output: v.object({ bytes: v.number(), etag: v.string() }),
  async run({ to_bucket, to_key, connection: name, ...at }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    const to = { bucket: to_bucket ?? at.bucket, key: to_key };
    connection.allowed.check(at.bucket, at.key);
    connection.allowed.check(to.bucket, to.key);
    const { bytes } = await objectOf(connection, at, signal);
    await refuseTaken(connection, to, signal);
    const version = at.version === undefined ? "" : `?versionId=${encoded(at.version)}`;
    const source = `/${at.bucket}/${at.key.split("/").map(encoded).join("/")}${version}`;
    const { bytes: answer } = await connection.bytes({
      method: "PUT",
      ...to,
      headers: { "x-amz-copy-source": source },
      signal,
    });
    // It may begin with success and end with an error.
    const result = readXml(Buffer.from(answer).toString());
    if (result?.name !== "CopyObjectResult") {
      throw new KmError(
        "SVC_008",
        `${connection.label}: the copy failed: ${textAt(result, "Message") ?? "it does not say why"}`,
      );
    }
    const etag = (textAt(result, "ETag") ?? "").replaceAll('"', "");
    return { data: { bytes, etag }, text: `Copied ${counted(bytes, "byte")} to ${to.key} in ${to.bucket}` };
  },
});

function allowed(backend: S3Backend, { bucket, key, connection: name, ...rest }: Input): S3Connection {
  const connection = connectionOf(backend, name);
  connection.allowed.check(bucket, key);
  if ((rest.text === undefined) === (rest.base64 === undefined)) {
    throw new KmError("SVC_001", "One of text and base64 is needed, and not both");
  }
  refuseMasks([rest.text, ...Object.values(rest.metadata ?? {})]);
  return connection;
}

function bodyOf({ text: plain, base64 = "" }: Input): Buffer<ArrayBuffer> {
  return plain === undefined ? Buffer.from(base64, "base64") : Buffer.from(plain);
}

async function store(connection: S3Connection, args: Input, condition: Record<string, string>, signal: AbortSignal) {
  const {
    bucket,
    key,
    type = args.text === undefined ? "application/octet-stream" : "text/plain; charset=utf-8",
    metadata = {},
  } = args;
  const body = bodyOf(args);
  const own = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name.toLowerCase()}`, value] as const);
  const { headers } = await connection.bytes({
    method: "PUT",
    bucket,
    key,
    headers: { "content-type": type, ...condition, ...Object.fromEntries(own) },
    body,
    signal,
  });
  const etag = (headers.get("etag") ?? "").replaceAll('"', "");
  const version = headers.get("x-amz-version-id") ?? "";
  return {
    data: { bytes: body.length, etag, version },
    text: `Stored ${counted(body.length, "byte")} as ${key} in ${bucket}`,
  };
}

/** Before it is tried: not every server knows the condition that goes with it. */
async function refuseTaken(
  connection: S3Connection,
  { bucket, key }: { bucket: string; key: string },
  signal: AbortSignal,
): Promise<void> {
  const found = await findObject(connection, { bucket, key }, signal);
  if (found === undefined) return;
  throw new KmError("SVC_007", `${connection.label}: there is ${key} in ${bucket} already: ${factsText(found)}`, {
    hint: "Take another key, or s3_replace where whoever runs this server allows it.",
  });
}

export async function hasVersions(connection: S3Connection, bucket: string, signal: AbortSignal): Promise<boolean> {
  const found = await connection.xml({ bucket, query: { versioning: "" }, signal }, "VersioningConfiguration");
  return textAt(found, "Status") === "Enabled";
}
