/** The resource `kubernetes://{context}/{namespace}/{kind}/{name}`: an object of a cluster, as `kubernetes_get` shows it. */
import * as v from "valibot";
import { text } from "../../../guard/policy/schema-parts.ts";
import { resource, type ResourceCall } from "../../resource.ts";
import { UriTemplate } from "../../uri-template.ts";
import { kindArgument, nameArgument, namespaceText } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { type Named, placeOf, readObject } from "../find-object.ts";
import { maskObject } from "../masking/mask-object.ts";
import {
  chosenOf,
  contextNames,
  namespaceNames,
  objectNames,
  USUAL,
  USUAL_KINDS,
} from "../prompts/names-in-cluster.ts";
import { slimObject } from "../slim-object.ts";
import { yamlText } from "../../yaml-text.ts";

const URI = "kubernetes://{context}/{namespace}/{kind}/{name}";
const TEMPLATE = new UriTemplate(URI);
const YAML = "application/yaml";
/** Without what is in the object, from servers that can. */
const METADATA_ALONE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const VERSIONED = v.object({
  metadata: v.object({ uid: v.optional(v.string(), ""), resourceVersion: v.optional(v.string(), "") }),
});
const namespaceOrNone = v.union([v.literal(USUAL), namespaceText], "the name of a namespace, or -");

const VARIABLES = v.strictObject({
  context: text("the name of a context, or -", 253),
  namespace: namespaceOrNone,
  kind: kindArgument,
  name: nameArgument,
});

type Variables = v.InferOutput<typeof VARIABLES>;
type Call = ResourceCall<KubernetesBackend>;

export const object = resource({
  name: "object",
  title: "Object of a cluster",
  description:
    "An object with its secrets masked, as YAML; - for the usual context, and for the namespace of what has none",
  mimeType: YAML,
  uri: URI,
  needs: "kubernetes_get",
  variables: VARIABLES,
  complete: {
    context: (_typed, call) => [USUAL, ...contextNames(call)],
    namespace: async (_typed, call) => [USUAL, ...(await namespaceNames(call))],
    kind: () => USUAL_KINDS,
    name: async (_typed, call) => await objectNames(call, call.given["kind"]),
  },
  async identify(variables: Variables, { backend, signal }: Call) {
    const {
      cluster,
      resource: kind,
      namespace = USUAL,
      name,
    } = await placeOf(backend, named(variables), "read", signal);
    const { group, plural } = kind;
    return TEMPLATE.expand({
      context: cluster.context.name,
      namespace,
      kind: group === "" ? plural : `${plural}.${group}`,
      name,
    });
  },
  async read(variables, { backend, signal }) {
    const place = await placeOf(backend, named(variables), "read", signal);
    const found = await readObject(place, signal);
    return { mimeType: YAML, text: yamlText(slimObject(maskObject(found))) };
  },
  async look(variables, { backend, signal }) {
    const { cluster, path } = await placeOf(backend, named(variables), "read", signal);
    const request = { path, headers: { accept: METADATA_ALONE }, signal };
    const { metadata } = await cluster.json(request, VERSIONED);
    // Another object of the same name has another uid.
    return `${metadata.uid} ${metadata.resourceVersion}`;
  },
});

function named({ context, namespace, kind, name }: Variables): Named {
  return { kind, name, namespace: chosenOf(namespace), context: chosenOf(context) };
}
