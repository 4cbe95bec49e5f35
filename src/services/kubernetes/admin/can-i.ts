/** The tool `kubernetes_can_i`: what the caller may do: one thing, or everything in a namespace. */
import * as v from "valibot";
import { described, text } from "../../../guard/policy/schema-parts.ts";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { tableText } from "../listing/table.ts";
import { type Attributes, attributesText, review } from "./access-review.ts";

const VERB = "a verb such as get, list, create, update, patch, delete, or *";
const SUBRESOURCE = "the name of a subresource, such as log";

const INPUT = v.strictObject({
  verb: v.optional(
    v.pipe(
      v.string(VERB),
      v.check((text) => /^(?:[a-z]{2,40}|\*)$/.test(text), VERB),
      v.description("With kind: one thing; without both: all that is allowed"),
    ),
  ),
  kind: v.optional(kindArgument),
  subresource: v.optional(
    v.pipe(
      v.string(SUBRESOURCE),
      v.check((text) => /^[a-z]{1,63}$/.test(text), SUBRESOURCE),
    ),
  ),
  name: v.optional(nameArgument),
  namespace: namespaceArgument,
  context: contextArgument,
  url: described("In place of kind, such as /metrics", text("a path", 1000)),
});

type Input = v.InferOutput<typeof INPUT>;

const TEXTS = v.nullish(v.array(v.string()), []);
const RULES = v.looseObject({
  status: v.looseObject({
    incomplete: v.optional(v.boolean(), false),
    resourceRules: v.nullish(
      v.array(v.looseObject({ verbs: TEXTS, apiGroups: TEXTS, resources: TEXTS, resourceNames: TEXTS })),
      [],
    ),
    nonResourceRules: v.nullish(v.array(v.looseObject({ verbs: TEXTS, nonResourceURLs: TEXTS })), []),
  }),
});
const URL_REVIEW = v.looseObject({ status: v.looseObject({ allowed: v.optional(v.boolean(), false) }) });

export const canI = tool({
  name: "can_i",
  title: "What is allowed",
  description: "Whether km's user may do something in the cluster; without verb and kind, all that it may do.",
  access: "read",
  toolset: "admin",
  input: INPUT,
  output: v.object({ allowed: v.optional(v.boolean()), rules: v.optional(v.array(v.looseObject({}))) }),
  async run(input: Input, { backend, signal }: ToolCall<KubernetesBackend>) {
    const cluster = backend.cluster(input.context);
    const namespace = input.namespace ?? cluster.namespace;
    if (input.verb === undefined && input.kind === undefined && input.url === undefined) {
      return await allOf(cluster, namespace, signal);
    }
    const { verb } = input;
    if (verb === undefined) throw new KmError("SVC_001", `Argument verb is missing. Allowed: ${VERB}`);
    if (input.url !== undefined) return await urlAllowed(cluster, { verb, path: input.url }, signal);
    const attributes = await attributesOf(cluster, { ...input, verb }, namespace, signal);
    const { isAllowed, reason } = await review(cluster, attributes, signal);
    const shown = attributesText(attributes);
    return {
      data: { allowed: isAllowed },
      text: `${isAllowed ? "Yes" : "No"}: ${shown}${reason === undefined ? "" : `: ${reason}`}`,
    };
  },
});

async function attributesOf(
  cluster: Cluster,
  { verb, kind, subresource, name }: Input & { verb: string },
  namespace: string,
  signal: AbortSignal,
): Promise<Attributes> {
  if (kind === undefined) throw new KmError("SVC_001", "Argument kind is missing: what the verb is about");
  const resource = await cluster.discovery.find(kind, signal);
  return {
    verb,
    group: resource.group,
    resource: resource.plural,
    ...(subresource !== undefined && { subresource }),
    ...(name !== undefined && { name }),
    ...(resource.isNamespaced && { namespace }),
  };
}

async function urlAllowed(
  cluster: Cluster,
  nonResourceAttributes: { verb: string; path: string },
  signal: AbortSignal,
) {
  const kind = "SelfSubjectAccessReview";
  const json = { apiVersion: "authorization.k8s.io/v1", kind, spec: { nonResourceAttributes } };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const { status } = await cluster.json({ method: "POST", path, json, isRepeatable: true, signal }, URL_REVIEW);
  const shown = `${nonResourceAttributes.verb} ${nonResourceAttributes.path}`;
  return { data: { allowed: status.allowed }, text: `${status.allowed ? "Yes" : "No"}: ${shown}` };
}

async function allOf(cluster: Cluster, namespace: string, signal: AbortSignal) {
  const json = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
  const { status } = await cluster.json({ method: "POST", path, json, isRepeatable: true, signal }, RULES);
  const rules = [
    ...(status.resourceRules ?? []).map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs: verbs ?? [],
      what: (resources ?? []).map((one) => [one, ...(apiGroups ?? []).filter(Boolean)].join(".")),
      names: resourceNames ?? [],
    })),
    ...(status.nonResourceRules ?? []).map((one) => ({
      verbs: one.verbs ?? [],
      what: one.nonResourceURLs ?? [],
      names: [],
    })),
  ];
  const rows = rules.map(({ verbs, what, names }) => [verbs.join(","), what.join(","), names.join(",")]);
  return {
    data: { rules },
    text: `In ${namespace}:\n${tableText(["VERBS", "WHAT", "NAMES"], rows)}`,
    ...(status.incomplete && { note: "The list is not complete: another authorizer than RBAC decides too." }),
  };
}
