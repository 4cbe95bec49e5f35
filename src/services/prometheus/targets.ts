/** The tool `prometheus_targets`: what Prometheus scrapes, whether that works, and what it dropped. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listed } from "../listed.ts";
import { maskedUrl } from "../masked-config.ts";
import { tool, type ToolCall } from "../tool.ts";
import { detailArgument, hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { ask, connectionOf, type PrometheusBackend } from "./backend.ts";
import { LABELS, seriesName } from "../labels.ts";
import { counted } from "../../counted.ts";

const ACTIVE = v.object({
  labels: LABELS,
  discoveredLabels: v.optional(LABELS, {}),
  scrapePool: v.optional(v.string(), ""),
  scrapeUrl: v.string(),
  lastError: v.optional(v.string(), ""),
  lastScrape: v.optional(v.string(), ""),
  lastScrapeDuration: v.optional(v.number(), 0),
  health: v.string(),
  scrapeInterval: v.optional(v.string()),
  scrapeTimeout: v.optional(v.string()),
});
const DROPPED = v.object({ discoveredLabels: LABELS });
const TARGETS = v.object({
  activeTargets: v.array(ACTIVE),
  droppedTargets: v.optional(v.nullable(v.array(DROPPED)), []),
});
type Active = v.InferOutput<typeof ACTIVE>;

export const targets = tool({
  name: "targets",
  title: "Scrape targets",
  description: "Targets with health and last error, those in trouble first, and a count by job.",
  access: "read",
  toolset: "state",
  input: v.strictObject({
    state: v.optional(word("active", "dropped", "any"), "active"),
    health: v.optional(word("up", "down", "unknown")),
    job: described("The label job", text("the name of a job")),
    search: searchArgument,
    detail: detailArgument,
    ...listArguments(50),
  }),
  output: v.object({
    jobs: v.unknown(),
    total: v.number(),
    dropped: v.number(),
    targets: v.array(v.unknown()),
  }),
  async run(input, { backend, signal, mostBytes }: ToolCall<PrometheusBackend>) {
    const { state, health, job, search, detail } = input;
    const connection = connectionOf(backend, input.connection);
    const question = { path: "/api/v1/targets", query: { state: "any" }, signal, mostBytes: 32 << 20 };
    const { data } = await ask(connection, question, TARGETS);
    const dropped = data.droppedTargets ?? [];
    const active = data.activeTargets
      .filter((one) => health === undefined || one.health === health)
      .filter((one) => job === undefined || one.labels["job"] === job)
      .filter((one) => hasWords(`${seriesName(one.labels)} ${one.scrapeUrl} ${one.lastError}`, search))
      .toSorted((a, b) => Number(a.health === "up") - Number(b.health === "up"));
    const shownDropped =
      health === undefined && state !== "active" ? dropped.map((one) => droppedTarget(one, detail)) : [];
    const all = [
      ...(state === "dropped" ? [] : active.map((one) => activeTarget(one, detail))),
      ...shownDropped
        .filter((one) => job === undefined || one.labels["job"] === job)
        .filter(({ labels }) => hasWords(seriesName(labels), search)),
    ];
    const jobs = byJob(data.activeTargets);
    const counts = Object.entries(jobs).map(
      ([name, some]) =>
        `${name}: ${Object.entries(some)
          .map(([one, count]) => `${count} ${one}`)
          .join(", ")}`,
    );
    return listed(
      {
        all,
        what: "targets",
        limit: input.limit,
        token: input.continue,
        question: [state, health, job, search, detail, input.connection],
        mostBytes,
        head: `${counted(all.length, "target")}; of all jobs: ${counts.join("; ")}; dropped: ${dropped.length}`,
        line: ({ health: now, labels, url, lastError, lastScrape }) =>
          [now, seriesName(labels), url, lastScrape, lastError].filter(Boolean).join("  "),
      },
      (items, total) => ({ jobs, total, dropped: dropped.length, targets: items }),
    );
  },
});

interface Target {
  health: string;
  labels: Record<string, string>;
  url?: string;
  lastError?: string;
  lastScrape?: string;
  tookMs?: number;
  pool?: string;
  interval?: string | undefined;
  timeout?: string | undefined;
  discovered?: Record<string, string>;
}

function activeTarget(one: Active, detail: boolean): Target {
  return {
    health: one.health,
    labels: one.labels,
    url: maskedUrl(one.scrapeUrl),
    // It repeats the address.
    ...(one.lastError !== "" && { lastError: one.lastError.replaceAll(one.scrapeUrl, maskedUrl(one.scrapeUrl)) }),
    lastScrape: one.lastScrape,
    tookMs: Math.round(one.lastScrapeDuration * 1e6) / 1000,
    ...(detail && {
      pool: one.scrapePool,
      interval: one.scrapeInterval,
      timeout: one.scrapeTimeout,
      discovered: maskedLabels(one.discoveredLabels),
    }),
  };
}

/** What it was before relabelling: of the labels that say where it is, unless everything is wanted. */
function droppedTarget({ discoveredLabels }: v.InferOutput<typeof DROPPED>, detail: boolean): Target {
  const masked = maskedLabels(discoveredLabels);
  const some = Object.entries(masked).filter(([name]) => detail || name === "job" || name === "__address__");
  return { health: "dropped", labels: Object.fromEntries(some) };
}

/** `__param_token` has what the address has. */
function maskedLabels(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => {
      if (!name.startsWith("__param_")) return [name, maskedUrl(value)];
      const masked = new URL(maskedUrl(`http://host/?${new URLSearchParams({ [name.slice(8)]: value }).toString()}`));
      return [name, masked.searchParams.get(name.slice(8)) ?? value];
    }),
  );
}

function byJob(all: readonly Active[]): Record<string, Record<string, number>> {
  const jobs: Record<string, Record<string, number>> = {};
  for (const { labels, health } of all) {
    const job = (jobs[labels["job"] ?? ""] ??= {});
    job[health] = (job[health] ?? 0) + 1;
  }
  return jobs;
}
