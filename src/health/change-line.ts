/** `changeLine`: what is new about a server since the check before, for who reads line by line. */
import { printable } from "../terminal.ts";
import type { ServerHealth } from "./server-health.ts";

/** @returns undefined where nothing is */
export function changeLine(before: ServerHealth | undefined, now: ServerHealth): string | undefined {
  const [was, is] = [before === undefined ? undefined : summaryOf(before), summaryOf(now)];
  if (was === is) return undefined;
  const time = now.checked_at.replace(/\.\d+Z$/, "Z");
  const change = before === undefined || before.state === now.state ? now.state : `${before.state} -> ${now.state}`;
  return `${time}  ${printable(now.server)}  ${change}${is === now.state ? "" : `  ${printable(is.slice(now.state.length + 1))}`}`;
}

/** How long something took, and other figures that differ each time, are no change. */
function summaryOf({ state, steps }: ServerHealth): string {
  const troubles = steps.flatMap(({ step, troubles: some }) => some.map(({ message }) => `${step}: ${message}`));
  return [state, ...(troubles.length === 0 ? [] : [troubles.join("; ")])].join(" ");
}
