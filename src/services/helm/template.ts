/** The tool `helm_template`: what a chart is rendered to, without a cluster. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { namespaceText } from "../kubernetes/arguments.ts";
import { tool, type ToolCall } from "../tool.ts";
import { apiVersionsArgument, chartArguments, flag, releaseText, valuesArgument } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";
import { manifestObjects } from "./manifest.ts";
import { shownManifest } from "./shown-manifest.ts";

const KUBE_VERSION = "a version such as 1.31";

export const template = tool({
  name: "template",
  title: "Render a chart",
  description: "The objects that a chart is rendered to with these values, secrets masked. No cluster is asked.",
  access: "read",
  toolset: "charts",
  payload: ["values"],
  input: v.strictObject({
    ...chartArguments,
    values: valuesArgument,
    name: v.optional(releaseText, "release-name"),
    namespace: v.optional(namespaceText, "default"),
    object: described("Only this: Deployment/web", text("a kind and a name, or a word", 300)),
    kube_version: v.optional(
      v.pipe(
        v.string(KUBE_VERSION),
        v.check((value) => /^v?\d+\.\d+(\.\d+)?$/.test(value), KUBE_VERSION),
      ),
    ),
    api_versions: apiVersionsArgument,
    crds: flag("Also the chart's definitions of kinds"),
    is_upgrade: v.optional(v.boolean("true or false")),
  }),
  output: v.object({ objects: v.array(v.unknown()) }),
  async run(input, { backend, signal, mostBytes }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const found = await backend.places.find(input);
    const args = [
      "template",
      `--namespace=${input.namespace}`,
      ...(await work.valuesFlags(input.values)),
      ...(input.kube_version === undefined ? [] : [`--kube-version=${input.kube_version}`]),
      ...(input.api_versions ?? []).map((one) => `--api-versions=${one}`),
      ...(input.crds === true ? ["--include-crds"] : []),
      ...(input.is_upgrade === true ? ["--is-upgrade"] : []),
      ...found.flags,
    ];
    const rendered = await work.text({ could: `render ${found.name}`, args: [...args, "--", input.name, found.name] });
    const manifest = manifestObjects(rendered);
    for (const { object } of manifest.objects) if (object.kind === "Secret") work.known.addSecret(object, "secret");
    const most = Math.floor(mostBytes * 0.7);
    const shown = shownManifest(manifest, {
      wanted: input.object,
      known: work.known,
      bounds: undefined,
      mostBytes: most,
    });
    return {
      data: { objects: shown.objects },
      text: shown.text,
      ...(shown.note !== undefined && { note: shown.note }),
    };
  },
});
