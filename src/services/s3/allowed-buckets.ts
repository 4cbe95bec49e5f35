/** `AllowedBuckets`: the buckets, or the parts of buckets, that a connection may touch. */
import { KmError } from "../../errors.ts";

export class AllowedBuckets {
  readonly #written: readonly string[] | undefined;
  /** Prefixes of keys, by bucket; an empty one is all of it. */
  readonly #prefixes = new Map<string, string[]>();

  /** @param written `logs` or `logs/2026/`; undefined allows all */
  constructor(written: readonly string[] | undefined) {
    this.#written = written;
    for (const one of written ?? []) {
      const [bucket = "", ...rest] = one.split("/");
      this.#prefixes.set(bucket, [...(this.#prefixes.get(bucket) ?? []), rest.join("/")]);
    }
  }

  hasBucket(bucket: string): boolean {
    return this.#written === undefined || this.#prefixes.has(bucket);
  }

  /** @param key or a prefix of keys: what is below it is allowed as well @throws KmError SVC_002 */
  check(bucket: string, key: string): void {
    if (this.#written === undefined) return;
    const prefixes = this.#prefixes.get(bucket);
    if (prefixes?.some((prefix) => key.startsWith(prefix)) === true) return;
    const what = key === "" ? `bucket ${bucket}` : `${key} of bucket ${bucket}`;
    throw new KmError("SVC_002", `The ${what} is not allowed here`, {
      hint: `Allowed are: ${this.#written.join(", ")} (buckets of the connection in services.yaml).`,
    });
  }
}
