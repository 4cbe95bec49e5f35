/** `km show`: one entry with everything known of it. */
import type { Colors } from "picocolors/types";
import { defineCommand } from "../command.ts";
import { formatBytes, formatDuration } from "../config/units.ts";
import { paths } from "../context.ts";
import { KmError } from "../errors.ts";
import { eventJson } from "../journal/event-json.ts";
import { selectSession } from "../journal/select.ts";
import { type Session, sessionParties } from "../journal/sessions.ts";
import { type FoundEntry, findEntry } from "../log/find.ts";
import { localDateTime } from "../log/local-time.ts";
import { arrow, eventPayload, interceptionText, outcome } from "../log/rows.ts";
import { pagedOutput, stdout } from "../output.ts";
import type { StreamEvent } from "../stream/event.ts";
import type { Parties } from "../stream/parties.ts";
import { colours, printable } from "../terminal.ts";
import type { Implementation } from "../wire/mcp.ts";
import { counted } from "../counted.ts";

export default defineCommand({
  meta: { name: "show", description: "Show one call with its payloads" },
  args: {
    event: {
      type: "positional",
      required: true,
      description: "A number from km logs: alone it means the latest session, otherwise SESSION/NUMBER",
      complete: "event",
    },
    json: { type: "boolean", description: "The events of the call, one per line as JSON" },
  },
  examples: ["km show 17", "km show filesystem/17", "km show 3f9a01bc/17 --json | jq .message"],
  async run(args) {
    const { word, seq } = parseEvent(args.event);
    const session = await selectSession(paths().data, word);
    const found = await findEntry(session, seq);
    const parties = await sessionParties(session);
    const output = args.json ? stdout() : pagedOutput();
    try {
      if (args.json) {
        for (const event of found.entry.events) await output.write(`${eventJson(event, session.info, parties)}\n`);
      } else await output.write(describe(found, session, parties, await colours(process.stdout)));
    } finally {
      await output.close();
    }
    return 0;
  },
});

function parseEvent(text: string): { word: string; seq: number } {
  const match = /^(?:(.+)\/)?(\d{1,15})$/.exec(text);
  if (match === null) {
    throw new KmError("USAGE", `Not an event: "${text}"`, { hint: "Give a number from km logs, or session/number." });
  }
  return { word: match[1] ?? "last", seq: Number(match[2]) };
}

function describe({ entry, stderr }: FoundEntry, session: Session, parties: Parties, paint: Colors): string {
  const fields: [string, string | undefined][] = [
    ["Session", `${session.info.session_id} (${session.state})`],
    ["Server", [printable(entry.server), implementation(parties.server)].filter(Boolean).join(", ")],
    ["Client", implementation(parties.client)],
    ["Event", `${entry.seq}, ${entry.kind} ${entry.direction === "request" ? "by the client" : "by the server"}`],
    ["Method", entry.method],
    ["Tool", entry.tool],
    ["Target", entry.target],
    ["Outcome", entry.state === "ok" ? "ok" : undefined],
    ["Began", `${localDateTime(entry.timestamp)} (${entry.timestamp})`],
    ["Duration", entry.duration_ms === undefined ? undefined : formatDuration(entry.duration_ms)],
    ["Size", formatBytes(entry.bytes)],
    ["Rounds", entry.rounds > 1 ? String(entry.rounds) : undefined],
    ["Trace", entry.events.find((event) => event.trace !== undefined)?.trace],
  ];
  let text = "";
  for (const [name, value] of fields) {
    if (name === "Outcome" && value === undefined) text += field(name, outcome(entry, paint), paint);
    else if (value !== undefined) text += field(name, printable(value), paint);
  }
  const around = [...entry.events, ...stderr].sort((a, b) => a.seq - b.seq);
  // Its answer is then km's own; the server's, where it was not let through, has been replaced on its way.
  const isBlocked = entry.events.some(({ type, intercepted: one }) => type === "request" && one?.action === "blocked");
  return text + around.map((event) => describeEvent(event, entry.timestamp, isBlocked, paint)).join("");
}

function describeEvent(event: StreamEvent, began: string, isBlocked: boolean, paint: Colors): string {
  const offset = Date.parse(event.timestamp) - Date.parse(began);
  const time = paint.dim(`${offset < 0 ? "-" : "+"}${formatDuration(Math.abs(offset))}`);
  if (event.type === "stderr") return `\n${time} ${paint.dim("stderr")} ${printable(event.text ?? "")}\n`;
  const facts = [
    event.type === "notification" || event.type === "request" ? event.method : undefined,
    event.continues === undefined ? undefined : `to be continued: ${event.continues}`,
    event.batch === undefined ? undefined : `${event.batch[0] + 1} of a batch of ${event.batch[1]}`,
    event.redacted === undefined ? undefined : `${counted(event.redacted, "secret")} masked`,
    event.intercepted === undefined ? undefined : interceptionText(event.intercepted, event.type),
    event.intercepted?.action === "blocked" && isBlocked && isAnswer(event) ? "answered by km" : undefined,
    formatBytes(event.bytes),
    `event ${event.seq}`,
  ];
  const head = [event.type, ...facts.filter((fact) => fact !== undefined)].map(printable).join(", ");
  const text = `\n${time} ${arrow(event.direction)} ${paint.bold(head)}\n${eventPayload(event, paint, "")}`;
  const forwarded = event.intercepted?.forwarded;
  if (forwarded === undefined) return text;
  return `${text}  ${paint.dim("forwarded instead:")}\n${eventPayload({ ...event, message: forwarded }, paint, "")}`;
}

function isAnswer({ type }: StreamEvent): boolean {
  return type === "response" || type === "error";
}

function field(name: string, value: string, paint: Colors): string {
  return `${paint.dim(name.padEnd(10))}${value}\n`;
}

function implementation(one: Implementation | undefined): string | undefined {
  return one === undefined ? undefined : printable(`${one.name} ${one.version}`.trim());
}
