/** `tagsOf`, and the tool `s3_set_tags`. */
import * as v from "valibot";
import { record, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { refuseMasks } from "../refuse-masks.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bucketArgument, keyArgument, versionArgument } from "./arguments.ts";
import { connectionOf, type S3Backend, type S3Connection } from "./connection.ts";
import { type ObjectPlace, withoutSecrets } from "./object-facts.ts";
import { childrenOf, textAt, xmlText } from "./xml.ts";

const TAGS = "a mapping of at most 10 names to texts of at most 256 characters";

/** @throws KmError SVC_003 to SVC_008 */
export async function tagsOf(
  connection: S3Connection,
  { bucket, key, version }: ObjectPlace,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const query = { tagging: "", versionId: version };
  const answer = await connection.xml({ bucket, key, query, signal }, "Tagging");
  const set = answer.children.find(({ name }) => name === "TagSet");
  return Object.fromEntries(
    childrenOf(set, "Tag").map((tag) => [textAt(tag, "Key") ?? "", textAt(tag, "Value") ?? ""]),
  );
}

export const setTags = tool({
  name: "set_tags",
  title: "Set tags",
  description: "Gives an object these tags in place of those it has, which are told.",
  access: "write",
  isIdempotent: true,
  toolset: "objects",
  input: v.strictObject({
    bucket: bucketArgument,
    key: keyArgument,
    version: versionArgument,
    tags: v.pipe(
      record(v.pipe(v.string(TAGS), v.maxLength(256, TAGS)), TAGS),
      v.check(
        (tags) => Object.keys(tags).length <= 10 && Object.keys(tags).every((name) => v.is(text(TAGS, 128), name)),
        TAGS,
      ),
    ),
    connection: connectionArgument,
  }),
  output: v.object({ before: v.looseObject({}) }),
  async run({ tags, connection: name, ...at }, { backend, signal }: ToolCall<S3Backend>) {
    const connection = connectionOf(backend, name);
    connection.allowed.check(at.bucket, at.key);
    refuseMasks(Object.values(tags));
    const before = await tagsOf(connection, at, signal);
    const set = Object.entries(tags).map(
      ([tag, value]) => `<Tag><Key>${xmlText(tag)}</Key><Value>${xmlText(value)}</Value></Tag>`,
    );
    const body = Buffer.from(
      `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${set.join("")}</TagSet></Tagging>`,
    );
    await connection.bytes({
      method: "PUT",
      bucket: at.bucket,
      key: at.key,
      query: { tagging: "", versionId: at.version },
      headers: {
        "content-md5": new Bun.CryptoHasher("md5").update(body).digest("base64"),
        "content-type": "application/xml",
      },
      body,
      signal,
    });
    const shown = withoutSecrets(before);
    return { data: { before: shown }, text: `Set. Before: ${JSON.stringify(shown)}` };
  },
});
