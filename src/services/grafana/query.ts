/** The tools `grafana_query` and `grafana_query_any`: what a panel shows, or what a data source answers to a query. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, record, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { maskObject } from "../kubernetes/masking/mask-object.ts";
import { yamlText } from "../yaml-text.ts";
import { limitArgument } from "../page.ts";
import { type Answer, type Preview, tool, type ToolCall } from "../tool.ts";
import { datasourceArgument, idArgument, timeArgument, uidText, variablesArgument } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";
import { panelById } from "./dashboard.ts";
import { readDashboard, variablesOf } from "./dashboard-model.ts";
import { findSource, type Source } from "./find-source.ts";
import { RESULTS, type Series, seriesLine, shownFrame, type Table, tableLines } from "./frames.ts";
import { interpolated } from "./interpolate.ts";
import { counted } from "../../counted.ts";

const POINTS = "a whole number from 1 to 10000";

const INPUT = v.strictObject({
  dashboard: described("Its uid, with panel", uidText),
  panel: v.optional(idArgument),
  variables: variablesArgument,
  datasource: described("Name or uid, with query", datasourceArgument),
  query: described("PromQL, LogQL, SQL", text("a query", 20_000)),
  model: described("For data sources that want more: members of the query", record(v.unknown(), "a mapping")),
  instant: v.optional(v.boolean("true or false")),
  from: timeArgument("now-1h"),
  to: timeArgument("now"),
  points: v.optional(
    v.pipe(v.number(POINTS), v.safeInteger(POINTS), v.minValue(1, POINTS), v.maxValue(10_000, POINTS)),
    100,
  ),
  detail: v.optional(v.pipe(v.boolean("true or false"), v.description("All points, not min, avg, max, last")), false),
  limit: limitArgument(50),
  connection: connectionArgument,
});
type Input = v.InferOutput<typeof INPUT>;

interface Data {
  results: object[];
  [member: string]: unknown;
}

const output = v.object({ results: v.array(v.unknown()) });

export const query = tool({
  name: "query",
  title: "Query",
  description: "What a panel shows (dashboard and panel), or what a data source answers (datasource and query).",
  access: "read",
  toolset: "core",
  input: INPUT,
  output,
  async run(input: Input, call: ToolCall<GrafanaBackend>): Promise<Answer<Data>> {
    const queries = await queriesFor(input, call);
    const isOwn = input.dashboard === undefined || Object.keys(input.variables ?? {}).length > 0;
    const strange = isOwn ? queries.find(({ source }) => !READ_ONLY.has(source.type)) : undefined;
    if (strange === undefined) return await answer(queries, input, call);
    const { name, type } = strange.source;
    throw new KmError("SVC_002", `Queries to the data source ${name} (${type}) could change what is behind it`, {
      hint: "Panels are run as they are saved, without variables. grafana_query_any asks anything, where destructive tools are allowed.",
    });
  },
});

export const queryAny = tool({
  name: "query_any",
  title: "Query any data source",
  description: "As grafana_query, also for data sources whose queries can change something: SQL and others.",
  // What a data source does with a query is its own affair, and its login's.
  access: "destructive",
  toolset: "datasources",
  input: INPUT,
  output,
  async run(input: Input, call: ToolCall<GrafanaBackend>): Promise<Answer<Data>> {
    return await answer(await queriesFor(input, call), input, call);
  },
  async preview(input: Input, call: ToolCall<GrafanaBackend>): Promise<Preview> {
    const queries = await queriesFor(input, call);
    const names = [...new Set(queries.map(({ source }) => `${source.name} (${source.type})`))].join(", ");
    return {
      summary: `Asks ${names}, with the rights that Grafana has there`,
      detail: queries.map(({ model }) => yamlText(maskObject(model))).join("\n---\n"),
    };
  },
});

/** Whose queries only read, whatever they say. Of others nobody but their login decides that. */
const READ_ONLY = new Set([
  "prometheus",
  "loki",
  "tempo",
  "jaeger",
  "zipkin",
  "elasticsearch",
  "graphite",
  "grafana",
  "__expr__",
  "grafana-testdata-datasource",
  "grafana-pyroscope-datasource",
]);

async function queriesFor(input: Input, { backend, signal }: ToolCall<GrafanaBackend>): Promise<Asked[]> {
  const connection = connectionOf(backend, input.connection);
  return input.dashboard === undefined
    ? [await ownQuery(connection, input, signal)]
    : await panelQueries(connection, input, signal);
}

async function answer(
  queries: Asked[],
  input: Input,
  { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
): Promise<Answer<Data>> {
  const { from, to, points } = input;
  const json = {
    from,
    to,
    queries: queries.map(({ source, model }) => ({
      ...model,
      datasource: { type: source.type, uid: source.uid },
      maxDataPoints: points,
      intervalMs: intervalMs(from, to, points),
    })),
  };
  const isRepeatable = queries.every(({ source }) => READ_ONLY.has(source.type));
  const request = { method: "POST", path: "/api/ds/query", json, signal, isRepeatable } as const;
  const { results } = await ask(connectionOf(backend, input.connection), request, RESULTS);
  return shown(results, input, mostBytes);
}

interface Asked {
  source: Source;
  model: Record<string, unknown>;
}

/** The members that data sources of these kinds have for it. */
const QUERY_MEMBER: Record<string, string> = {
  prometheus: "expr",
  loki: "expr",
  mysql: "rawSql",
  postgres: "rawSql",
  "grafana-postgresql-datasource": "rawSql",
  mssql: "rawSql",
  elasticsearch: "query",
  tempo: "query",
  influxdb: "query",
  graphite: "target",
};

/** @throws KmError SVC_001 for what is missing */
async function ownQuery(
  connection: Connection,
  { datasource, query: asked, model = {}, instant }: Input,
  signal: AbortSignal,
): Promise<Asked> {
  if (asked === undefined && Object.keys(model).length === 0) {
    throw new KmError("SVC_001", "Argument query is missing", {
      hint: "Give query, with datasource; or dashboard and panel.",
    });
  }
  const source = await findSource(connection, datasource, signal);
  const member = QUERY_MEMBER[source.type];
  if (asked !== undefined && member === undefined) {
    throw new KmError(
      "SVC_001",
      `Argument query: it is not known how data sources of the type ${source.type} are asked`,
      {
        hint: "Give model: the members of a query, as grafana_dashboard shows them of a panel.",
      },
    );
  }
  const isSql = member === "rawSql";
  const isPrometheus = source.type === "prometheus";
  return {
    source,
    model: {
      refId: "A",
      ...(isSql && { format: "table" }),
      ...(isPrometheus && { instant: instant === true, range: instant !== true }),
      ...(source.type === "loki" && { queryType: instant === true ? "instant" : "range" }),
      ...model,
      ...(asked !== undefined && member !== undefined && { [member]: asked }),
    },
  };
}

/** @throws KmError SVC_001, SVC_006, SVC_007 where there is nothing that could be asked */
async function panelQueries(
  connection: Connection,
  { dashboard: uid = "", panel: id, variables: given = {} }: Input,
  signal: AbortSignal,
): Promise<Asked[]> {
  if (id === undefined)
    throw new KmError("SVC_001", "Argument panel is missing", { hint: "grafana_dashboard lists the panels." });
  const { dashboard: model } = await readDashboard(connection, uid, signal);
  const variables = variablesOf(model);
  for (const name of Object.keys(given)) {
    if (variables.some((one) => one.name === name)) continue;
    throw new KmError("SVC_001", `Argument variables: the dashboard has no ${JSON.stringify(name)}`, {
      hint: `It has: ${variables.map((one) => one.name).join(", ") || "none"}.`,
    });
  }
  const panel = panelById(model, id);
  const targets = panel.targets.filter((one) => !one.isHidden);
  if (targets.length === 0) {
    throw new KmError("SVC_007", `Panel ${id} (${panel.title || panel.type}) asks nothing that could be run`);
  }
  return await Promise.all(
    targets.map(async ({ datasource, model: target, refId }) => {
      if (datasource === "-- Dashboard --") {
        throw new KmError("SVC_007", `Panel ${id} shows what another panel has found`, { hint: "Query that panel." });
      }
      const { name } = interpolated({ name: datasource ?? "" }, variables, given, "");
      const source = await findSource(connection, String(name), signal);
      return { source, model: { ...interpolated(target, variables, given, source.type), refId } };
    }),
  );
}

function shown(
  results: v.InferOutput<typeof RESULTS>["results"],
  { detail, limit }: Input,
  mostBytes: number,
): Answer<Data> {
  const found: object[] = [];
  const lines: string[] = [];
  const notes = new Set<string>();
  let left = Math.floor(mostBytes * 0.45);
  let hidden = 0;
  const add = (data: object, text: string): void => {
    left -= Math.max(Buffer.byteLength(JSON.stringify(data)), Buffer.byteLength(text)) + 2;
    if (left < 0) hidden++;
    else {
      found.push(data);
      lines.push(text);
    }
  };
  for (const [ref, { error, frames }] of Object.entries(results)) {
    if (error !== undefined) add({ ref, error }, `${ref} failed: ${error}`);
    let shownCount = 0;
    for (const frame of frames ?? []) {
      for (const { text: notice } of frame.schema.meta?.notices ?? []) if (notice !== "") notes.add(notice);
      for (const one of shownFrame(frame, { isAll: detail, mostRows: limit })) {
        if (shownCount++ >= limit) {
          hidden++;
          continue;
        }
        if (one.kind === "series") addSeries(ref, one.series);
        else addTable(ref, one.table);
      }
    }
    if (error === undefined && shownCount === 0) add({ ref, empty: true }, `${ref}: nothing`);
  }
  if (hidden > 0) notes.add(`${hidden} more are not shown: narrow the query, or raise limit.`);
  return { data: { results: found }, text: lines.join("\n"), ...(notes.size > 0 && { note: [...notes].join(" ") }) };

  function addSeries(ref: string, series: Series): void {
    add({ ref, ...series }, `${ref}  ${seriesLine(series)}`);
  }

  function addTable(ref: string, table: Table): void {
    let { rows } = table;
    // As many as there is room for.
    while (rows.length > 1 && Buffer.byteLength(JSON.stringify(rows)) > left - 512)
      rows = rows.slice(0, rows.length >> 1);
    const cut = { ...table, rows };
    if (rows.length < table.total) notes.add(`${ref}: shown are ${rows.length} of ${table.total} rows.`);
    add({ ref, ...cut }, [`${ref}: ${counted(table.total, "row")}`, ...tableLines(cut)].join("\n"));
  }
}

const UNITS_MS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_629_800_000,
  Q: 7_889_400_000,
  y: 31_557_600_000,
};

/** Between two points, where both ends are plain; else a minute. At least a second. */
function intervalMs(from: string, to: string, points: number): number {
  const [start, end] = [momentMs(from), momentMs(to)];
  return start === undefined || end === undefined || end <= start
    ? 60_000
    : Math.max(1000, Math.ceil((end - start) / points));
}

function momentMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const [, steps = ""] = /^now((?:[-+]\d+[a-zA-Z])*)(?:\/.*)?$/.exec(text) ?? [];
  let ms = Date.now();
  for (const [, sign, count, unit = ""] of steps.matchAll(/([-+])(\d+)([a-zA-Z])/g)) {
    ms += (sign === "-" ? -1 : 1) * Number(count) * (UNITS_MS[unit] ?? 0);
  }
  return ms;
}
