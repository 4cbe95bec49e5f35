/** `healthText`: how servers are, as a table for people, and below it in sentences what is wrong and what to do. */
import type { Colors } from "picocolors/types";
import { shortDuration } from "../status/short.ts";
import { type Column, printable, table, wrapped } from "../terminal.ts";
import type { ServerHealth, Step, StepName } from "./server-health.ts";

const COLUMNS: Column[] = [
  { header: "SERVER", flexible: true },
  { header: "STATE" },
  { header: "PROTOCOL" },
  { header: "TOOLS", align: "right" },
  { header: "LATENCY", align: "right" },
  { header: "CERTIFICATE", align: "right" },
  { header: "SOFTWARE", flexible: true },
];
const NAME_COLUMNS = 60;
const INDENT = "    ";
const STEP_COLUMNS: Column[] = [
  { header: "STEP" },
  { header: "STATE" },
  { header: "TIME", align: "right" },
  { header: "FOUND", flexible: true },
];

/** As people know the steps. */
const STEP_NAMES: Record<StepName, string> = {
  resolve: "resolve",
  connect: "connect",
  tls: "TLS",
  authentication: "authentication",
  handshake: "handshake",
  ping: "ping",
  lists: "lists",
  latency: "latency",
};

/** One that is being checked for the first time has only its name. */
export type ShownServer = ServerHealth | { server: string };

/** @param width of the terminal; undefined for no limit */
export function healthText(servers: readonly ShownServer[], paint: Colors, width: number | undefined): string {
  const all = servers.map((one) => cells(one, paint));
  // What no server has needs no column.
  const used = COLUMNS.map((_column, index) => index < 2 || all.some((row) => (row[index] ?? "") !== ""));
  const columns = COLUMNS.filter((_column, index) => used[index]).map((column) => ({
    ...column,
    header: paint.bold(column.header),
  }));
  const rows = all.map((row) => row.filter((_cell, index) => used[index]));
  const troubles = servers.flatMap((one) => ("steps" in one ? troubleLines(one, paint, width) : []));
  return [table(columns, rows, width), ...(troubles.length === 0 ? [] : ["\n", ...troubles])].join("");
}

function cells(one: ShownServer, paint: Colors): string[] {
  const name = shownName(one.server);
  if (!("steps" in one)) return [name, paint.dim("checking")];
  const { era, protocol_version: version, tools, latency_ms: latency, certificate, server_info: info } = one;
  const days = certificate?.days_left;
  const self = [info?.name, info?.version].filter((part) => part !== undefined).join(" ");
  return [
    name,
    stateWord(one, paint),
    version === undefined ? "" : `${printable(version)} ${era}`,
    tools === undefined ? "" : String(tools),
    latency === undefined ? "" : shortDuration(latency),
    days === undefined ? "" : days < 0 ? paint.red("expired") : days <= 30 ? paint.yellow(`${days}d`) : `${days}d`,
    Bun.sliceAnsi(printable(self), 0, NAME_COLUMNS),
  ];
}

export function stateWord({ state, needs_authentication: isLogin }: ServerHealth, paint: Colors): string {
  switch (state) {
    case "ok":
      return paint.green("ok");
    case "degraded":
      return paint.yellow("degraded");
    case "failed":
      return paint.red(isLogin ? "login needed" : "failed");
  }
}

/** One sentence for each trouble, with what to do below it, and what the program said. */
function troubleLines(
  { server, steps, stderr = [], state }: ServerHealth,
  paint: Colors,
  width: number | undefined,
): string[] {
  const colour = state === "failed" ? paint.red : paint.yellow;
  const lines = steps.flatMap(({ step, troubles }) =>
    troubles.flatMap(({ message, hint }) => [
      `${wrapped(`${colour(`${shownName(server)}: ${STEP_NAMES[step]}:`)} ${printable(message)}`, width, INDENT)}\n`,
      ...(hint === undefined ? [] : [`${INDENT}${wrapped(printable(hint), width, INDENT)}\n`]),
    ]),
  );
  return [...lines, ...stderr.map((line) => `${INDENT}${paint.dim(`stderr: ${printable(line)}`)}\n`)];
}

function shownName(name: string): string {
  return Bun.sliceAnsi(printable(name), 0, NAME_COLUMNS);
}

/** Of each server all its steps. */
export function healthDetails(servers: readonly ServerHealth[], paint: Colors, width: number | undefined): string {
  return servers.map((one) => details(one, paint, width)).join("\n");
}

function details(one: ServerHealth, paint: Colors, width: number | undefined): string {
  const head = `${paint.bold(shownName(one.server))}  ${stateWord(one, paint)}  ${paint.dim(printable(one.address))}\n`;
  const rows = one.steps.map((step) => [
    STEP_NAMES[step.step],
    stepWord(step, paint),
    shortDuration(step.duration_ms),
    printable(step.detail ?? ""),
  ]);
  const troubles = troubleLines(one, paint, width);
  const columns = STEP_COLUMNS.map((column) => ({ ...column, header: paint.dim(column.header) }));
  return [head, table(columns, rows, width), ...troubles].join("");
}

function stepWord({ state }: Step, paint: Colors): string {
  return { ok: paint.green, warning: paint.yellow, failed: paint.red }[state](state);
}
