/** The service `s3`: Amazon S3, and what speaks its API: Ceph, MinIO, R2 and others. */
import * as v from "valibot";
import { KmError, messageOf } from "../../errors.ts";
import { described, list, mapping, record, text } from "../../guard/policy/schema-parts.ts";
import { REACHED_BY_HTTP } from "../../servers/schema.ts";
import { resolveText } from "../../servers/references.ts";
import { remoteFrom } from "../backend/connections.ts";
import { openConnections } from "../backend/open-connections.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Probe, Service, Surroundings } from "../service.ts";
import { AllowedBuckets } from "./allowed-buckets.ts";
import { buckets } from "./buckets.ts";
import { type S3Backend, S3Connection, type S3Keys } from "./connection.ts";
import { deleteObjects } from "./delete-objects.ts";
import { objects } from "./objects.ts";
import { presign } from "./presign.ts";
import { copy, put, replace } from "./put-object.ts";
import { get, head } from "./read-object.ts";
import { setTags } from "./tags.ts";
import { abortUpload, uploads } from "./uploads.ts";

const BUCKETS = "a list of buckets, or parts of them such as logs/2026/";
const KEY = "a text, mostly a reference such as ${keychain:s3}";

const one = {
  endpoint: described(
    "Where the server is; default: Amazon's of the region",
    text("an address that begins with https:// or http://", 4096),
  ),
  region: described(
    "Default: us-east-1",
    v.pipe(v.string("a region"), v.regex(/^[\w-]{1,64}$/, "a region such as eu-central-1")),
  ),
  access_key: described("Whose key; without it nobody's", text(KEY, 4096)),
  secret_key: described("Its secret", text(KEY, 4096)),
  session_token: described("Of a key that is for a while", text(KEY, 16_384)),
  path_style: described(
    "The bucket stands in the path, not in the host; default: true with an endpoint",
    v.boolean("true or false"),
  ),
  buckets: described("Those that may be touched; all unless given", list(text(BUCKETS), BUCKETS)),
  tls: REACHED_BY_HTTP.tls,
  limits: REACHED_BY_HTTP.limits,
};
const WORDS = "a mapping with endpoint, access_key and secret_key, or with connections";
const config = mapping(
  {
    ...one,
    connections: described("Several, by name", record(mapping(one, WORDS), "a mapping of names to connections")),
  },
  WORDS,
);

type Written = Omit<v.InferOutput<typeof config>, "connections">;

const service: Service<v.InferOutput<typeof config>, S3Backend> = {
  name: "s3",
  title: "S3",
  description: "Look into S3 buckets and objects, and store some",
  config,
  flags: { endpoint: { key: "endpoint", valueHint: "url", description: "Where the S3 server is" } },
  tools: [buckets, objects, head, get, put, replace, copy, deleteObjects, presign, setTags, uploads, abortUpload],
  async open(written, around) {
    return {
      connections: await openConnections<Written, S3Connection>(written, (one, name) =>
        opened(`s3.${name}`, one, around),
      ),
    };
  },
  async probe({ connections }, signal) {
    return await probeEach(connections, async (connection) => await readiness(connection, signal));
  },
  async close({ connections }) {
    await Promise.all(Array.from(connections.values(), (connection) => connection.close()));
  },
};

export default service;

async function opened(place: string, written: Written, around: Surroundings): Promise<S3Connection> {
  const { region = "us-east-1", endpoint, path_style, buckets: allowed, tls, limits } = written;
  const amazon = `https://s3.${region}.amazonaws.com`;
  const remote = await remoteFrom(place, { url: endpoint, tls, limits }, amazon, around);
  const keys = await keysOf(place, written, around);
  return new S3Connection(
    { remote, region, keys, isPathStyle: path_style ?? endpoint !== undefined, allowed: new AllowedBuckets(allowed) },
    around.cache,
  );
}

async function keysOf(place: string, written: Written, { references }: Surroundings): Promise<S3Keys | undefined> {
  const { access_key, secret_key, session_token } = written;
  if (access_key === undefined && secret_key === undefined) return undefined;
  if (access_key === undefined || secret_key === undefined) {
    throw new KmError("CFG_002", `${place}: access_key and secret_key belong together`, {
      hint: "Give both, or none.",
    });
  }
  const read = async (key: string, value: string): Promise<string> =>
    await resolveText(value, `${place}.${key}`, references);
  return {
    accessKey: await read("access_key", access_key),
    secretKey: await read("secret_key", secret_key),
    sessionToken: session_token === undefined ? undefined : await read("session_token", session_token),
  };
}

/** By a list of buckets; a key that may not list them says by that as well that it is known. */
async function readiness(connection: S3Connection, signal: AbortSignal): Promise<Omit<Probe, "name">> {
  try {
    await connection.xml({ signal }, "ListAllMyBucketsResult");
    return { isReady: true, detail: `${connection.label} answers` };
  } catch (error) {
    if (!messageOf(error).includes("(AccessDenied)")) throw error;
    return { isReady: true, detail: `${connection.label} answers; it lists no buckets` };
  }
}
