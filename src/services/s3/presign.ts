/** The tool `s3_presign`: a URL that lets whoever has it read an object, or store a new one, for a while. */
import * as v from "valibot";
import { parseDuration } from "../../config/units.ts";
import { word } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bucketArgument, keyArgument, versionArgument } from "./arguments.ts";
import { connectionOf, type S3Backend } from "./connection.ts";
import { objectOf } from "./object-facts.ts";

const FOR = "a duration of 1s to 12h, such as 15m";
const LONGEST_MS = 12 * 3_600_000;

export const presign = tool({
  name: "presign",
  title: "Make a URL for others",
  description: "A URL by which anybody can get an object, or put a new one, without a login, for a while.",
  access: "write", // it gives others a right that km cannot take back
  toolset: "objects",
  input: v.strictObject({
    bucket: bucketArgument,
    key: keyArgument,
    version: versionArgument,
    method: v.optional(word("GET", "PUT"), "GET"),
    for: v.optional(
      v.pipe(
        v.string(FOR),
        v.check((text) => {
          const ms = parseDuration(text) ?? 0;
          return ms >= 1000 && ms <= LONGEST_MS;
        }, FOR),
      ),
      "15m",
    ),
    connection: connectionArgument,
  }),
  output: v.object({ url: v.string(), until: v.string(), headers: v.looseObject({}) }),
  async run({ method, for: span, version, connection: name, ...at }, { backend, signal }: ToolCall<S3Backend>) {
    const connection = connectionOf(backend, name);
    connection.allowed.check(at.bucket, at.key);
    if (method === "GET") await objectOf(connection, { ...at, version }, signal);
    const seconds = Math.floor((parseDuration(span) ?? 0) / 1000);
    // A URL to put something is for what is new: it replaces nothing.
    const headers: Record<string, string> = method === "PUT" ? { "if-none-match": "*" } : {};
    const url = await connection.presigned({ method, ...at, query: { versionId: version }, headers }, seconds);
    const until = new Date(Date.now() + seconds * 1000).toISOString();
    const sent = Object.entries(headers).map(([header, value]) => `${header}: ${value}`);
    return {
      data: { url, until, headers },
      text: [`${method} ${url}`, ...sent, `until ${until}`].join("\n"),
      unmasked: [url],
      note: "Whoever has this URL can use it: give it to nobody else.",
    };
  },
});
