/**
 * `BackendCache`: answers of backends that may be used again for a short time, by keys that say everything they depend on. Bounded
 * in bytes: the least recently used go first. Requests for the same at the same time become one, which goes on for as long as
 * anybody waits for it.
 */
import { lru } from "tiny-lru";
import type { Phase } from "../../resilience/breaker.ts";
import { unlessAborted } from "../unless-aborted.ts";

interface Kept {
  value: unknown;
  bytes: number;
  /** In milliseconds since 1970. */
  until: number;
}

interface Loading {
  value: Promise<unknown>;
  waiting: number;
  nobody: AbortController;
  /** Something there was changed meanwhile. */
  isStale: boolean;
}

export interface CacheCounts {
  entries: number;
  bytes: number;
  hits: number;
  misses: number;
}

export interface CacheRequest<T> {
  key: string;
  ttlMs: number;
  /** @param signal aborted when nobody waits any more */
  load(signal: AbortSignal): Promise<T>;
  /** How large a value is. */
  bytes(value: T): number;
  /** Of who waits: it leaves the others alone. */
  signal: AbortSignal;
}

/** Of all; an entry is never without its overhead. */
const LEAST_BYTES = 64;
/** One answer shall not drive out all others. */
const LARGEST_PART = 4;

/** A client of a backend, for those who count. */
export interface CountedClient {
  readonly label: string;
  /** Of its breaker. */
  readonly phase: Phase;
}

export class BackendCache {
  /** Those that are open and keep answers here. */
  readonly clients = new Set<CountedClient>();
  readonly #mostBytes: number;
  readonly #kept = lru<Kept>(0);
  readonly #loading = new Map<string, Loading>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  /** @param mostBytes 0 keeps nothing */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get counts(): CacheCounts {
    return { entries: this.#kept.size, bytes: this.#bytes, hits: this.#hits, misses: this.#misses };
  }

  /**
   * @returns what is kept for the key, or what `load` gives. What `load` throws is kept for nobody
   * @throws what `load` throws; the signal's reason
   */
  async get<T>(request: CacheRequest<T>): Promise<T> {
    const { key, signal } = request;
    signal.throwIfAborted();
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > Date.now()) {
      this.#hits++;
      // The key is its own type's: each caller's begins with what the value is.
      return kept.value as T;
    }
    this.#misses++;
    const loading = this.#loading.get(key) ?? this.#load(request);
    loading.waiting++;
    try {
      return (await unlessAborted(loading.value, signal)) as T;
    } finally {
      if (--loading.waiting === 0 && this.#loading.get(key) === loading) {
        this.#loading.delete(key);
        loading.nobody.abort();
      }
    }
  }

  /** Forgets what begins so: after something there was changed. */
  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (String(key).startsWith(prefix)) this.#drop(String(key));
    for (const [key, loading] of this.#loading) {
      if (!key.startsWith(prefix)) continue;
      loading.isStale = true;
      // Who asks from now on wants what is there now.
      this.#loading.delete(key);
    }
  }

  #load<T>({ key, ttlMs, load, bytes }: CacheRequest<T>): Loading {
    const nobody = new AbortController();
    const loading: Loading = { value: Promise.resolve(), waiting: 0, nobody, isStale: false };
    const finish = async (): Promise<T> => {
      try {
        const value = await load(nobody.signal);
        const size = key.length + Math.max(LEAST_BYTES, bytes(value));
        if (!loading.isStale) this.#keep(key, { value, bytes: size, until: Date.now() + ttlMs });
        return value;
      } finally {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
      }
    };
    loading.value = finish();
    loading.value.catch(() => undefined); // whoever waits hears of it
    this.#loading.set(key, loading);
    return loading;
  }

  #keep(key: string, kept: Kept): void {
    this.#drop(key);
    if (kept.bytes > this.#mostBytes / LARGEST_PART) return;
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
    for (let oldest = this.#kept.first; this.#bytes > this.#mostBytes && oldest !== null; oldest = this.#kept.first) {
      this.#bytes -= oldest.value.bytes;
      this.#kept.evict();
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.peek(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}
