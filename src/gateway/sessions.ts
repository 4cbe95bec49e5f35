/** `Sessions`: all that run, of both eras: how many at most, whose they are, and when they have been idle for too long. */
import type { ServerSource } from "./server-run.ts";
import { SharedServer } from "./shared-server.ts";

/** Whose a session is, and where. */
export interface SessionOwner {
  principal: string;
  /** The path of the endpoint: at another one are other servers. */
  endpoint: string;
}

export interface LiveSession extends Readonly<SessionOwner> {
  readonly id: string;
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
/** Principals whose server does not run at the moment. */
const MOST_RESTING = 1000;

export class Sessions {
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<string, LiveSession>();
  /** By principal, at each endpoint. */
  readonly #shared = new Map<string, { principal: string; server: SharedServer }>();
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

  /** One for each session. */
  get owners(): string[] {
    return Array.from(this.#sessions.values(), ({ principal }) => principal);
  }

  /** Servers that run for requests without a session. */
  get sharedCount(): number {
    return this.#shared
      .values()
      .filter(({ server }) => server.isRunning)
      .toArray().length;
  }

  get openRequests(): number {
    const all = [...this.#sessions.values(), ...this.#shared.values().map(({ server }) => server)];
    return all.reduce((sum, { openRequests }) => sum + openRequests, 0);
  }

  /**
   * @param make is given an id that cannot be guessed, and what to call when the session is over
   * @returns undefined where there are too many
   */
  create<T extends LiveSession>(make: (id: string, ended: () => void) => T): T | undefined {
    if (this.#running >= this.#limits.most) return undefined;
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(ID_BYTES))).toString("base64url");
    const session = make(id, () => this.end(session));
    this.#sessions.set(id, session);
    return session;
  }

  /** Of another principal, or at another endpoint, there is none with that id. */
  find(id: string, { principal, endpoint }: SessionOwner): LiveSession | undefined {
    const session = this.#sessions.get(id);
    return session?.principal === principal && session.endpoint === endpoint ? session : undefined;
  }

  /**
   * @param source what is run for the principal, should nothing be yet
   * @returns undefined where so much runs that there is no room for it
   */
  shared({ principal, endpoint }: SessionOwner, source: () => ServerSource): SharedServer | undefined {
    const key = `${endpoint} ${principal}`;
    let server = this.#shared.get(key)?.server;
    if (server?.isRunning !== true && this.#running >= this.#limits.most) return undefined;
    if (server === undefined) {
      server = new SharedServer(source(), this.#limits.idleMs);
      this.#shared.set(key, { principal, server });
      this.#forgetShared();
    }
    return server;
  }

  /** Sessions of those who lost what let them in end, and the servers that they share. */
  endUnless(isOwner: (principal: string) => boolean): void {
    for (const session of this.#sessions.values()) if (!isOwner(session.principal)) this.end(session);
    for (const [key, { principal, server }] of this.#shared) {
      if (isOwner(principal)) continue;
      this.#shared.delete(key);
      this.#track(server.end());
    }
  }

  end(session: LiveSession): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#track(session.close());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const session of this.#sessions.values()) this.end(session);
    for (const { server } of this.#shared.values()) this.#track(server.end());
    await Promise.all(this.#closing);
  }

  get #running(): number {
    return this.#sessions.size + this.sharedCount;
  }

  /** What is known of a server that rests is learnt anew, should its principal come again. */
  #forgetShared(): void {
    for (const [key, { server }] of this.#shared) {
      if (this.#shared.size <= MOST_RESTING + this.#limits.most) return;
      if (!server.isRunning) this.#shared.delete(key);
    }
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
