/** `checkAll` and `keepChecking`: the checks of many servers, a few at once, and never two of the same server. */
import { checkServer, type CheckOptions } from "./check-server.ts";
import type { ServerHealth } from "./server-health.ts";
import { Slots } from "./slots.ts";
import type { HealthTarget } from "./target.ts";

const AT_ONCE = 4;
/** Each wait is by so much longer or shorter, so that servers that began together do not stay together. */
const JITTER = 0.1;

export type Told = (health: ServerHealth) => void;

/** @returns in the order of the targets, when all that was started has ended */
export async function checkAll(targets: readonly HealthTarget[], options: CheckOptions): Promise<ServerHealth[]> {
  const slots = new Slots(AT_ONCE);
  return await settled(targets.map((target) => slots.use(() => checkServer(target, options))));
}

/** Until the signal; resolves when all that was started has ended. */
export async function keepChecking(
  targets: readonly HealthTarget[],
  options: CheckOptions,
  everyMs: number,
  tell: Told,
): Promise<void> {
  const { signal } = options;
  const slots = new Slots(AT_ONCE);
  const keep = async (target: HealthTarget): Promise<void> => {
    let known: Pick<CheckOptions, "era"> = {};
    while (!signal.aborted) {
      const begun = performance.now();
      const health = await slots.use(() => checkServer(target, { ...options, ...known }));
      if (health.era !== undefined) known = { era: health.era };
      tell(health);
      const wait = everyMs * (1 - JITTER + 2 * JITTER * Math.random());
      await untilLater(begun + wait - performance.now(), signal);
    }
  };
  try {
    await settled(targets.map(keep));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** As Promise.all, but nothing is left under way. */
async function settled<T>(promises: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

async function untilLater(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(stop, ms);
  await stopped.promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
}
