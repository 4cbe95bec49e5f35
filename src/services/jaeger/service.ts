/** The service `jaeger`: Jaeger, and what has its query API. */
import * as v from "valibot";
import { described, word } from "../../guard/policy/schema-parts.ts";
import { connectionsSchema } from "../backend/connections.ts";
import { openClients } from "../backend/open-clients.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Service } from "../service.ts";
import { type Connection, type JaegerBackend, readerOf } from "./backend.ts";
import { dependencies } from "./dependencies-tool.ts";
import { readError } from "./read-error.ts";
import { services } from "./services-tool.ts";
import { trace } from "./trace-tool.ts";
import { traces } from "./traces-tool.ts";
import { slowTraces } from "./prompt.ts";
import { counted } from "../../counted.ts";

const config = connectionsSchema({
  api: described("Which API: legacy (below /api) or v3; default: auto", word("auto", "legacy", "v3")),
});

const service: Service<v.InferOutput<typeof config>, JaegerBackend> = {
  name: "jaeger",
  title: "Jaeger",
  description: "Traces: services, searches, trees, critical paths, errors and dependencies",
  config,
  flags: { url: { key: "url", valueHint: "url", description: "Where Jaeger's query service is" } },
  tools: [services, traces, trace, dependencies],
  prompts: [slowTraces],
  async open(written, around) {
    const connections = await openClients(
      { name: "jaeger", title: "Jaeger", url: "http://127.0.0.1:16686", readError },
      written,
      around,
      ({ client, one }): Connection => ({ client, api: one.api ?? "auto" }),
    );
    return { connections };
  },
  async probe(backend, signal) {
    return await probeEach(backend.connections, async (_, name) => {
      const found = await (await readerOf(backend, name, signal)).services(signal);
      return { isReady: true, detail: `It knows ${counted(found.length, "service")}.` };
    });
  },
  async close({ connections }) {
    for (const { client } of connections.values()) await client.close();
  },
};

export default service;
