/** The tool `s3_objects`: the objects of a bucket, as folders or all, and their versions. */
import * as v from "valibot";
import { formatBytes } from "../../config/units.ts";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { continueArgument, limitArgument } from "../page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bucketArgument } from "./arguments.ts";
import { connectionOf, type S3Backend } from "./connection.ts";
import { shownKey } from "./shown-key.ts";
import { childrenOf, type Element, textAt } from "./xml.ts";
import { counted } from "../../counted.ts";

const TOKEN = v.union([
  v.strictObject({ token: v.string() }),
  v.strictObject({ key: v.string(), version: v.string() }),
]);
type Token = v.InferOutput<typeof TOKEN>;

interface ListedObject {
  key: string;
  bytes?: number;
  modified?: string;
  version?: string;
  latest?: boolean;
  /** Of a version: the object was deleted then. */
  deleted?: true;
  class?: string;
}

/** Kept free for what stands around them; each is there twice. */
const AROUND_BYTES = 3000;

export const objects = tool({
  name: "objects",
  title: "List objects",
  description: "Objects and folders of a bucket below a prefix, or all versions.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    bucket: bucketArgument,
    prefix: described("Such as logs/2026/", text("a text", 1024)),
    recursive: v.optional(v.pipe(v.boolean("true or false"), v.description("Not folder by folder")), false),
    versions: v.optional(v.boolean("true or false"), false),
    limit: limitArgument(100),
    continue: continueArgument,
    connection: connectionArgument,
  }),
  output: v.object({ objects: v.array(v.unknown()), folders: v.array(v.string()) }),
  async run(
    { bucket, prefix = "", recursive, versions, limit, ...input },
    { backend, signal, mostBytes }: ToolCall<S3Backend>,
  ) {
    const connection = connectionOf(backend, input.connection);
    connection.allowed.check(bucket, prefix);
    const token = input.continue === undefined ? undefined : tokenIn(input.continue, versions);
    const query = {
      ...(versions ? { versions: "" } : { "list-type": 2 }),
      prefix: prefix || undefined,
      delimiter: recursive ? undefined : "/",
      "max-keys": limit,
      "encoding-type": "url",
      "continuation-token": token !== undefined && "token" in token ? token.token : undefined,
      "key-marker": token !== undefined && "key" in token ? token.key : undefined,
      "version-id-marker": (token !== undefined && "key" in token && token.version) || undefined,
    };
    const answer = await connection.xml(
      { bucket, query, signal },
      versions ? "ListVersionsResult" : "ListBucketResult",
    );
    const decode = decoder(answer);
    const found = answer.children
      .filter(({ name }) => ["Contents", "Version", "DeleteMarker"].includes(name))
      .map((element) => listedObject(element, decode));
    const folders = childrenOf(answer, "CommonPrefixes").map((one) => decode(textAt(one, "Prefix") ?? ""));
    const next = nextToken(answer, decode);
    const bytes = Buffer.byteLength(JSON.stringify([found, folders]));
    if (bytes > mostBytes - AROUND_BYTES) {
      throw new KmError("SVC_008", `${found.length + folders.length} objects would be ${bytes >> 10} KB`, {
        hint: "Ask for fewer: limit.",
      });
    }
    return {
      data: { objects: found, folders },
      text: [
        `${counted(found.length, "object")}, ${counted(folders.length, "folder")}`,
        ...folders.map(shownKey),
        ...found.map(line),
      ].join("\n"),
      ...(next !== undefined && { next, note: "There are more: continue." }),
    };
  },
});

/** Keys may have characters that XML cannot; servers that know it write them as in a URL. */
function decoder(answer: Element): (text: string) => string {
  if (textAt(answer, "EncodingType") !== "url") return (text) => text;
  return (text) => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text; // no UTF-8
    }
  };
}

function listedObject(element: Element, decode: (text: string) => string): ListedObject {
  const size = textAt(element, "Size");
  const version = textAt(element, "VersionId");
  const storage = textAt(element, "StorageClass");
  return {
    key: decode(textAt(element, "Key") ?? ""),
    ...(size !== undefined && { bytes: Number(size) }),
    modified: textAt(element, "LastModified") ?? "",
    ...(version !== undefined && { version, latest: textAt(element, "IsLatest") === "true" }),
    ...(element.name === "DeleteMarker" && { deleted: true as const }),
    ...(storage !== undefined && storage !== "STANDARD" && { class: storage }),
  };
}

function line({ key, bytes, modified, version, latest, deleted, class: storage }: ListedObject): string {
  const parts = [
    shownKey(key),
    bytes === undefined ? "" : formatBytes(bytes),
    modified ?? "",
    version === undefined ? "" : `version ${version}${latest === true ? " (latest)" : ""}`,
    deleted === true ? "deleted" : "",
    storage ?? "",
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function nextToken(answer: Element, decode: (text: string) => string): string | undefined {
  if (textAt(answer, "IsTruncated") !== "true") return undefined;
  const token = textAt(answer, "NextContinuationToken");
  const key = textAt(answer, "NextKeyMarker");
  const next: Token | undefined =
    token !== undefined
      ? { token }
      : key !== undefined
        ? { key: decode(key), version: textAt(answer, "NextVersionIdMarker") ?? "" }
        : undefined;
  return next === undefined ? undefined : Buffer.from(JSON.stringify(next)).toString("base64url");
}

function tokenIn(text: string, isOfVersions: boolean): Token {
  try {
    const token = v.parse(TOKEN, JSON.parse(Buffer.from(text, "base64url").toString()));
    if ("key" in token === isOfVersions) return token;
  } catch {
    // as what is of another list
  }
  throw new KmError("SVC_001", "Argument continue is no token of this list", {
    hint: "Give next of the last answer as it is, with the same other arguments; or leave it out to begin anew.",
  });
}
