/**
 * `Watches`: the resources that one connection wants to hear of when they change. They are asked how they are, again and again: what
 * a caller may read, and what the host is told, count each time as they are then.
 */
import { pause } from "../../process/pause.ts";
import { CallSlots } from "./call-slots.ts";

export interface WatchesOptions {
  /** The same text for as long as the resource is the same; undefined where it cannot be watched any more. */
  look(uri: string, signal: AbortSignal): Promise<string | undefined>;
  changed(uri: string): Promise<void>;
}

interface Watched {
  uri: string;
  /** How it was when it was last looked at; undefined before that. */
  state: string | undefined;
}

const EVERY_MS = 1000;
/** Of one connection; more are not watched. */
const MOST_WATCHED = 100;
/** Of one connection: more would keep others from their answers, and with one alone, one that hangs would keep the rest. */
const LOOKS = { most: 2, waiting: MOST_WATCHED };

export class Watches {
  readonly #options: WatchesOptions;
  readonly #watched = new Map<string, Watched>();
  /** Of requests that listen, by their ids: since 2026-07-28. */
  readonly #listening = new Map<string | number, readonly string[]>();
  readonly #closing = new AbortController();
  readonly #slots = new CallSlots();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** Every change from when it resolves on is told. @returns false where it is one too many */
  async add(uri: string): Promise<boolean> {
    if (this.#watched.has(uri)) return true;
    if (this.#watched.size >= MOST_WATCHED || this.#closing.signal.aborted) return false;
    const watched: Watched = { uri, state: undefined };
    this.#watched.set(uri, watched);
    await this.#look(watched);
    void this.#lookOn(watched);
    return true;
  }

  remove(uri: string): void {
    this.#watched.delete(uri);
  }

  /** @param id of the request for it */
  async listen(id: string | number, uris: readonly string[]): Promise<void> {
    this.#listening.set(id, uris);
    await Promise.all(uris.map(async (uri) => await this.add(uri)));
  }

  listenNoMore(id: string | number): void {
    const uris = this.#listening.get(id);
    if (uris === undefined) return;
    this.#listening.delete(id);
    const others = new Set([...this.#listening.values()].flat());
    for (const uri of uris) if (!others.has(uri)) this.remove(uri);
  }

  close(): void {
    this.#closing.abort(new Error("The connection is over"));
    this.#watched.clear();
    this.#listening.clear();
  }

  /** Each by itself: one that does not answer keeps none of the others waiting. */
  async #lookOn(watched: Watched): Promise<void> {
    while (this.#isWatched(watched)) {
      await pause(EVERY_MS);
      await this.#look(watched);
    }
  }

  async #look(watched: Watched): Promise<void> {
    const { uri, state: before } = watched;
    const release = await this.#slots.take("look", LOOKS, this.#closing.signal);
    if (typeof release !== "function") return;
    const now = await this.#options
      .look(uri, this.#closing.signal)
      .catch(() => before)
      .finally(release);
    if (!this.#isWatched(watched)) return;
    watched.state = now;
    if (now === undefined) this.#watched.delete(uri);
    // Also that it may not be read any more is a change.
    if (before !== undefined && now !== before) await this.#options.changed(uri).catch(() => undefined);
  }

  /** It may be watched no more, or anew. */
  #isWatched(watched: Watched): boolean {
    return this.#watched.get(watched.uri) === watched;
  }
}
