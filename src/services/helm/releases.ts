/** The tool `helm_releases`: the releases of a cluster, those in trouble first. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { age } from "../age.ts";
import { contextArgument, namespaceText } from "../kubernetes/arguments.ts";
import { hasWords, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { continueArgument, limitArgument } from "../page.ts";
import { tool, type ToolCall } from "../tool.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";
import { type ListedRelease, listReleases } from "./list-releases.ts";
import { counted } from "../../counted.ts";

const SELECTOR = "a selector of labels such as owner=core";

export const releases = tool({
  name: "releases",
  title: "Releases",
  description: "Releases of all namespaces unless one is given, those in trouble first.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    namespace: v.optional(namespaceText),
    status: described("troubled: failed or pending", word("deployed", "failed", "pending", "uninstalled", "troubled")),
    chart: described("The chart's name", text("a name", 253)),
    search: searchArgument,
    labels: described(
      "Selector",
      v.pipe(
        text(SELECTOR, 500),
        v.check((value) => !/\p{Cc}/u.test(value), SELECTOR),
      ),
    ),
    limit: limitArgument(50),
    continue: continueArgument,
    context: contextArgument,
  }),
  output: v.object({ total: v.number(), states: v.unknown(), releases: v.array(v.unknown()) }),
  async run(
    { namespace, status, chart, search, labels, context, ...input },
    { backend, signal, mostBytes }: ToolCall<HelmBackend>,
  ) {
    await using work = await HelmWork.begin(backend, signal);
    const found = await listReleases(work, { namespace, labels, context });
    const all = found
      .filter((one) => status === undefined || isIn(one.status, status))
      .map((one) => shown(one))
      .filter((one) => chart === undefined || one.chart === chart)
      .filter((one) => hasWords(`${one.name} ${one.namespace} ${one.chart} ${one.app_version}`, search))
      .sort((a, b) => rank(a.status) - rank(b.status) || Number(isTroubled(a.status)) * (b.at - a.at));
    const states: Record<string, number> = {};
    for (const one of all) states[one.status] = (states[one.status] ?? 0) + 1;
    const namespaces = new Set(all.map((one) => one.namespace)).size;
    const counts = Object.entries(states).map(([name, count]) => `${count} ${name}`);
    const head = `${counted(all.length, "release")}${all.length === 0 ? "" : ` in ${counted(namespaces, "namespace")}: ${counts.join(", ")}`}`;
    return listed(
      {
        all: all.map(({ at: _at, ...one }) => one),
        what: "releases",
        limit: input.limit,
        token: input.continue,
        question: [namespace, status, chart, search, labels, context],
        mostBytes,
        head,
        line: (one) =>
          [
            `${one.namespace}/${one.name}`,
            one.status,
            `revision ${one.revision}`,
            `${one.chart} ${one.version}`,
            one.app_version,
            one.age,
          ].join("\t"),
      },
      (items, total) => ({ total, states, releases: items }),
    );
  },
});

function shown({ name, namespace, revision, updated, status, chart, app_version }: ListedRelease) {
  const { name: chartName, version } = chartParts(chart);
  // `2026-11-22 08:38:04.739744158 +0000 UTC`
  const at = Date.parse(updated.replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d).*$/, "$1T$2$3:$4"));
  return {
    namespace,
    name,
    status,
    revision,
    chart: chartName,
    version,
    app_version,
    age: Number.isNaN(at) ? updated : age(new Date(at).toISOString()),
    at: Number.isNaN(at) ? 0 : at,
  };
}

/** `cert-manager-v1.2.0-rc.1`: names have dashes and digits too, so that a version with all its numbers is looked for first. */
export function chartParts(chart: string): { name: string; version: string } {
  const found = /^(.+?)-(v?\d+\.\d+\.\d+(?:[-+].*)?)$/.exec(chart) ?? /^(.+)-(v?\d+(?:\.\d+)?(?:[-+].*)?)$/.exec(chart);
  const [, name = chart, version = ""] = found ?? [];
  return { name, version };
}

function isIn(status: string, wanted: string): boolean {
  if (wanted === "pending") return status.startsWith("pending");
  if (wanted === "troubled") return isTroubled(status);
  return status === wanted;
}

function isTroubled(status: string): boolean {
  return status === "failed" || status === "unknown" || status.startsWith("pending") || status === "uninstalling";
}

function rank(status: string): number {
  if (isTroubled(status)) return 0;
  return status === "deployed" ? 1 : 2;
}
