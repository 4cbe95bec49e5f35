/** `watchHealth`: servers on the whole screen, checked again and again. */
import { constants } from "node:os";
import type { Colors } from "picocolors/types";
import { localTime } from "../log/local-time.ts";
import { onScreen, type Stage, type View } from "../tail/on-screen.ts";
import { keepChecking } from "./check-all.ts";
import type { CheckOptions } from "./check-server.ts";
import { healthText } from "./health-text.ts";
import type { ServerHealth } from "./server-health.ts";
import type { HealthTarget } from "./target.ts";

const [CTRL_C, CTRL_Z] = ["\x03", "\x1a"];

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
  const view = ({ screen, signal, leave, fail, suspend }: Stage): View => {
    const draw = (): void => {
      if (!screen.isReady) return;
      const size = screen.size();
      const lines = pictureLines(targets, latest, paint, size.columns).slice(0, size.rows);
      while (lines.length < size.rows) lines.push("");
      screen.draw({ lines }, size);
    };
    return {
      begin() {
        checking = keepChecking(targets, { ...options, signal }, everyMs, (health) => {
          latest.set(health.server, health);
          if (!signal.aborted) draw();
        });
        checking.catch(fail);
      },
      onSize: draw,
      onReady: draw,
      onBytes(bytes) {
        const text = Buffer.from(bytes).toString("latin1");
        if (text.includes(CTRL_C)) leave(128 + constants.signals.SIGINT);
        else if (text.includes("q")) leave(0);
        else if (text.includes(CTRL_Z)) suspend();
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
  return [head, "", ...lines].map((line) => (Bun.stringWidth(line) > columns ? Bun.sliceAnsi(line, 0, columns) : line));
}

function countsOf(seen: readonly ServerHealth[], all: number): string {
  const counts = (["ok", "degraded", "failed"] as const)
    .map((state) => [state, seen.filter((one) => one.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  return [`${all} ${all === 1 ? "server" : "servers"}`, ...counts].join(", ");
}
