/** `S3Connection`: signed requests to one S3 server, for the buckets that are allowed. */
import { AwsV4Signer } from "aws4fetch";
import { KmError } from "../../errors.ts";
import { BackendClient, type BytesAnswer } from "../backend/backend-client.ts";
import type { BackendCache } from "../backend/cache.ts";
import { chosen } from "../backend/chosen.ts";
import type { Remote } from "../../http/remote.ts";
import type { AllowedBuckets } from "./allowed-buckets.ts";
import { encoded, objectPath } from "./object-path.ts";
import { readS3Error } from "./s3-error.ts";
import { type Element, readXml } from "./xml.ts";

export interface S3Backend {
  connections: Map<string, S3Connection>;
}

export interface S3Keys {
  accessKey: string;
  secretKey: string;
  sessionToken: string | undefined;
}

export interface S3Request {
  method?: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  bucket?: string;
  key?: string;
  /** What is undefined is left out; an empty text is a name alone: `?versioning`. */
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  signal: AbortSignal;
  mostBytes?: number;
  /** Statuses besides those of success that the caller reads itself. */
  expect?: readonly number[];
}

export interface S3Settings {
  remote: Remote;
  region: string;
  keys: S3Keys | undefined;
  isPathStyle: boolean;
  allowed: AllowedBuckets;
}

const MOST_BYTES = 8 << 20;

export class S3Connection {
  readonly allowed: AllowedBuckets;
  readonly region: string;
  readonly #settings: S3Settings;
  readonly #cache: BackendCache;
  /** By their hosts: where the host says the bucket there is one for each. */
  readonly #clients = new Map<string, BackendClient>();

  constructor(settings: S3Settings, cache: BackendCache) {
    this.#settings = settings;
    this.#cache = cache;
    this.allowed = settings.allowed;
    this.region = settings.region;
  }

  /** As errors call it. */
  get label(): string {
    return `S3 at ${new URL(this.#settings.remote.url).origin}`;
  }

  /** @throws KmError SVC_001 to SVC_008 */
  async bytes(request: S3Request): Promise<BytesAnswer> {
    const { method = "GET", body, signal, mostBytes = MOST_BYTES, expect = [] } = request;
    const { client, url, path } = this.#place(request);
    const headers = await this.#signed(url, method, request.headers ?? {}, body);
    try {
      return await client.bytes({
        method,
        path,
        headers,
        ...(body !== undefined && { body }),
        isRepeatable: method !== "POST",
        signal,
        mostBytes,
        expect,
      });
    } catch (error) {
      throw error instanceof KmError && error.code === "SVC_004" ? this.#refused(error) : error;
    }
  }

  /** A login of S3 is not in `auth`. */
  #refused({ code, message }: KmError): KmError {
    const hint =
      this.#settings.keys === undefined
        ? "Whoever runs this server has to say who asks: access_key and secret_key in services.yaml."
        : "See access_key and secret_key in services.yaml; what they may do the policies of the bucket and the account say.";
    return new KmError(code, message, { hint });
  }

  /** @throws KmError as `bytes`, and SVC_008 for what is not the XML that was asked for */
  async xml(request: S3Request, name: string): Promise<Element> {
    const { bytes } = await this.bytes(request);
    const text = Buffer.from(bytes).toString();
    const element = readXml(text);
    if (element?.name === name) return element;
    throw new KmError("SVC_008", `${this.label} answered with something else than ${name}`, {
      hint: `It begins with ${JSON.stringify(text.slice(0, 80))}: see whether the endpoint leads to an S3 server.`,
    });
  }

  /**
   * A URL that lets whoever has it do one thing, for a while.
   *
   * @param headers that must be sent with it
   */
  async presigned(
    { method = "GET", bucket, key, query, headers = {} }: Omit<S3Request, "signal">,
    seconds: number,
  ): Promise<string> {
    const { keys, region } = this.#settings;
    if (keys === undefined) {
      throw new KmError("SVC_007", `${this.label} is used without an access key, so nothing can be signed`);
    }
    const { url } = this.#place({
      ...(bucket !== undefined && { bucket }),
      key: key ?? "",
      query: { ...query, "X-Amz-Expires": seconds },
    });
    const signer = new AwsV4Signer({ ...awsKeys(keys), method, url, headers, region, service: "s3", signQuery: true });
    return (await signer.sign()).url.href;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#clients.values(), (client) => client.close()));
  }

  #place({ bucket, key, query = {} }: Pick<S3Request, "bucket" | "key" | "query">): {
    client: BackendClient;
    url: string;
    path: string;
  } {
    const { remote, isPathStyle } = this.#settings;
    // A name with dots would be none that certificates have.
    const isInHost = bucket !== undefined && !isPathStyle && !bucket.includes(".");
    const base = new URL(remote.url);
    if (isInHost) base.hostname = `${bucket}.${base.hostname}`;
    const inPath = isInHost ? undefined : bucket;
    const place = key === undefined ? `/${inPath ?? ""}` : objectPath(inPath, key);
    const path = `${place}${queryText(query)}`;
    const prefix = base.pathname.replace(/\/+$/, "");
    let client = this.#clients.get(base.host);
    if (client === undefined) {
      client = new BackendClient("S3", { ...remote, url: base.href }, this.#cache, readS3Error);
      this.#clients.set(base.host, client);
    }
    return { client, url: `${base.origin}${prefix}${path}`, path };
  }

  async #signed(
    url: string,
    method: string,
    headers: Record<string, string>,
    body: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<Record<string, string>> {
    const { keys, region } = this.#settings;
    if (keys === undefined) return headers;
    const hash = new Bun.CryptoHasher("sha256").update(body ?? "").digest("hex");
    const signer = new AwsV4Signer({
      ...awsKeys(keys),
      method,
      url,
      headers: { ...headers, "x-amz-content-sha256": hash },
      region,
      service: "s3",
    });
    return Object.fromEntries((await signer.sign()).headers.entries());
  }
}

/** @throws KmError SVC_001 where there is none of that name */
export function connectionOf(backend: S3Backend, name: string | undefined): S3Connection {
  return chosen(backend.connections, name);
}

function awsKeys({ accessKey, secretKey, sessionToken }: S3Keys) {
  return {
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function queryText(query: Record<string, string | number | undefined>): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encoded(name)}=${encoded(String(value))}`],
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
