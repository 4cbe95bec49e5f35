/** The tools of Prometheus that change something: `prometheus_snapshot`, `prometheus_delete_series` and `prometheus_admin`. */
import * as v from "valibot";
import { word } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { KmError } from "../../errors.ts";
import { momentArgument, momentOf, momentText } from "../moment.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { selectorsArgument } from "./arguments.ts";
import { ask, type Connection, connectionOf, type PrometheusBackend } from "./backend.ts";
import { LABELS, seriesName } from "../labels.ts";

type Call = ToolCall<PrometheusBackend>;

const ADMIN_API = "web.enable-admin-api";
const LIFECYCLE = "web.enable-lifecycle";
const FLAGS = v.record(v.string(), v.string());
const EXAMPLES = 10;

export const snapshot = tool({
  name: "snapshot",
  title: "Snapshot the data",
  description: "Makes a snapshot of all data in Prometheus' own folder, which takes disk space there.",
  access: "write",
  toolset: "admin",
  input: v.strictObject({
    skip_head: v.optional(
      v.pipe(v.boolean("true or false"), v.description("Without what is not yet in blocks")),
      false,
    ),
    connection: connectionArgument,
  }),
  output: v.object({ name: v.string(), folder: v.string() }),
  async run({ skip_head, connection: name }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    const flags = await allowing(connection, ADMIN_API, signal);
    const { data } = await ask(
      connection,
      { path: "/api/v1/admin/tsdb/snapshot", query: { skip_head }, isPost: true, signal },
      v.object({ name: v.string() }),
    );
    return { data: { name: data.name, folder: `${flags["storage.tsdb.path"] ?? "data"}/snapshots/${data.name}` } };
  },
  async preview({ connection: name }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    const flags = await allowing(connection, ADMIN_API, signal);
    return {
      summary: `Makes a snapshot of ${connection.client.label} below ${flags["storage.tsdb.path"] ?? "its data"}/snapshots`,
    };
  },
});

export const deleteSeries = tool({
  name: "delete_series",
  title: "Delete series",
  description: "Deletes the samples of selected series in a time, for good. They stay on disk until clean_tombstones.",
  access: "destructive",
  isIdempotent: true,
  toolset: "admin",
  input: v.strictObject({
    match: selectorsArgument,
    start: momentArgument("Default: from the first sample"),
    end: momentArgument("Default: to the last"),
    connection: connectionArgument,
  }),
  output: v.object({ deleted: v.boolean() }),
  async run({ match, connection: name, ...range }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    await allowing(connection, ADMIN_API, signal);
    await post(connection, "/api/v1/admin/tsdb/delete_series", { "match[]": match, ...seconds(range) }, signal);
    connection.client.forget();
    return { data: { deleted: true }, text: `Deleted what ${match.join(", ")} select, ${rangeText(range)}` };
  },
  async preview({ match, connection: name, ...range }, { backend, signal }: Call): Promise<Preview> {
    const connection = connectionOf(backend, name);
    await allowing(connection, ADMIN_API, signal);
    const { data } = await ask(
      connection,
      { path: "/api/v1/series", query: { "match[]": match, ...seconds(range) }, signal, mostBytes: 64 << 20 },
      v.array(LABELS),
    );
    const more = data.length > EXAMPLES ? [`and ${data.length - EXAMPLES} more`] : [];
    return {
      summary: `Deletes the samples of ${data.length} series in ${connection.client.label}, ${rangeText(range)}`,
      detail: [...data.slice(0, EXAMPLES).map(seriesName), ...more].join("\n"),
      // A time such as -1h is another one each second.
      bound: JSON.stringify([data.map(seriesName), range]),
    };
  },
});

const ACTIONS = {
  clean_tombstones: {
    flag: ADMIN_API,
    path: "/api/v1/admin/tsdb/clean_tombstones",
    does: "Removes deleted series from the disk of",
  },
  reload: { flag: LIFECYCLE, path: "/-/reload", does: "Reads the configuration and the rules anew in" },
  quit: { flag: LIFECYCLE, path: "/-/quit", does: "Ends" },
} as const;

export const admin = tool({
  name: "admin",
  title: "Administer Prometheus",
  description:
    "clean_tombstones (frees disk of deleted series), reload (configuration and rules), or quit (ends the server).",
  access: "destructive",
  toolset: "admin",
  input: v.strictObject({ action: word("clean_tombstones", "reload", "quit"), connection: connectionArgument }),
  output: v.object({ done: v.string() }),
  async run({ action, connection: name }, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    const { flag, path } = ACTIONS[action];
    await allowing(connection, flag, signal);
    await post(connection, path, {}, signal);
    connection.client.forget();
    return { data: { done: action }, text: `Done: ${action}` };
  },
  async preview({ action, connection: name }, { backend, signal }: Call): Promise<Preview> {
    const connection = connectionOf(backend, name);
    const { flag, does } = ACTIONS[action];
    const flags = await allowing(connection, flag, signal);
    const file = action === "reload" ? `, from ${flags["config.file"] ?? "its file"}` : "";
    return { summary: `${does} ${connection.client.label}${file}` };
  },
});

/**
 * @returns the server's flags
 * @throws KmError SVC_007 for a server that was started without the flag
 */
async function allowing(connection: Connection, flag: string, signal: AbortSignal): Promise<Record<string, string>> {
  const { data } = await ask(connection, { path: "/api/v1/status/flags", signal }, FLAGS);
  if (data[flag] === "true") return data;
  throw new KmError("SVC_007", `${connection.client.label} does not allow it: it was started without --${flag}`, {
    hint: `Whoever runs Prometheus can start it with --${flag}.`,
  });
}

async function post(
  connection: Connection,
  path: string,
  query: Record<string, string | number | string[] | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries({ ...connection.params, ...query })) {
    for (const value of [values].flat()) if (value !== undefined) form.append(name, String(value));
  }
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  await connection.client.text({ method: "POST", path, body: form.toString(), headers, signal });
}

interface Range {
  start?: string | undefined;
  end?: string | undefined;
}

function seconds({ start, end }: Range): { start: number | undefined; end: number | undefined } {
  const nowMs = Date.now();
  const at = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : momentOf(text, nowMs, nowMs) / 1000;
  return { start: at(start), end: at(end) };
}

function rangeText(range: Range): string {
  const { start, end } = seconds(range);
  const from = start === undefined ? "from the first" : `from ${momentText(start * 1000)}`;
  return `${from} to ${end === undefined ? "the last" : momentText(end * 1000)}`;
}
