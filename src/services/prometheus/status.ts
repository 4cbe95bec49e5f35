/** The tool `prometheus_status`: the server itself: whether it is ready, what it is, how it is configured and what it holds. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import { listed } from "../listed.ts";
import { maskedConfig, maskedUrl } from "../masked-config.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { ask, type Connection, connectionOf, type PrometheusBackend } from "./backend.ts";
import { answersQueries, readiness } from "./ready.ts";

const TEXTS = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));
const MANAGERS = v.object({
  activeAlertmanagers: v.array(v.object({ url: v.string() })),
  droppedAlertmanagers: v.optional(v.nullable(v.array(v.object({ url: v.string() }))), []),
});
const COUNTS = v.nullable(v.array(v.object({ name: v.string(), value: v.number() })));
const TSDB = v.object({
  headStats: TEXTS,
  seriesCountByMetricName: COUNTS,
  labelValueCountByLabelName: COUNTS,
  memoryInBytesByLabelName: COUNTS,
  seriesCountByLabelValuePair: COUNTS,
});
/** Addresses that are secrets as a whole: none in Prometheus' own configuration. */
const SECRET_URLS: ReadonlySet<string> = new Set();
const MANY = 100;

export const status = tool({
  name: "status",
  title: "Prometheus itself",
  description:
    "The server: overview (ready, version, runtime, WAL replay, alertmanagers), flags, config (masked), or tsdb (cardinality).",
  access: "read",
  toolset: "state",
  input: v.strictObject({
    section: v.optional(word("overview", "flags", "config", "tsdb"), "overview"),
    search: searchArgument,
    part: described("A top member of config, such as scrape_configs", text("the name of a member", 100)),
    ...listArguments(MANY),
  }),
  output: v.looseObject({}),
  async run(input, call: ToolCall<PrometheusBackend>): Promise<Answer<Record<string, unknown>>> {
    const connection = connectionOf(call.backend, input.connection);
    const { section, search, limit } = input;
    if (section === "overview") return await overview(connection, call.signal);
    const list = {
      limit,
      token: input.continue,
      question: [section, search, input.part, input.connection],
      mostBytes: call.mostBytes,
    };
    if (section === "flags") {
      const { data } = await ask(connection, { path: "/api/v1/status/flags", signal: call.signal }, TEXTS);
      const all = Object.entries(data)
        .map(([name, value]) => ({ name, value: maskedUrl(String(value)) }))
        .filter(({ name, value }) => hasWords(`${name} ${value}`, search));
      return listed({ ...list, all, what: "flags", line: ({ name, value }) => `--${name}=${value}` }, (items) => ({
        flags: Object.fromEntries(items.map(({ name, value }) => [name, value])),
      }));
    }
    if (section === "tsdb") return await tsdb(connection, limit, call.signal);
    const lines = await configLines(connection, input.part, call.signal);
    return listed(
      {
        ...list,
        all: lines.filter((one) => hasWords(one, search)),
        what: "lines",
        head: `Configuration${input.part === undefined ? "" : `, ${input.part}`}; secrets are masked`,
        line: (one) => one,
      },
      (items, total) => ({ lines: total, config: items.join("\n") }),
    );
  },
});

async function overview(connection: Connection, signal: AbortSignal): Promise<Answer<Record<string, unknown>>> {
  const isReady = await readiness(connection, signal);
  const asked = async <T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T | undefined> =>
    // Relatives of Prometheus have only some of these.
    await ask(connection, { path, signal }, schema).then(
      ({ data }) => data,
      (error: unknown) => {
        if (error instanceof KmError && (error.code === "SVC_006" || error.code === "SVC_008" || !isReady.isReady))
          return undefined;
        throw error;
      },
    );
  const [build, runtime, replay, managers] = await Promise.all([
    asked("/api/v1/status/buildinfo", TEXTS),
    asked("/api/v1/status/runtimeinfo", TEXTS),
    asked("/api/v1/status/walreplay", TEXTS),
    asked("/api/v1/alertmanagers", MANAGERS),
  ]);
  const isKnown = [build, runtime, replay, managers].some((one) => one !== undefined);
  if (isReady.isReady && !isKnown) await answersQueries(connection, signal);
  const alertmanagers = managers?.activeAlertmanagers.map(({ url }) => maskedUrl(url));
  const data = { ready: isReady.isReady, state: isReady.detail, build, runtime, walReplay: replay, alertmanagers };
  const rows = Object.entries(data).map(
    ([name, value]) => `${name}: ${isMapping(value) ? pairs(value) : String(value ?? "not known")}`,
  );
  return { data, text: rows.join("\n") };
}

async function tsdb(
  connection: Connection,
  limit: number,
  signal: AbortSignal,
): Promise<Answer<Record<string, unknown>>> {
  const { data } = await ask(connection, { path: "/api/v1/status/tsdb", query: { limit }, signal }, TSDB);
  const { headStats: head, ...lists } = data;
  const most = Object.entries(lists).map(([name, some]) => [name, (some ?? []).slice(0, limit)] as const);
  const rows = most.flatMap(([name, some]) => [`${name}:`, ...some.map((one) => `  ${one.value}  ${one.name}`)]);
  return { data: { head, ...Object.fromEntries(most) }, text: [`head: ${pairs(head)}`, ...rows].join("\n") };
}

/** @throws KmError SVC_006 for a part that is not there */
async function configLines(connection: Connection, part: string | undefined, signal: AbortSignal): Promise<string[]> {
  const schema = v.object({ yaml: v.string() });
  const { data } = await ask(connection, { path: "/api/v1/status/config", signal, mostBytes: 32 << 20 }, schema);
  const config = maskedConfig(data.yaml, SECRET_URLS);
  if (config === undefined) {
    throw new KmError("SVC_008", `${connection.client.label} has a configuration that is no YAML`);
  }
  if (part === undefined) return config.text.trimEnd().split("\n");
  if (!Object.hasOwn(config.value, part)) {
    throw new KmError("SVC_006", `The configuration has no ${JSON.stringify(part)}`, {
      hint: `There are: ${Object.keys(config.value).join(", ")}.`,
    });
  }
  const { stringify } = await import("yaml");
  return stringify({ [part]: config.value[part] }, { lineWidth: 0 })
    .trimEnd()
    .split("\n");
}

function pairs(some: Record<string, unknown>): string {
  return Object.entries(some)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
