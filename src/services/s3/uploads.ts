/** The tools `s3_uploads` and `s3_abort_upload`: uploads in parts that were begun and not finished. Their parts take space. */
import * as v from "valibot";
import { formatBytes } from "../../config/units.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { bucketArgument, keyArgument } from "./arguments.ts";
import { connectionOf, type S3Backend, type S3Connection } from "./connection.ts";
import { shownKey } from "./shown-key.ts";
import { childrenOf, textAt } from "./xml.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<S3Backend>;

export const uploads = tool({
  name: "uploads",
  title: "List unfinished uploads",
  description: "Uploads in parts that were begun and not finished.",
  access: "read",
  toolset: "objects",
  input: v.strictObject({
    bucket: bucketArgument,
    prefix: described("Of their keys", text("a text", 1024)),
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), uploads: v.array(v.unknown()) }),
  async run({ bucket, prefix = "", limit, ...input }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, input.connection);
    connection.allowed.check(bucket, prefix);
    const query = { uploads: "", prefix: prefix || undefined, "max-uploads": 1000 };
    const answer = await connection.xml({ bucket, query, signal }, "ListMultipartUploadsResult");
    const all = childrenOf(answer, "Upload").map((one) => ({
      key: textAt(one, "Key") ?? "",
      upload: textAt(one, "UploadId") ?? "",
      begun: textAt(one, "Initiated") ?? "",
    }));
    const isMore = textAt(answer, "IsTruncated") === "true";
    return listed(
      {
        all,
        what: "uploads",
        limit,
        token: input.continue,
        question: [bucket, prefix, input.connection],
        mostBytes,
        note: isMore ? "There are more than 1000: choose by prefix." : undefined,
        line: ({ key, upload, begun }) => `${key}  ${upload}  begun ${begun}`,
      },
      (items, total) => ({ total, uploads: items }),
    );
  },
});

export const abortUpload = tool({
  name: "abort_upload",
  title: "Abort an upload",
  description: "Ends an unfinished upload; its parts are lost.",
  access: "destructive",
  isIdempotent: true,
  toolset: "objects",
  input: v.strictObject({
    bucket: bucketArgument,
    key: keyArgument,
    upload: v.pipe(text("the id of an upload", 1024), v.description("As s3_uploads gives it")),
    connection: connectionArgument,
  }),
  output: v.object({ aborted: v.boolean() }),
  async run({ bucket, key, upload, connection: name }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    connection.allowed.check(bucket, key);
    await connection.bytes({ method: "DELETE", bucket, key, query: { uploadId: upload }, signal });
    return { data: { aborted: true }, text: `Aborted the upload of ${key}` };
  },
  async preview({ bucket, key, upload, connection: name }, { backend, signal }: Call): Promise<Preview> {
    const connection = connectionOf(backend, name);
    connection.allowed.check(bucket, key);
    const { count, bytes } = await partsOf(connection, { bucket, key, upload }, signal);
    return {
      summary: `Aborts the upload of ${shownKey(key)} in ${bucket}: ${counted(count, "part")}, ${formatBytes(bytes)} are lost`,
      // Whoever uploads sends more parts while a person reads.
      bound: JSON.stringify([connection.label, bucket, key, upload]),
    };
  },
});

async function partsOf(
  connection: S3Connection,
  { bucket, key, upload }: { bucket: string; key: string; upload: string },
  signal: AbortSignal,
): Promise<{ count: number; bytes: number }> {
  const answer = await connection.xml({ bucket, key, query: { uploadId: upload }, signal }, "ListPartsResult");
  const parts = childrenOf(answer, "Part");
  return { count: parts.length, bytes: parts.reduce((sum, part) => sum + Number(textAt(part, "Size") ?? 0), 0) };
}
