/** The tool `kibana_status`: how Kibana is; and `probe`: the same for all connections. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { connectionArgument } from "../backend/connections.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Probe } from "../service.ts";
import { tool, type ToolCall } from "../tool.ts";
import { askingOf, askText, type Asking, type Connection, type KibanaBackend } from "./backend.ts";
import { readError } from "./read-error.ts";

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
      // Degraded is a plugin that is in trouble, and answered with 200: the rest can be used.
      isReady: ["available", "degraded"].includes(found.overall.level),
      detail: `Kibana ${version?.number ?? ""} is ${found.overall.level}`,
    };
  });
}

/** One that is in trouble answers 503, with the same; one that only starts says so as a plain text. */
async function statusOf(asking: Asking, signal: AbortSignal): Promise<v.InferOutput<typeof STATUS>> {
  const { status, text } = await askText(asking, {
    path: "/api/status",
    headers: { accept: "application/json" },
    signal,
    expect: [503],
    isRepeatable: false,
  });
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), STATUS), text);
  if (read.success) return read.output;
  const { label } = asking.client;
  if (status === 503) {
    throw new KmError("SVC_003", `${label}: ${readError(text) ?? "it is not available now"} (HTTP 503)`, {
      hint: "It starts, or does not reach its Elasticsearch. Try again in half a minute; then see its log.",
    });
  }
  throw new KmError("SVC_008", `${label} answered /api/status with something else than expected`, {
    hint: `It begins with ${JSON.stringify(text.slice(0, 80))}: see whether the URL leads to the right server.`,
  });
}
