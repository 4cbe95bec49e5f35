/** `fieldsAt`: the fields at a place of a kind, from a description of an API in OpenAPI 2 or 3. No I/O. */
import { KmError } from "../../../errors.ts";
import { closest } from "../../../closest.ts";
import { listAt, mappingAt, textAt } from "../../member.ts";

export interface OpenApi {
  /** By their names: `io.k8s.api.apps.v1.Deployment`. */
  schemas: Record<string, Record<string, unknown>>;
}

export interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  description: string;
}

type Schema = Record<string, unknown>;

const KINDS = "x-kubernetes-group-version-kind";
const LONGEST = 300;

export function schemaOf(
  { schemas }: OpenApi,
  { group, version, kind }: { group: string; version: string; kind: string },
) {
  return Object.values(schemas).find((schema) =>
    listAt(schema, KINDS).some(
      (one) => textAt(one, "group") === group && textAt(one, "version") === version && textAt(one, "kind") === kind,
    ),
  );
}

/** @throws KmError SVC_001 for a field that is not there */
export function fieldsAt(
  api: OpenApi,
  schema: Schema,
  steps: readonly string[],
): { description: string; fields: Field[] } {
  let at = resolved(api, schema);
  let description = textAt(schema, "description") ?? textAt(at, "description") ?? "";
  for (const [index, step] of steps.entries()) {
    const members = mappingAt(inner(api, at), "properties");
    if (!Object.hasOwn(members, step)) {
      const near = closest(step, Object.keys(members));
      throw new KmError("SVC_001", `Argument field: there is no ${steps.slice(0, index + 1).join(".")}`, {
        hint:
          near === undefined
            ? `There are: ${Object.keys(members).slice(0, 60).join(", ") || "none"}.`
            : `Did you mean ${near}?`,
      });
    }
    const found = mappingAt(members, step);
    description = textAt(found, "description") ?? "";
    at = resolved(api, found);
  }
  const whole = inner(api, at);
  const required = new Set(listAt(whole, "required"));
  const fields = Object.entries(mappingAt(whole, "properties")).map(([name, one]) => {
    const own = mappingAt({ one }, "one");
    return {
      name,
      type: typeOf(api, own),
      isRequired: required.has(name),
      description: shortened(textAt(own, "description")),
    };
  });
  return { description: description.replace(/\s+/g, " "), fields };
}

/** Of a list or a mapping what is in it. */
function inner(api: OpenApi, schema: Schema): Schema {
  const items = mappingAt(schema, "items");
  if (Object.keys(items).length > 0) return inner(api, resolved(api, items));
  const values = mappingAt(schema, "additionalProperties");
  return Object.keys(values).length > 0 ? inner(api, resolved(api, values)) : schema;
}

function resolved({ schemas }: OpenApi, schema: Schema): Schema {
  const reference = textAt(schema, "$ref") ?? textAt(schema, "allOf", 0, "$ref");
  if (reference === undefined) return schema;
  return schemas[reference.slice(reference.lastIndexOf("/") + 1)] ?? schema;
}

function typeOf(api: OpenApi, schema: Schema): string {
  const items = mappingAt(schema, "items");
  if (Object.keys(items).length > 0) return `[]${typeOf(api, items)}`;
  const values = mappingAt(schema, "additionalProperties");
  if (Object.keys(values).length > 0) return `map of ${typeOf(api, values)}`;
  const reference = textAt(schema, "$ref") ?? textAt(schema, "allOf", 0, "$ref");
  if (reference !== undefined) {
    const target = resolved(api, schema);
    return "properties" in target ? reference.slice(reference.lastIndexOf(".") + 1) : (textAt(target, "type") ?? "any");
  }
  return textAt(schema, "type") ?? "any";
}

/** The first sentences say what it is. */
function shortened(text = ""): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST).replace(/ \S*$/, "")} ...`;
}
