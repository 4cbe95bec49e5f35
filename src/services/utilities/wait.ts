/** The tool `utilities_wait`: lets time pass, for what needs some. */
import * as v from "valibot";
import { pause } from "../../process/pause.ts";
import { tool } from "../tool.ts";

const SECONDS = "a number from 0 to 300";
const MOST_S = 300;
const TICK_MS = 1000;

export const wait = tool({
  name: "wait",
  title: "Wait",
  description: "Waits some seconds, so that something can happen meanwhile.",
  access: "read",
  toolset: "core",
  longestMs: MOST_S * 1000 + 10_000,
  input: v.strictObject({
    seconds: v.pipe(
      v.number(SECONDS),
      v.minValue(0, SECONDS),
      v.maxValue(MOST_S, SECONDS),
      v.description("At most 300"),
    ),
  }),
  output: v.object({ waited: v.number() }),
  async run({ seconds }, { signal, progress }) {
    const startedMs = performance.now();
    const left = (): number => seconds * 1000 - (performance.now() - startedMs);
    while (left() > 0) {
      await pause(Math.min(TICK_MS, left()));
      signal.throwIfAborted();
      progress(Math.min(seconds, Math.round((performance.now() - startedMs) / 1000)), seconds);
    }
    return { data: { waited: seconds }, text: `Waited ${seconds} s.` };
  },
});
