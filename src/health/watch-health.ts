/** `watchHealth`: servers on the whole screen, checked again and again. */
import type { Colors } from "picocolors/types";
import { localTime } from "../log/local-time.ts";
import { onScreen, type Stage, type View } from "../tail/on-screen.ts";
import { screenPage } from "../tail/screen-page.ts";
import { keepChecking } from "./check-all.ts";
import type { CheckOptions } from "./check-server.ts";
import { healthText } from "./health-text.ts";
import type { ServerHealth } from "./server-health.ts";
import type { HealthTarget } from "./target.ts";
import { counted } from "../counted.ts";

/**
 * Until the user leaves or a signal ends it, and what was started has ended.
 *
 * @returns the exit code
 */
export async function watchHealth(
  targets: readonly HealthTarget[],
  options: Omit<CheckOptions, "signal">,
  everyMs: number,
  paint: Colors,
): Promise<number> {
  let checking: Promise<void> | undefined;
  const latest = new Map<string, ServerHealth>();
  const view = (stage: Stage): View => {
    const { signal, fail } = stage;
    const { draw, ...page } = screenPage(stage, (columns) => pictureLines(targets, latest, paint, columns));
    return {
      ...page,
      begin() {
        checking = keepChecking(targets, { ...options, signal }, everyMs, (health) => {
          latest.set(health.server, health);
          if (!signal.aborted) draw();
        });
        checking.catch(fail);
      },
      end() {},
    };
  };
  try {
    return await onScreen(view);
  } finally {
    await checking;
  }
}

function pictureLines(
  targets: readonly HealthTarget[],
  latest: ReadonlyMap<string, ServerHealth>,
  paint: Colors,
  columns: number,
): string[] {
  const shown = targets.map(({ name }) => latest.get(name) ?? { server: name });
  const last = Array.from(latest.values(), ({ checked_at: at }) => at)
    .sort()
    .at(-1);
  const head = [
    paint.bold("km health"),
    countsOf([...latest.values()], targets.length),
    ...(last === undefined ? [] : [localTime(last).slice(0, 8)]),
    "q quit",
  ].join("  ");
  const lines = healthText(shown, paint, columns).trimEnd().split("\n");
  return [head, "", ...lines];
}

function countsOf(seen: readonly ServerHealth[], all: number): string {
  const counts = (["ok", "degraded", "failed"] as const)
    .map((state) => [state, seen.filter((one) => one.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  return [counted(all, "server"), ...counts].join(", ");
}
