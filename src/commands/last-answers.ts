/** `lastAnswers`: how long what a client has asked is waited for when it has closed its end, as `km monitor` does. */
import { monotonic } from "../process/monotonic.ts";
import { LONGEST_WAIT_MS, OPEN_REQUESTS_MS } from "../proxy/patience.ts";

/** A little less than `km monitor` waits, so that it need not end this process by a signal. */
const EARLIER_MS = 1000;

export interface Output {
  /** When the client last took something, monotonic. */
  lastMs: number;
  /** The client does not read what there is: the server may wait for that alone. */
  isWaiting: boolean;
}

/** Resolves when nothing is open any more, or the server was silent for too long, or has had its time. */
export async function lastAnswers(
  settled: Promise<void>,
  output: Output,
  silenceMs = OPEN_REQUESTS_MS - EARLIER_MS,
  longestMs = LONGEST_WAIT_MS - EARLIER_MS,
): Promise<void> {
  const closedAt = monotonic();
  const done = settled.then(() => "done" as const);
  for (;;) {
    const now = monotonic();
    const heardAt = output.isWaiting ? now : Math.max(output.lastMs, closedAt);
    const left = Math.min(heardAt + silenceMs, closedAt + longestMs) - now;
    if (left <= 0) return;
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), left);
    const first = await Promise.race([done, late]);
    clearTimeout(timer);
    if (first === "done") return;
  }
}
