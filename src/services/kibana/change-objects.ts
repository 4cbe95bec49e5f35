/** The tools that change saved objects: `kibana_save_object`, `kibana_copy_object`, `kibana_import` and `kibana_delete_objects`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bodyArgument, flagArgument, idArgument, typeArgument, where } from "./arguments.ts";
import { ask, type Asking, askingOf, askText, type KibanaBackend, placeOf } from "./backend.ts";
import { getObject, objectsIn } from "./find-objects.ts";
import { jsonDiff, refuseMasks } from "./json-diff.ts";
import { mustHaveSpace } from "./must-have-space.ts";
import { readable, REFERENCE, SAVED_OBJECT, type SavedObject, titleOf } from "./saved-object.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<KibanaBackend>;

const REFERENCES = "a list of {id, type, name}";
const saveInput = v.strictObject({
  type: typeArgument,
  id: v.optional(idArgument),
  attributes: bodyArgument,
  references: v.optional(v.array(v.strictObject(REFERENCE.entries), REFERENCES)),
  create: flagArgument("Only where there is none"),
  ...where,
});

export const saveObject = tool({
  name: "save_object",
  title: "Save an object",
  description:
    "Creates a saved object (dashboard, visualization, search, ...), or changes the given attributes of one.",
  access: "write",
  toolset: "objects",
  payload: ["attributes"],
  input: saveInput,
  output: v.object({ id: v.string(), type: v.string() }),
  async run(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    refuseMasks(args.attributes);
    const asking = askingOf(backend, args);
    await mustHaveSpace(asking, signal);
    const before = await objectThere(asking, args, signal);
    const path = `/api/saved_objects/${encodeURIComponent(args.type)}${args.id === undefined ? "" : `/${encodeURIComponent(args.id)}`}`;
    const json = {
      attributes: folded(args.attributes, before?.attributes),
      ...(args.references !== undefined && { references: args.references }),
    };
    const saved = await ask(
      asking,
      // The version that was seen: what others have changed meanwhile is not lost.
      before === undefined
        ? { path, method: "POST", json, signal }
        : {
            path,
            method: "PUT",
            json: { ...json, ...(before.version !== undefined && { version: before.version }) },
            signal,
          },
      SAVED_OBJECT,
    );
    return { data: saved, text: `${before === undefined ? "Created" : "Changed"} ${saved.type} ${saved.id}` };
  },
  async preview(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    refuseMasks(args.attributes);
    const asking = askingOf(backend, args);
    const before = await objectThere(asking, args, signal);
    const after = { ...before?.attributes, ...args.attributes };
    return {
      summary: `${before === undefined ? "Creates" : "Changes"} the ${args.type} ${args.id ?? ""} in ${placeOf(asking)}`,
      detail: jsonDiff(args.id ?? args.type, before && readable(before.attributes), readable(after)),
    };
  },
});

async function objectThere(
  asking: Asking,
  { type, id, create = false }: v.InferOutput<typeof saveInput>,
  signal: AbortSignal,
): Promise<SavedObject | undefined> {
  if (id === undefined) return undefined;
  try {
    const found = await getObject(asking, type, id, signal);
    if (!create) return found;
  } catch (error) {
    if (error instanceof KmError && error.code === "SVC_006") return undefined;
    throw error;
  }
  throw new KmError("SVC_007", `${placeOf(asking)} has a ${type} ${id} already`);
}

/** Kibana wants JSON within texts where there was such; whoever has read it unfolded may give it so. */
function folded(attributes: Record<string, unknown>, before: Record<string, unknown> = {}): Record<string, unknown> {
  const entries = Object.entries(attributes).map(([name, value]) => {
    const isText = typeof before[name] === "string" || /JSON$|^visState$/.test(name);
    return [name, isText && typeof value === "object" && value !== null ? JSON.stringify(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

const copyInput = v.strictObject({
  type: typeArgument,
  id: idArgument,
  title: text("a title", 500),
  new_id: v.optional(idArgument),
  ...where,
});

export const copyObject = tool({
  name: "copy_object",
  title: "Copy a saved object",
  description: "A saved object once more, with another title.",
  access: "write",
  toolset: "objects",
  input: copyInput,
  output: v.object({ id: v.string(), type: v.string() }),
  async run({ type, id, title, new_id: newId, ...place }: v.InferOutput<typeof copyInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    await mustHaveSpace(asking, signal);
    const { attributes, references } = await getObject(asking, type, id, signal);
    const named = "title" in attributes || !("name" in attributes) ? { title } : { name: title };
    const copy = await ask(
      asking,
      {
        path: `/api/saved_objects/${encodeURIComponent(type)}${newId === undefined ? "" : `/${encodeURIComponent(newId)}`}`,
        method: "POST",
        json: { attributes: { ...attributes, ...named }, references },
        signal,
      },
      SAVED_OBJECT,
    );
    return { data: copy, text: `Created ${copy.type} ${copy.id}: ${title}` };
  },
});

const importInput = v.strictObject({
  ndjson: text("lines of JSON, as kibana_export gives them", 4 << 20),
  overwrite: flagArgument("What is there already"),
  new_copies: flagArgument("With new ids"),
  ...where,
});
const IMPORTED = v.object({
  success: v.boolean(),
  successCount: v.number(),
  errors: v.optional(
    v.array(v.object({ id: v.string(), type: v.string(), error: v.object({ type: v.string() }) })),
    [],
  ),
});

export const importObjects = tool({
  name: "import",
  title: "Import saved objects",
  description: "Saved objects from lines of JSON, as kibana_export gives them.",
  access: "write",
  toolset: "objects",
  payload: ["ndjson"],
  input: importInput,
  output: v.object({ imported: v.number(), errors: v.array(v.unknown()) }),
  async run(
    { ndjson, overwrite = false, new_copies: hasNewIds = false, ...place }: v.InferOutput<typeof importInput>,
    { backend, signal }: Call,
  ) {
    const asking = askingOf(backend, place);
    readObjects(ndjson);
    await mustHaveSpace(asking, signal);
    if (overwrite && hasNewIds) throw new KmError("SVC_001", "Arguments overwrite and new_copies exclude each other");
    const boundary = `km-${crypto.randomUUID()}`;
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="objects.ndjson"\r\nContent-Type: application/ndjson\r\n\r\n${ndjson}\r\n--${boundary}--\r\n`;
    const { successCount: imported, errors } = await ask(
      asking,
      {
        path: "/api/saved_objects/_import",
        method: "POST",
        query: hasNewIds ? { createNewCopies: true } : { overwrite },
        headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
        body,
        signal,
      },
      IMPORTED,
    );
    const lines = errors.map(({ type, id, error }) => `not imported: ${type} ${id}: ${error.type}`);
    return { data: { imported, errors }, text: [`${imported} imported`, ...lines].join("\n") };
  },
  async preview(
    { ndjson, overwrite = false, new_copies: hasNewIds = false, ...place }: v.InferOutput<typeof importInput>,
    { backend, signal }: Call,
  ) {
    const asking = askingOf(backend, place);
    const all = readObjects(ndjson);
    const there: string[] = [];
    for (const { type, id } of hasNewIds ? [] : all.slice(0, MOST_LOOKED_AT)) {
      if ((await objectThere(asking, { type, id, attributes: {} }, signal)) !== undefined) there.push(`${type} ${id}`);
    }
    const rest =
      there.length === 0
        ? ""
        : `; ${there.length} of them are there already and ${overwrite ? "are replaced" : "stay as they are"}`;
    return {
      summary: `Imports ${counted(all.length, "object")} into ${placeOf(asking)}${rest}`,
      detail: all
        .slice(0, 50)
        .map((one) => `${one.type} ${one.id}: ${titleOf(one)}`)
        .join("\n"),
    };
  },
});

const MOST_LOOKED_AT = 50;

function readObjects(ndjson: string): SavedObject[] {
  const all = objectsIn(ndjson);
  if (all.length === 0) throw new KmError("SVC_001", "Argument ndjson has no saved object in it");
  for (const { attributes } of all) refuseMasks(attributes);
  return all;
}

const OBJECTS = "a list of up to 100 {type, id}";
const deleteInput = v.strictObject({
  objects: v.pipe(
    v.array(v.strictObject({ type: typeArgument, id: idArgument }), OBJECTS),
    v.minLength(1, OBJECTS),
    v.maxLength(100, OBJECTS),
  ),
  force: described("Also out of all other spaces that they are in", v.boolean("true or false")),
  ...where,
});

export const deleteObjects = tool({
  name: "delete_objects",
  title: "Delete saved objects",
  description: "Deletes saved objects, for good.",
  access: "destructive",
  toolset: "objects",
  input: deleteInput,
  output: v.object({ deleted: v.number() }),
  async run({ objects, force = false, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    let deleted = 0;
    for (const { type, id } of objects) {
      try {
        const path = `/api/saved_objects/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
        await askText(asking, { path, method: "DELETE", query: { force }, signal });
        deleted++;
      } catch (error) {
        if (!(error instanceof KmError) || deleted === 0) throw error;
        throw new KmError(error.code, `${error.message}; ${deleted} of ${objects.length} were deleted before`, {
          ...(error.hint !== undefined && { hint: error.hint }),
        });
      }
    }
    return { data: { deleted }, text: `Deleted ${counted(deleted, "object")}` };
  },
  async preview({ objects, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    const lines: string[] = [];
    for (const { type, id } of objects)
      lines.push(`${type} ${id}: ${titleOf(await getObject(asking, type, id, signal))}`);
    return { summary: `Deletes ${objects.length} saved objects of ${placeOf(asking)}`, detail: lines.join("\n") };
  },
});
