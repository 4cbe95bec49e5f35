/** `startUpkeep`: what the service does now and then by itself, in every replica. */
import { messageOf } from "../errors.ts";

export interface Upkeep {
  /** Nothing begins after it; resolves when what has begun is over, which is asked to end early. */
  stop(): Promise<void>;
}

export interface UpkeepOptions {
  /** May run in several replicas at once. */
  task(signal: AbortSignal): Promise<void>;
  everyMs: number;
  /** An outage of the database passes: the task is tried again next time. */
  warn(reason: string): void;
}

/** The first time soon, then every `everyMs`, each time a bit earlier or later, so that replicas drift apart. */
export function startUpkeep({ task, everyMs, warn }: UpkeepOptions): Upkeep {
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(begin, everyMs * 0.01 * Math.random());

  function begin(): void {
    running = run();
  }

  async function run(): Promise<void> {
    try {
      await task(signal);
    } catch (error) {
      warn(messageOf(error));
    }
    if (!signal.aborted) timer = setTimeout(begin, everyMs * (0.9 + 0.2 * Math.random()));
  }

  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
