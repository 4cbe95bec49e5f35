/** The tool `kubernetes_explain`: the fields of a kind, from the API server's own description. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import type { Resource } from "../discovery/resource.ts";
import { fieldsAt, type OpenApi, schemaOf } from "./openapi-fields.ts";

const FIELD = "a field with its parents, such as spec.template.spec.containers";

const INPUT = v.strictObject({
  kind: kindArgument,
  field: v.optional(
    v.pipe(
      v.string(FIELD),
      v.check((text) => /^\.?[\w$-]{1,100}(?:\.[\w$-]{1,100}){0,30}$/.test(text), FIELD),
    ),
  ),
  context: contextArgument,
});

const SCHEMAS = v.record(v.string(), v.looseObject({}));
const V3_INDEX = v.looseObject({ paths: v.record(v.string(), v.looseObject({ serverRelativeURL: v.string() })) });
const V3 = v.looseObject({ components: v.looseObject({ schemas: v.optional(SCHEMAS, {}) }) });
const V2 = v.looseObject({ definitions: SCHEMAS });
/** The whole of an API is several MB. */
const MOST_BYTES = 64 << 20;
const KEPT_MS = 300_000;

export const explain = tool({
  name: "explain",
  title: "Explain a kind",
  description: "What the fields of a kind mean, or those of one of its fields.",
  access: "read",
  toolset: "admin",
  input: INPUT,
  output: v.object({ description: v.string(), fields: v.array(v.looseObject({})) }),
  async run(
    { kind, field = "", context }: v.InferOutput<typeof INPUT>,
    { backend, signal, mostBytes }: ToolCall<KubernetesBackend>,
  ) {
    const cluster = backend.cluster(context);
    const resource = await cluster.discovery.find(kind, signal);
    const api = await openApi(cluster, resource, signal);
    const schema = schemaOf(api, resource);
    if (schema === undefined) {
      throw new KmError("SVC_006", `The API server has no description of ${resource.kind}`, {
        hint: "A custom resource has one where its definition has a structural schema.",
      });
    }
    const steps = field.split(".").filter(Boolean);
    const { description, fields } = fieldsAt(api, schema, steps);
    const place = [resource.kind, ...steps].join(".");
    const shown = fields.map(
      (one) => `${one.name}\t${one.type}${one.isRequired ? ", required" : ""}\t${one.description}`,
    );
    const text = [`${place}: ${description}`, ...shown].join("\n");
    const share = Math.floor(mostBytes * 0.4);
    const isLong = text.length > share || JSON.stringify(fields).length > share;
    return {
      data: { description, fields: isLong ? fields.map(({ name, type }) => ({ name, type })) : fields },
      text: isLong
        ? [`${place}: ${description}`, ...fields.map(({ name, type }) => `${name}\t${type}`)].join("\n")
        : text,
    };
  },
});

/** The newer form comes by groups, from 1.24 on. */
async function openApi(cluster: Cluster, { group, version }: Resource, signal: AbortSignal): Promise<OpenApi> {
  const key = group === "" ? `api/${version}` : `apis/${group}/${version}`;
  try {
    const index = await cluster.json({ path: "/openapi/v3", signal, cacheMs: KEPT_MS }, V3_INDEX);
    const path = index.paths[key]?.serverRelativeURL;
    if (path !== undefined) {
      const { components } = await cluster.json({ path, signal, mostBytes: MOST_BYTES, cacheMs: KEPT_MS }, V3);
      return { schemas: components.schemas };
    }
  } catch (error) {
    if (!(error instanceof KmError) || error.code !== "SVC_006") throw error;
  }
  const { definitions } = await cluster.json(
    { path: "/openapi/v2", signal, mostBytes: MOST_BYTES, cacheMs: KEPT_MS },
    V2,
  );
  return { schemas: definitions };
}
