/** The endpoints about the service itself. */
import * as v from "valibot";
import { defineEndpoint } from "./endpoint.ts";

/** Neither is charged to a budget: whoever looks after the service must not be refused. */
const OPEN = { method: "GET", authentication: "none", budget: "none" } as const;

export const health = defineEndpoint({
  ...OPEN,
  name: "health",
  path: "/healthz",
  summary: "Whether the process is alive",
  answer: { schema: v.object({ status: v.literal("ok"), version: v.string() }) },
});

export const readiness = defineEndpoint({
  ...OPEN,
  name: "readiness",
  path: "/readyz",
  summary: "Whether requests should be sent here: its database answers, and it is not about to stop",
  answer: { schema: v.object({ status: v.literal("ready") }) },
  problems: ["unavailable"],
});

export const metrics = defineEndpoint({
  ...OPEN,
  name: "metrics",
  path: "/metrics",
  summary: "Counters and durations for Prometheus",
  answer: { mediaType: "text/plain" },
  problems: ["not_found"],
});

export const openApiDocument = defineEndpoint({
  ...OPEN,
  name: "openApiDocument",
  path: "/openapi.json",
  summary: "This description",
  answer: { mediaType: "application/openapi+json" },
});
