/** The tools that read saved objects: `kibana_objects`, `kibana_object` and `kibana_export`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { offsetOf, offsetListed } from "../offset-page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { flagArgument, idArgument, pageArguments, typeArgument, where } from "./arguments.ts";
import { askingOf, type KibanaBackend } from "./backend.ts";
import { mustHaveSpace } from "./must-have-space.ts";
import { exported, findObjects, getObject, objectsIn } from "./find-objects.ts";
import { outlineOf, readable, type SavedObject, titleOf } from "./saved-object.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<KibanaBackend>;

const USUAL_TYPES = ["dashboard", "visualization", "lens", "search", "map", "index-pattern", "canvas-workpad"];
const TYPES = "a list of types";
const REFERS = "type:id, such as index-pattern:logs";

export const objects = tool({
  name: "objects",
  title: "Find saved objects",
  description: "Dashboards, data views (index-pattern) and others, last changed first.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    types: v.optional(
      v.pipe(
        v.array(typeArgument, TYPES),
        v.minLength(1, TYPES),
        v.maxLength(30, TYPES),
        v.description(USUAL_TYPES.join(", ")),
      ),
    ),
    search: v.optional(text("words", 200)),
    refers_to: described("type:id", v.pipe(v.string(REFERS), v.regex(/^[^:\s]+:\S+$/, REFERS))),
    detail: flagArgument("All of each"),
    ...pageArguments(50),
  }),
  output: v.object({ total: v.number(), objects: v.array(v.unknown()) }),
  async run({ limit, continue: token, ...question }, { backend, signal, mostBytes }: Call) {
    const { types = USUAL_TYPES, search, refers_to: refers, detail = false } = question;
    const offset = offsetOf(token, [question, limit]);
    const [, type = "", id = ""] = /^([^:]+):(.*)$/.exec(refers ?? "") ?? [];
    const asking = askingOf(backend, question);
    const refersTo = refers === undefined ? undefined : { type, id };
    const { total, objects: found } = await findObjects(asking, { types, search, refersTo, offset, limit }, signal);
    if (total === 0) await mustHaveSpace(asking, signal);
    const items = found.map((one) => (detail ? whole(one) : outlined(one)));
    return offsetListed(
      items,
      {
        offset,
        total,
        question: [question, limit],
        mostBytes,
        what: "objects",
        head: counted(total, "object"),
        line: (one) => ("attributes" in one ? JSON.stringify(one) : lineOf(one)),
      },
      (some) => ({ total, objects: some }),
    );
  },
});

interface Outlined {
  type: string;
  id: string;
  title: string;
  about?: string;
  updated?: string;
}

function outlined(one: SavedObject): Outlined {
  const about = outlineOf(one);
  return {
    type: one.type,
    id: one.id,
    title: titleOf(one),
    ...(about !== "" && { about }),
    ...(one.updated_at !== undefined && { updated: one.updated_at }),
  };
}

function lineOf({ type, id, title, about, updated }: Outlined): string {
  return [`${type}  ${id}  ${title}`, about && `(${about})`, updated?.slice(0, 10)].filter(Boolean).join("  ");
}

function whole({ type, id, attributes, references, updated_at: updated, version, ...rest }: SavedObject) {
  const title = titleOf({ type, id, attributes, references, ...rest });
  return {
    type,
    id,
    title,
    ...(updated !== undefined && { updated }),
    ...(version !== undefined && { version }),
    attributes: readable(attributes),
    references,
  };
}

const PART = "a name of an attribute, such as panelsJSON";

export const object = tool({
  name: "object",
  title: "Read a saved object",
  description: "All of one, such as a dashboard with its panels.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    type: typeArgument,
    id: idArgument,
    attribute: described("Only this", text(PART, 200)),
    ...where,
  }),
  output: v.object({ id: v.string(), type: v.string(), attributes: v.unknown() }),
  async run({ type, id, attribute, ...place }, { backend, signal }: Call) {
    const found = whole(await getObject(askingOf(backend, place), type, id, signal));
    if (attribute === undefined) return { data: found };
    if (!Object.hasOwn(found.attributes, attribute)) {
      throw new KmError("SVC_001", `Argument attribute: there is none called ${JSON.stringify(attribute)}`, {
        hint: `There are: ${Object.keys(found.attributes).join(", ")}.`,
      });
    }
    return { data: { id, type, attributes: { [attribute]: found.attributes[attribute] } } };
  },
});

const OBJECTS = "a list of {type, id}";

export const exportObjects = tool({
  name: "export",
  title: "Export saved objects",
  description:
    "Saved objects as kibana_import takes them, one in a line; with deep also what they refer to. Secrets are masked.",
  access: "read",
  toolset: "objects",
  input: v.strictObject({
    objects: v.optional(
      v.pipe(
        v.array(v.strictObject({ type: typeArgument, id: idArgument }), OBJECTS),
        v.minLength(1, OBJECTS),
        v.maxLength(100, OBJECTS),
      ),
    ),
    types: v.optional(v.pipe(v.array(typeArgument, TYPES), v.minLength(1, TYPES))),
    deep: flagArgument("Also what they refer to"),
    ...where,
  }),
  output: v.object({ count: v.number(), ndjson: v.string() }),
  async run({ objects: wanted, types, deep = false, ...place }, { backend, signal, mostBytes }: Call) {
    if ((wanted === undefined) === (types === undefined)) throw new KmError("SVC_001", "Give objects, or types");
    const json = { ...(wanted === undefined ? { type: types } : { objects: wanted }), includeReferencesDeep: deep };
    const { text: ndjson } = await exported(askingOf(backend, place), json, signal);
    const count = objectsIn(ndjson).length;
    if (ndjson.length * 1.2 > mostBytes) {
      throw new KmError(
        "SVC_008",
        `The ${count} objects have ${ndjson.length >> 10} KB, and ${mostBytes >> 10} KB are allowed`,
        { hint: "Name fewer of them." },
      );
    }
    return { data: { count, ndjson }, text: ndjson };
  },
});
