/** The tool `kubernetes_api_resources`: the kinds that a cluster has. */
import * as v from "valibot";
import { described, text } from "../../../guard/policy/schema-parts.ts";
import { continueArgument, limitArgument, page } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { contextArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { apiVersionOf } from "../discovery/resource.ts";
import { tableText } from "../listing/table.ts";

const INPUT = v.strictObject({
  group: described("Such as apps; core for the first", text("the name of a group", 253)),
  match: described("Part of the kind or its short name", text("a part of a name", 100)),
  namespaced: v.optional(v.boolean("true or false")),
  limit: limitArgument(100),
  continue: continueArgument,
  context: contextArgument,
});

export const apiResources = tool({
  name: "api_resources",
  title: "Kinds",
  description: "The kinds of objects of the cluster with their versions, custom resources too.",
  access: "read",
  toolset: "admin",
  input: INPUT,
  output: v.object({ resources: v.array(v.looseObject({})) }),
  async run(input: v.InferOutput<typeof INPUT>, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const cluster = backend.cluster(input.context);
    const { resources, missing } = await cluster.discovery.all(signal);
    const group = input.group === "core" ? "" : input.group;
    const match = input.match?.toLowerCase();
    const found = resources
      .filter((one) => group === undefined || one.group === group)
      .filter((one) => input.namespaced === undefined || one.isNamespaced === input.namespaced)
      .filter(
        (one) =>
          match === undefined ||
          [one.kind.toLowerCase(), one.plural, ...one.shortNames].some((name) => name.includes(match)),
      )
      .filter((one) => !cluster.bounds.isDenied(one));
    const { limit, continue: token, ...question } = input;
    const { items, next, note } = page(found, "kinds", { limit, token, question, mostBytes: mostBytes * 0.4 });
    const shown = items.map((one) => ({
      name: one.plural,
      apiVersion: apiVersionOf(one),
      kind: one.kind,
      namespaced: one.isNamespaced,
      shortNames: one.shortNames,
      verbs: one.verbs,
    }));
    const rows = shown.map((one) => [
      one.name,
      one.shortNames.join(","),
      one.apiVersion,
      one.kind,
      one.namespaced ? "namespaced" : "cluster",
    ]);
    const gap = missing.length === 0 ? "" : `Not known, since they do not answer: ${missing.join(", ")}.`;
    return {
      data: { resources: shown },
      text: tableText(["NAME", "SHORT", "VERSION", "KIND", "SCOPE"], rows),
      ...(next !== undefined && { next }),
      ...((note !== undefined || gap !== "") && { note: [note, gap].filter(Boolean).join(" ") }),
    };
  },
});
