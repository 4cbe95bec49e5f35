/** The tool `helm_release`: a release: how it is, its values, its manifest, its notes, its hooks, what became of its objects. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { age } from "../age.ts";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { withoutQuotedBody } from "../kubernetes/kube-error.ts";
import { outlineOf } from "../outline.ts";
import { yamlText } from "../yaml-text.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { releaseText, revisionArgument } from "./arguments.ts";
import type { HelmBackend, Target } from "./backend.ts";
import { healthOf } from "./health.ts";
import { HelmWork } from "./helm-work.ts";
import { revisionsOf } from "./history.ts";
import { maskedValues } from "./known-values.ts";
import { plainObjects, readRelease, readValues, type Release } from "./read-release.ts";
import { chartParts } from "./releases.ts";
import { shownManifest } from "./shown-manifest.ts";

const INPUT = v.strictObject({
  name: releaseText,
  namespace: namespaceArgument,
  part: v.optional(word("status", "health", "values", "all_values", "manifest", "notes", "hooks"), "status"),
  revision: v.optional(v.pipe(revisionArgument, v.description("Default: the latest"))),
  object: described("Of the manifest: Deployment/web", text("a kind and a name, or a word", 300)),
  context: contextArgument,
});

interface Data {
  name: string;
  namespace: string;
  revision: number;
  status: string;
  [member: string]: unknown;
}

export const release = tool({
  name: "release",
  title: "A release",
  description:
    "A release: its status, health of its objects, values (all_values: with the chart's), manifest, notes or hooks. Secrets masked.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.looseObject({ name: v.string(), revision: v.number(), status: v.string(), value: v.unknown() }),
  async run(
    { name, part, revision, object, ...place },
    { backend, signal, mostBytes }: ToolCall<HelmBackend>,
  ): Promise<Answer<Data & { value: unknown }>> {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(place);
    const found = await readRelease(work, target, name, revision);
    const head = { name, namespace: target.namespace, revision: found.revision, status: found.status };
    const title = `${target.namespace}/${name} revision ${found.revision}: ${found.status}`;
    const answer = (value: unknown, body: string, note?: string): Answer<Data & { value: unknown }> => ({
      data: { ...head, value },
      text: `${title}\n${body}`,
      ...(note !== undefined && { note }),
    });
    const most = Math.floor(mostBytes * 0.7);
    switch (part) {
      case "status":
        return await status(work, target, found, answer);
      case "health": {
        const all = await healthOf(plainObjects(found), target, signal);
        const bad = all.filter((one) => one.health !== "ready").length;
        const lines = all.map((one) => [one.health, one.object, work.masked(one.state)].join("\t"));
        const summary =
          bad === 0 ? `all ${all.length} objects are ready` : `${bad} of ${all.length} objects are not ready`;
        return answer(
          { ready: bad === 0, objects: all.map((one) => ({ ...one, state: work.masked(one.state) })) },
          [summary, ...lines].join("\n"),
        );
      }
      case "values":
      case "all_values": {
        const isAll = part === "all_values";
        const values = maskedValues(await readValues(work, target, name, { revision, isAll }), work.known);
        if (Buffer.byteLength(JSON.stringify(values)) <= most) return answer(values, yamlText(values));
        const parts = outlineOf(values, "");
        return answer(
          parts,
          parts.map((one) => `${one.path}\t${one.bytes} bytes`).join("\n"),
          "They are too large for one answer: these are their parts.",
        );
      }
      case "manifest": {
        await readValues(work, target, name, { revision, isAll: false });
        const { bounds } = target.cluster;
        const shown = shownManifest(found.manifest, { wanted: object, known: work.known, bounds, mostBytes: most });
        return answer(shown.objects, shown.text, shown.note);
      }
      case "notes": {
        await readValues(work, target, name, { revision, isAll: false });
        const notes = work.masked(found.notes);
        return answer(notes, notes === "" ? "It has no notes." : notes);
      }
      case "hooks": {
        const hooks = found.hooks.map(({ objects: _objects, ...one }) => one);
        const lines = hooks.map((one) =>
          [`${one.kind}/${one.name}`, one.events.join(","), one.phase || "has not run", one.completedAt].join("\t"),
        );
        return answer(hooks, lines.length === 0 ? "It has no hooks." : lines.join("\n"));
      }
    }
  },
});

async function status(
  work: HelmWork,
  target: Target,
  found: Release,
  answer: (value: unknown, body: string) => Answer<Data & { value: unknown }>,
) {
  const revisions = await revisionsOf(work, target, found.name);
  const own = revisions.find((one) => one.revision === found.revision);
  const kinds: Record<string, number> = {};
  for (const { kind = "" } of plainObjects(found)) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const { name: chart, version } = chartParts(own?.chart ?? "");
  const deployed = revisions.find((one) => one.status === "deployed")?.revision;
  const value = {
    chart,
    version,
    app_version: own?.app_version ?? "",
    description: work.masked(withoutQuotedBody(found.description)),
    first_deployed: found.firstDeployed,
    last_deployed: found.lastDeployed,
    revisions: revisions.length,
    deployed_revision: deployed,
    objects: kinds,
    hooks: found.hooks.length,
    has_notes: found.notes !== "",
  };
  const lines = [
    `chart ${chart} ${version}, app ${value.app_version || "unknown"}`,
    `last changed ${age(found.lastDeployed)} ago, first deployed ${age(found.firstDeployed)} ago: ${value.description}`,
    `objects: ${
      Object.entries(kinds)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(", ") || "none"
    }; hooks: ${value.hooks}`,
    `revisions: ${revisions.length}${deployed === found.revision || deployed === undefined ? "" : `; deployed is ${deployed}`}`,
  ];
  return answer(value, lines.join("\n"));
}
