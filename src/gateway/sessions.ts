/** `Sessions`: all that run, of both eras: how many at most, whose they are, and when they have been idle for too long. */
import type { ServerCommand } from "./server-process.ts";
import { SharedServer } from "./shared-server.ts";

export interface LiveSession {
  readonly id: string;
  readonly principal: string;
  /** Undefined while a client waits for an answer or reads a stream. */
  readonly idleSince: number | undefined;
  /** That will have an answer. */
  readonly openRequests: number;
  close(): Promise<void>;
}

export interface SessionLimits {
  most: number;
  idleMs: number;
}

const ID_BYTES = 24;
const SWEEP_MS = 1000;

export class Sessions {
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<string, LiveSession>();
  /** By principal. */
  readonly #shared = new Map<string, SharedServer>();
  readonly #closing = new Set<Promise<void>>();
  readonly #timer: Timer;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
    this.#timer = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, limits.idleMs));
    this.#timer.unref(); // a gateway that could not listen does not keep the process
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Servers that have run for requests without a session. */
  get sharedCount(): number {
    return this.#shared.size;
  }

  get openRequests(): number {
    const all = [...this.#sessions.values(), ...this.#shared.values()];
    return all.reduce((sum, { openRequests }) => sum + openRequests, 0);
  }

  /**
   * @param make is given an id that cannot be guessed, and what to call when the session is over
   * @returns undefined where there are too many
   */
  create<T extends LiveSession>(make: (id: string, ended: () => void) => T): T | undefined {
    if (this.#sessions.size >= this.#limits.most) return undefined;
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(ID_BYTES))).toString("base64url");
    const session = make(id, () => this.end(session));
    this.#sessions.set(id, session);
    return session;
  }

  /** Of another principal there is none with that id. */
  find(id: string, principal: string): LiveSession | undefined {
    const session = this.#sessions.get(id);
    return session?.principal === principal ? session : undefined;
  }

  /** @param command what is run for the principal, should nothing be yet */
  shared(principal: string, command: () => ServerCommand): SharedServer {
    let server = this.#shared.get(principal);
    if (server === undefined) {
      server = new SharedServer(command(), this.#limits.idleMs);
      this.#shared.set(principal, server);
    }
    return server;
  }

  end(session: LiveSession): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#track(session.close());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const session of this.#sessions.values()) this.end(session);
    for (const server of this.#shared.values()) this.#track(server.end());
    await Promise.all(this.#closing);
  }

  #track(closing: Promise<void>): void {
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #sweep(): void {
    const since = Date.now() - this.#limits.idleMs;
    for (const session of this.#sessions.values()) {
      if (session.idleSince !== undefined && session.idleSince < since) this.end(session);
    }
  }
}
