/** `objectFacts`: what S3 says of an object in the head of an answer. */
import { KmError } from "../../errors.ts";
import { sensitiveName } from "../../guard/redaction/names.ts";
import type { S3Connection } from "./connection.ts";

export interface ObjectFacts {
  bytes: number;
  type: string;
  modified: string;
  etag: string;
  version?: string;
  class?: string;
  encryption?: string;
  encoding?: string;
  tags?: number;
  metadata: Record<string, string>;
}

export interface ObjectPlace {
  bucket: string;
  key: string;
  version?: string | undefined;
}

/**
 * @returns undefined where there is none
 * @throws KmError SVC_003 to SVC_008
 */
export async function findObject(
  connection: S3Connection,
  { bucket, key, version }: ObjectPlace,
  signal: AbortSignal,
): Promise<ObjectFacts | undefined> {
  const query = { versionId: version };
  const expect = [301, 307, 400, 403, 404, 405];
  const { status, headers } = await connection.bytes({ method: "HEAD", bucket, key, query, signal, expect });
  if (status < 300) {
    checkObject(connection, headers);
    const facts = objectFacts(headers);
    // Between here and S3 there may be one that packs what it passes on, and so cannot say how long it is.
    return headers.has("content-length")
      ? facts
      : { ...facts, bytes: await sizeOf(connection, { bucket, key, version }, signal) };
  }
  // The answer to HEAD has no words; that to GET says why.
  try {
    await connection.bytes({ bucket, key, query, headers: { range: "bytes=0-0" }, signal });
  } catch (error) {
    if (error instanceof KmError && /\((?:NoSuchKey|NoSuchVersion|MethodNotAllowed)\)/.test(error.message))
      return undefined;
    throw error;
  }
  return undefined;
}

/** @throws KmError SVC_008 for what has none of the headers that S3 sends with every object */
function checkObject(connection: S3Connection, headers: Headers): void {
  if (headers.has("etag") || headers.has("last-modified")) return;
  const type = headers.get("content-type") ?? "no type";
  throw new KmError("SVC_008", `${connection.label} answered with something else than an object: ${type}`, {
    hint: "It has neither ETag nor Last-Modified: see whether the endpoint leads to an S3 server.",
  });
}

async function sizeOf(connection: S3Connection, { bucket, key, version }: ObjectPlace, signal: AbortSignal) {
  const query = { versionId: version };
  const headers = { range: "bytes=0-0", "accept-encoding": "identity" };
  const EMPTY = 416;
  const answer = await connection.bytes({ bucket, key, query, headers, signal, expect: [EMPTY] });
  if (answer.status === EMPTY) return 0;
  return answer.headers.has("content-range") ? objectFacts(answer.headers).bytes : answer.bytes.length;
}

/** @throws KmError as `findObject`, SVC_006 where there is none */
export async function objectOf(
  connection: S3Connection,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<ObjectFacts> {
  const found = await findObject(connection, place, signal);
  if (found !== undefined) return found;
  const version = place.version === undefined ? "" : ` (version ${place.version})`;
  throw new KmError("SVC_006", `${connection.label}: there is no object ${place.key}${version} in ${place.bucket}`, {
    hint: "Look for it with s3_objects: keys are exact, with capital letters and slashes.",
  });
}

export function objectFacts(headers: Headers): ObjectFacts {
  const some = (name: string): string | undefined => headers.get(name) ?? undefined;
  const total = /\/(\d+)$/.exec(some("content-range") ?? "")?.[1];
  const metadata = [...headers].filter(([name]) => name.startsWith("x-amz-meta-"));
  const [version, storage, encryption] = ["version-id", "storage-class", "server-side-encryption"].map((name) =>
    some(`x-amz-${name}`),
  );
  const encoding = some("content-encoding");
  const tags = some("x-amz-tagging-count");
  return {
    bytes: Number(total ?? some("content-length") ?? 0),
    type: some("content-type") ?? "",
    modified: modifiedAt(some("last-modified")),
    etag: (some("etag") ?? "").replaceAll('"', ""),
    ...(version !== undefined && { version }),
    ...(storage !== undefined && { class: storage }),
    ...(encryption !== undefined && { encryption }),
    ...(encoding !== undefined && { encoding }),
    ...(tags !== undefined && { tags: Number(tags) }),
    metadata: withoutSecrets(
      Object.fromEntries(metadata.map(([name, value]) => [name.slice("x-amz-meta-".length), value])),
    ),
  };
}

const secretOf = sensitiveName({});

/** Masks values under names of secrets. */
export function withoutSecrets(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const secret = secretOf(name);
      return [name, secret === undefined ? value : `[redacted:${secret}]`] as const;
    }),
  );
}

function modifiedAt(text: string | undefined): string {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString().replace(".000Z", "Z");
}

export function factsText({ bytes, type, modified, metadata, ...rest }: ObjectFacts): string {
  const more = Object.entries({ modified, ...rest }).flatMap(([name, value]) =>
    value === "" ? [] : [`${name} ${value}`],
  );
  const own = Object.entries(metadata).map(([name, value]) => `${name}=${value}`);
  const text = [`${bytes} bytes`, type, ...more].filter((part) => part !== "").join(", ");
  return own.length === 0 ? text : `${text}\nmetadata: ${own.join(", ")}`;
}
