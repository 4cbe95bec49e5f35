/** `RestartingServer`: a run of the server, and after it has ended another one when it is needed; not at once when it keeps failing. */
import type { ServerProcessEvents } from "./server-process.ts";
import { type ServerRun, type ServerSource, startServer } from "./server-run.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A server that ran so long, or gave an answer, has not failed at its start. */
const LASTED_MS = 60_000;

export class RestartingServer {
  readonly #source: ServerSource;
  readonly #events: ServerProcessEvents;
  #process: ServerRun | undefined;
  #failures = 0;
  #notBefore = 0;

  /** @param events `ended` is told of an end that nobody asked for */
  constructor(source: ServerSource, events: ServerProcessEvents) {
    this.#source = source;
    this.#events = events;
  }

  get current(): ServerRun | undefined {
    return this.#process;
  }

  /** How long it is left alone still. */
  get restMs(): number {
    return Math.max(0, this.#notBefore - Date.now());
  }

  /** The one that runs, or a new one. Undefined while it is left alone. */
  running(): ServerRun | undefined {
    if (this.#process !== undefined) return this.#process;
    if (this.restMs > 0) return undefined;
    const startedAt = Date.now();
    const server: ServerRun = startServer(this.#source, {
      line: (text) => this.#events.line(text),
      ended: () => {
        if (this.#process !== server) return; // it was ended
        this.#process = undefined;
        this.#failed(Date.now() - startedAt);
        void server.end();
      },
    });
    this.#process = server;
    return server;
  }

  /** It works. */
  answered(): void {
    this.#failures = 0;
  }

  async end(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    await server?.end();
  }

  #failed(lastedMs: number): void {
    this.#failures = lastedMs > LASTED_MS ? 1 : this.#failures + 1;
    // Once is no pattern.
    const pauseMs = this.#failures < 2 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 2), LONGEST_PAUSE_MS);
    this.#notBefore = Date.now() + pauseMs;
    this.#events.ended();
  }
}
