/** The tool `s3_delete`: deletes objects, or versions of them. */
import * as v from "valibot";
import { connectionArgument } from "../backend/connections.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { KmError, messageOf } from "../../errors.ts";
import { bucketArgument, keyArgument, versionArgument } from "./arguments.ts";
import { connectionOf, type S3Backend, type S3Connection } from "./connection.ts";
import { factsText, findObject } from "./object-facts.ts";
import { hasVersions } from "./put-object.ts";
import { shownKey } from "./shown-key.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<S3Backend>;

const KEYS = "a list of 1 to 100 keys";
const AT_A_TIME = 8;
/** A person who is asked sees all of them. */
const MOST_KEY_BYTES = 4000;

export const deleteObjects = tool({
  name: "delete",
  title: "Delete objects",
  description: "Deletes objects by their exact keys, or one version of one for good.",
  access: "destructive",
  isIdempotent: true,
  toolset: "objects",
  input: v.strictObject({
    bucket: bucketArgument,
    keys: v.pipe(v.array(keyArgument, KEYS), v.minLength(1, KEYS), v.maxLength(100, KEYS)),
    version: versionArgument,
    connection: connectionArgument,
  }),
  output: v.object({ deleted: v.array(v.string()), failed: v.array(v.unknown()) }),
  async run(args, { backend, signal, progress }: Call) {
    const { bucket, keys, version } = args;
    const connection = allowed(backend, args);
    const deleted: string[] = [];
    const failed: { key: string; why: string }[] = [];
    await each(keys, async (key) => {
      try {
        await connection.bytes({ method: "DELETE", bucket, key, query: { versionId: version }, signal });
        deleted.push(key);
      } catch (error) {
        if (keys.length === 1) throw error;
        failed.push({ key, why: messageOf(error) });
      }
      progress(deleted.length + failed.length, keys.length);
    });
    const text = [`Deleted ${deleted.length} of ${keys.length}`, ...failed.map(({ key, why }) => `${key}: ${why}`)];
    return { data: { deleted, failed }, text: text.join("\n") };
  },
  async preview(args, { backend, signal }: Call): Promise<Preview> {
    const { bucket, keys, version } = args;
    const connection = allowed(backend, args);
    const isKept = version === undefined && (await hasVersions(connection, bucket, signal));
    const lines = new Map<string, string>();
    await each(keys, async (key) => {
      const found = await findObject(connection, { bucket, key, version }, signal);
      lines.set(key, `${shownKey(key)}: ${found === undefined ? "there is none" : factsText(found)}`);
    });
    const what = version === undefined ? counted(keys.length, "object") : `version ${version}`;
    return {
      summary: `Deletes ${what} in ${bucket} (${connection.label}); ${isKept ? "older versions stay" : "for good"}`,
      detail: keys.map((key) => lines.get(key) ?? key).join("\n"),
    };
  },
});

function allowed(
  backend: S3Backend,
  {
    bucket,
    keys,
    version,
    connection: name,
  }: { bucket: string; keys: string[]; version?: string | undefined; connection?: string | undefined },
): S3Connection {
  const connection = connectionOf(backend, name);
  for (const key of keys) connection.allowed.check(bucket, key);
  if (keys.length > 1 && Buffer.byteLength(keys.join("")) > MOST_KEY_BYTES) {
    throw new KmError("SVC_001", "These are too many keys to be shown to a person", {
      hint: "Delete fewer at a time.",
    });
  }
  if (version !== undefined && keys.length > 1) {
    throw new KmError("SVC_001", "Argument version is of one object: give one key");
  }
  return connection;
}

/** A few at a time. */
async function each(keys: readonly string[], work: (key: string) => Promise<void>): Promise<void> {
  const left = keys.values();
  const worker = async (): Promise<void> => {
    for (const key of left) await work(key);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
