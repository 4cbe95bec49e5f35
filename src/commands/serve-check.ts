/** `checkServed`: whether the backends of the chosen services can be used now. */
import { print } from "../output.ts";
import type { ServiceProbe } from "../services/opened-services.ts";
import { printable, table, terminalWidth, wrapped } from "../terminal.ts";

const NOT_READY = 3;

/** @returns the exit code: 3 where one of them cannot be used */
export async function checkServed(probes: readonly ServiceProbe[], output: string | undefined): Promise<number> {
  const shown = probes.map(({ service, name, isReady, detail }) => ({ service, name, ready: isReady, detail }));
  await print(output === "json" ? `${JSON.stringify(shown, null, 2)}\n` : checkTable(probes));
  return probes.every(({ isReady }) => isReady) ? 0 : NOT_READY;
}

/** Whose details are whole: the end of a sentence says why. */
function checkTable(probes: readonly ServiceProbe[]): string {
  const rows = probes.map(({ service, name, isReady }) => [service, printable(name), isReady ? "yes" : "no"]);
  const lines = table([{ header: "SERVICE" }, { header: "CONNECTION" }, { header: "READY" }], rows, undefined)
    .trimEnd()
    .split("\n");
  const indent = Math.max(...lines.map((line) => Bun.stringWidth(line))) + 2;
  const room = terminalWidth();
  const details = ["DETAIL", ...probes.map(({ detail }) => printable(detail))];
  return lines
    .map((line, index) => {
      const detail = wrapped(details[index] ?? "", room === undefined ? undefined : room - indent, "");
      const padding = " ".repeat(indent - Bun.stringWidth(line));
      return `${line}${padding}${detail.replaceAll("\n", `\n${" ".repeat(indent)}`)}\n`;
    })
    .join("");
}
