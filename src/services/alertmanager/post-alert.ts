/** The tool `alertmanager_post_alert`: an alert of one's own, to see who is told. */
import * as v from "valibot";
import { described, record, text } from "../../guard/policy/schema-parts.ts";
import { parseDuration } from "../../config/units.ts";
import { connectionArgument } from "../backend/connections.ts";
import type { BackendClient } from "../backend/backend-client.ts";
import { KmError } from "../../errors.ts";
import { seriesName } from "../labels.ts";
import { momentText } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { type AlertmanagerBackend, connectionOf } from "./backend.ts";
import { configurationOf, statusOf } from "./configuration.ts";
import { routesFor, routesIn } from "./routes.ts";

const TEXTS = "a mapping of names to texts";
const DURATION = "a duration such as 5m, or 0s to resolve it";
const NAME = /^[a-zA-Z_]\w*$/;

const labels = v.pipe(
  record(v.pipe(v.string(TEXTS), v.maxLength(5000, TEXTS)), TEXTS),
  v.check((some) => Object.keys(some).every((name) => NAME.test(name)), "names of letters, digits and _"),
);

const input = v.strictObject({
  labels: v.pipe(
    labels,
    v.check((some) => (some["alertname"] ?? "") !== "", "a mapping with alertname"),
    v.description("With alertname"),
  ),
  annotations: v.optional(labels),
  duration: described(
    "Until it resolves; default 5m; 0s resolves it",
    v.pipe(
      v.string(DURATION),
      v.check((value) => parseDuration(value) !== undefined, DURATION),
    ),
  ),
  receiver: described("Refused unless it reaches this one", text("the name of a receiver", 500)),
  connection: connectionArgument,
});

export const postAlert = tool({
  name: "post_alert",
  title: "Send an alert",
  description: "Sends an alert to try the routes: real people are told. dry_run says which receivers it reaches.",
  access: "write",
  isIdempotent: true,
  toolset: "routing",
  input,
  output: v.object({ receivers: v.array(v.string()) }),
  async run(args, { backend, signal }: ToolCall<AlertmanagerBackend>) {
    const client = connectionOf(backend, args.connection);
    const reached = await receiversFor(client, args, signal);
    const endMs = Date.now() + lengthMs(args);
    const alert = { labels: args.labels, annotations: args.annotations ?? {}, endsAt: momentText(endMs) };
    await client.text({ method: "POST", path: "/api/v2/alerts", json: [alert], signal, isRepeatable: true });
    client.forget();
    return {
      data: { receivers: reached, endsAt: alert.endsAt },
      text: `Sent ${seriesName(args.labels)} until ${alert.endsAt}; it reaches ${reached.join(", ") || "nobody"}`,
    };
  },
  async preview(args, { backend, signal }: ToolCall<AlertmanagerBackend>) {
    const reached = await receiversFor(connectionOf(backend, args.connection), args, signal);
    const does = lengthMs(args) === 0 ? "Resolves" : "Sends";
    return { summary: `${does} ${seriesName(args.labels)}, which reaches ${reached.join(", ") || "nobody"}` };
  },
});

function lengthMs({ duration }: v.InferOutput<typeof input>): number {
  return parseDuration(duration ?? "5m") ?? 0;
}

/** @throws KmError SVC_001 where it does not reach the one that is meant */
async function receiversFor(
  client: BackendClient,
  args: v.InferOutput<typeof input>,
  signal: AbortSignal,
): Promise<string[]> {
  const { value } = configurationOf(await statusOf(client, signal), client);
  const taken = routesFor(routesIn(value["route"]), args.labels);
  if (taken === undefined) {
    throw new KmError("SVC_007", `${client.label} has a pattern in its routes that cannot be read here`, {
      hint: "Whom the alert would reach is not known, so it is not sent.",
    });
  }
  const reached = [...new Set(taken.map(({ receiver }) => receiver))];
  if (args.receiver === undefined || reached.includes(args.receiver)) return reached;
  throw new KmError("SVC_001", `Argument receiver: the alert reaches ${reached.join(", ")}, not ${args.receiver}`, {
    hint: "alertmanager_receivers shows the routes, and what labels lead where.",
  });
}
