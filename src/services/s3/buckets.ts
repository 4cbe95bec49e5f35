/** The tool `s3_buckets`: which buckets there are, or what one is like. */
import * as v from "valibot";
import { messageOf } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bucketArgument } from "./arguments.ts";
import { connectionOf, type S3Backend, type S3Connection } from "./connection.ts";
import { childrenOf, type Element, textAt } from "./xml.ts";

export const buckets = tool({
  name: "buckets",
  title: "List buckets",
  description: "Buckets; of one its region, versioning, lifecycle and whether it is public.",
  access: "read",
  toolset: "core",
  input: v.strictObject({ bucket: v.optional(bucketArgument), ...listArguments(100) }),
  output: v.object({ total: v.number(), buckets: v.array(v.unknown()) }),
  async run({ bucket, limit, ...input }, { backend, signal, mostBytes }: ToolCall<S3Backend>) {
    const connection = connectionOf(backend, input.connection);
    if (bucket !== undefined) {
      const about = await aboutBucket(connection, bucket, signal);
      return { data: { total: 1, buckets: [about] }, text: aboutText(about) };
    }
    const answer = await connection.xml({ signal }, "ListAllMyBucketsResult");
    const found = childrenOf(
      answer.children.find(({ name }) => name === "Buckets"),
      "Bucket",
    ).map((one) => ({
      name: textAt(one, "Name") ?? "",
      created: textAt(one, "CreationDate") ?? "",
    }));
    const all = found.filter(({ name }) => connection.allowed.hasBucket(name));
    return listed(
      {
        all,
        what: "buckets",
        limit,
        token: input.continue,
        question: [input.connection],
        mostBytes,
        line: ({ name, created }) => `${name}  created ${created}`,
      },
      (items, total) => ({ total, buckets: items }),
    );
  },
});

const PUBLIC_GROUPS = /\/groups\/global\/(?:AllUsers|AuthenticatedUsers)$/;

interface BucketFacts {
  name: string;
  region: string;
  versioning: string;
  public: string;
  policy: string;
  lifecycle: string[] | string;
}

/** What a server does not have, or does not tell, is said so in its place. */
async function aboutBucket(connection: S3Connection, bucket: string, signal: AbortSignal): Promise<BucketFacts> {
  connection.allowed.check(bucket, "");
  // The first alone: it says what is wrong with the bucket as a whole.
  const location = await connection.xml({ bucket, query: { location: "" }, signal }, "LocationConstraint");
  const one = async <T>(name: string, root: string, read: (element: Element) => T): Promise<T | string> => {
    try {
      return read(await connection.xml({ bucket, query: { [name]: "" }, signal }, root));
    } catch (error) {
      return missing(messageOf(error));
    }
  };
  const [versioning, grants, status, policy, lifecycle] = await Promise.all([
    one("versioning", "VersioningConfiguration", (found) => textAt(found, "Status")?.toLowerCase() ?? "off"),
    one("acl", "AccessControlPolicy", publicGrants),
    one("policyStatus", "PolicyStatus", (found) => textAt(found, "IsPublic") === "true"),
    policyOf(connection, bucket, signal),
    one("lifecycle", "LifecycleConfiguration", lifecycleRules),
  ]);
  const isPublic = (Array.isArray(grants) && grants.length > 0) || status === true;
  const isKnown = Array.isArray(grants) || typeof status === "boolean";
  const how = Array.isArray(grants) && grants.length > 0 ? ` (everybody: ${grants.join(", ")})` : "";
  return {
    name: bucket,
    region: location.text.trim() || "us-east-1 or the server's own",
    versioning,
    public: isPublic ? `yes${how}` : isKnown ? "no" : `not known: ${grants}`,
    policy,
    lifecycle,
  };
}

/** A policy is JSON, and may be long: what it allows to whom. */
async function policyOf(connection: S3Connection, bucket: string, signal: AbortSignal): Promise<string> {
  try {
    const { bytes } = await connection.bytes({ bucket, query: { policy: "" }, signal });
    const policy: unknown = JSON.parse(Buffer.from(bytes).toString());
    const statements = isMapping(policy) ? [policy["Statement"]].flat() : [];
    return statements
      .map((statement) => JSON.stringify(statement))
      .join("\n")
      .slice(0, 4000);
  } catch (error) {
    return missing(messageOf(error));
  }
}

function missing(message: string): string {
  return /\(NoSuch\w*\)|\(\w*NotFound\w*\)|HTTP 404/.test(message) ? "none" : `not known: ${message}`;
}

function publicGrants(found: Element): string[] {
  const list = found.children.find(({ name }) => name === "AccessControlList");
  return childrenOf(list, "Grant").flatMap((grant) =>
    PUBLIC_GROUPS.test(textAt(grant, "Grantee", "URI") ?? "") ? [textAt(grant, "Permission") ?? ""] : [],
  );
}

function lifecycleRules(found: Element): string[] {
  return childrenOf(found, "Rule").map((rule) => {
    const prefix = textAt(rule, "Filter", "Prefix") ?? textAt(rule, "Prefix") ?? "";
    const days = textAt(rule, "Expiration", "Days");
    const older = textAt(rule, "NoncurrentVersionExpiration", "NoncurrentDays");
    const uploads = textAt(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation");
    const does = [
      days && `expire after ${days} days`,
      older && `older versions after ${older} days`,
      uploads && `uploads aborted after ${uploads} days`,
      ...childrenOf(rule, "Transition").map(
        (one) => `to ${textAt(one, "StorageClass")} after ${textAt(one, "Days")} days`,
      ),
    ].filter(Boolean);
    return `${textAt(rule, "ID") ?? "rule"} (${textAt(rule, "Status")?.toLowerCase()}) ${prefix || "all"}: ${does.join(", ")}`;
  });
}

function aboutText({ lifecycle, ...facts }: BucketFacts): string {
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return [...lines, `lifecycle: ${[lifecycle].flat().join("; ")}`].join("\n");
}
