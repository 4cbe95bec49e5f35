/** The tool `kibana_status`: how Kibana is; and `probe`: the same for all connections. */
import * as v from "valibot";
import { connectionArgument } from "../backend/connections.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Probe } from "../service.ts";
import { tool, type ToolCall } from "../tool.ts";
import { ask, askingOf, type Asking, type Connection, type KibanaBackend } from "./backend.ts";

const LEVEL = v.object({ level: v.string(), summary: v.optional(v.string()) });
const STATUS = v.object({
  name: v.optional(v.string()),
  version: v.optional(v.object({ number: v.string() })),
  status: v.object({
    overall: LEVEL,
    core: v.optional(v.record(v.string(), LEVEL), {}),
    plugins: v.optional(v.record(v.string(), LEVEL), {}),
  }),
  metrics: v.optional(
    v.object({
      process: v.optional(
        v.object({
          uptime_in_millis: v.optional(v.number()),
          memory: v.optional(
            v.object({ heap: v.optional(v.object({ used_in_bytes: v.number(), size_limit: v.number() })) }),
          ),
        }),
      ),
      response_times: v.optional(
        v.object({ avg_in_millis: v.nullish(v.number()), max_in_millis: v.nullish(v.number()) }),
      ),
      requests: v.optional(v.object({ total: v.number() })),
    }),
  ),
});

export const status = tool({
  name: "status",
  title: "Status of Kibana",
  description: "Version, state, and which plugins are in trouble.",
  access: "read",
  toolset: "core",
  input: v.strictObject({ connection: connectionArgument }),
  output: v.object({ level: v.string() }),
  async run({ connection }, { backend, signal }: ToolCall<KibanaBackend>) {
    const {
      name,
      version,
      status: found,
      metrics,
    } = await statusOf(askingOf(backend, { connection, space: "default" }), signal);
    const troubled = Object.entries({ ...found.core, ...found.plugins })
      .filter(([, one]) => one.level !== "available")
      .map(([plugin, one]) => ({ plugin, ...one }));
    const heap = metrics?.process?.memory?.heap;
    const text = [
      `${name ?? "Kibana"} ${version?.number ?? "(its version is only told to who is logged in)"}: ${found.overall.level}${found.overall.summary === undefined ? "" : `, ${found.overall.summary}`}`,
      heap &&
        `heap ${heap.used_in_bytes >> 20} of ${Math.round(heap.size_limit / 2 ** 20)} MB, responses take ${Math.round(metrics.response_times?.avg_in_millis ?? 0)} ms`,
      ...troubled.map((one) => `${one.plugin}: ${one.level}${one.summary === undefined ? "" : `, ${one.summary}`}`),
    ];
    return {
      data: {
        level: found.overall.level,
        ...(version !== undefined && { version: version.number }),
        troubled: troubled.slice(0, 50),
        metrics,
      },
      text: text.filter((one) => one !== undefined).join("\n"),
    };
  },
});

export async function probe({ connections }: KibanaBackend, signal: AbortSignal): Promise<Probe[]> {
  return await probeEach(connections, async ({ client }: Connection) => {
    const { version, status: found } = await statusOf({ client, space: "default" }, signal);
    return {
      isReady: found.overall.level === "available",
      detail: `Kibana ${version?.number ?? ""} is ${found.overall.level}`,
    };
  });
}

/** One that is in trouble answers 503, with the same. */
async function statusOf(asking: Asking, signal: AbortSignal) {
  return await ask(asking, { path: "/api/status", signal, expect: [503], isRepeatable: false }, STATUS);
}
