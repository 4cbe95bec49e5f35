/** `watchStatus`: the running sessions on the whole screen, seen anew every second. */
import type { Colors } from "picocolors/types";
import { localTime } from "../log/local-time.ts";
import { onScreen, type Stage, type View } from "../tail/on-screen.ts";
import { screenPage } from "../tail/screen-page.ts";
import type { Status } from "./status.ts";
import { statusText } from "./status-text.ts";
import { counted } from "../counted.ts";

const INTERVAL_MS = 1000;

/**
 * Until the user leaves or a signal ends it.
 *
 * @returns the exit code
 */
export async function watchStatus(look: Look, paint: Colors): Promise<number> {
  return await onScreen((stage) => statusView(look, paint, stage));
}

type Look = (before?: Status) => Promise<Status>;

function statusView(look: Look, paint: Colors, stage: Stage): View {
  const { signal, fail } = stage;
  let status: Status | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { draw, ...page } = screenPage(stage, (columns) => status && pictureLines(status, paint, columns));
  const run = async (): Promise<void> => {
    const begun = performance.now();
    status = await look(status);
    if (signal.aborted) return;
    draw();
    timer = setTimeout(() => run().catch(fail), Math.max(0, begun + INTERVAL_MS - performance.now()));
  };
  return { ...page, begin: () => void run().catch(fail), end: () => clearTimeout(timer) };
}

function pictureLines(status: Status, paint: Colors, columns: number): string[] {
  const { at, sessions } = status;
  const count = counted(sessions.length, "session");
  const head = `${paint.bold("km status")}  ${count}  ${localTime(at).slice(0, 8)}  q quit`;
  if (sessions.length === 0) return [head, "", "No session is running"];
  const lines = statusText(status, paint, columns).trimEnd().split("\n");
  return [head, "", ...lines];
}
