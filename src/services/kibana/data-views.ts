/** The tools for data views (once index patterns): `kibana_data_views`, `kibana_save_data_view` and `kibana_delete_data_view`. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { hasWords, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bodyArgument, flagArgument, idArgument, pageArguments, where } from "./arguments.ts";
import { ask, type Asking, askingOf, askText, type KibanaBackend, placeOf } from "./backend.ts";
import { jsonDiff, refuseMasks } from "./json-diff.ts";
import { mustHaveSpace } from "./must-have-space.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<KibanaBackend>;

const MOST_BYTES = 32 << 20;
const VIEW = v.looseObject({
  id: v.string(),
  title: v.string(),
  name: v.optional(v.string()),
  timeFieldName: v.optional(v.string()),
});
const FIELD = v.looseObject({
  name: v.string(),
  type: v.string(),
  searchable: v.optional(v.boolean()),
  aggregatable: v.optional(v.boolean()),
  esTypes: v.optional(v.array(v.string())),
});
const ONE = v.object({
  data_view: v.looseObject({ ...VIEW.entries, fields: v.optional(v.record(v.string(), FIELD), {}) }),
});

export const dataViews = tool({
  name: "data_views",
  title: "List data views",
  description: "Data views (index patterns); with id all of one and its fields.",
  access: "read",
  toolset: "data_views",
  input: v.strictObject({ id: v.optional(idArgument), search: searchArgument, ...pageArguments(100) }),
  output: v.object({ total: v.number(), items: v.array(v.unknown()) }),
  async run({ id, search, limit, continue: token, ...place }, { backend, signal, mostBytes }: Call) {
    const asking = askingOf(backend, place);
    const page = { limit, token, question: [id, search, place], mostBytes };
    if (id === undefined) {
      const { data_view: views } = await ask(
        asking,
        { path: "/api/data_views", signal, mostBytes: MOST_BYTES },
        v.object({ data_view: v.array(VIEW) }),
      );
      if (views.length === 0) await mustHaveSpace(asking, signal);
      const chosenOne = await defaultView(asking, signal);
      return listed(
        {
          ...page,
          all: views
            .filter((one) => hasWords(`${one.name ?? ""} ${one.title}`, search))
            .map(({ id: of, title, name, timeFieldName }) => ({ id: of, title, name, timeFieldName })),
          what: "data views",
          line: (one) =>
            [
              one.id,
              one.title,
              one.name !== one.title && one.name,
              one.timeFieldName && `time: ${one.timeFieldName}`,
              one.id === chosenOne && "(default)",
            ]
              .filter(Boolean)
              .join("  "),
        },
        (items, total) => ({ total, items }),
      );
    }
    const { fields, ...view } = await viewOf(asking, id, signal);
    return listed(
      {
        ...page,
        all: Object.values(fields)
          .filter(({ name }) => hasWords(name, search))
          .map(({ name, type, esTypes, searchable, aggregatable }) => ({
            name,
            type,
            esTypes,
            searchable,
            aggregatable,
          })),
        what: "fields",
        head: `${view.title} (${id})${view.timeFieldName === undefined ? "" : `, time: ${view.timeFieldName}`}: ${counted(Object.keys(fields).length, "field")}`,
        line: ({ name, type, esTypes = [], aggregatable }) =>
          [
            name,
            type,
            esTypes.join() === type ? "" : esTypes.join(),
            aggregatable === false ? "(not aggregatable)" : "",
          ]
            .filter((one) => one !== "")
            .join("  "),
      },
      (items, total) => ({ total, items, data_view: view }),
    );
  },
});

const saveInput = v.strictObject({
  id: v.optional(idArgument),
  pattern: described("Indices: logs-*", text("a pattern of indices", 1000)),
  name: v.optional(text("a name", 200)),
  time_field: v.optional(text("a name of a field", 200)),
  more: v.optional(v.pipe(bodyArgument, v.description("runtimeFieldMap, fieldFormats, sourceFilters, ..."))),
  refresh_fields: flagArgument("Look for new fields"),
  default: flagArgument("The one that is used unless another is chosen"),
  ...where,
});

export const saveDataView = tool({
  name: "save_data_view",
  title: "Save a data view",
  description:
    "Creates a data view of a pattern, or changes the one with that id; also to refresh its fields or make it the default.",
  access: "write",
  toolset: "data_views",
  input: saveInput,
  output: v.object({ id: v.string(), title: v.string() }),
  async run(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, args);
    const view = writtenView(args);
    await mustHaveSpace(asking, signal);
    const before = await viewThere(asking, args.id, signal);
    const { data_view: saved } = await ask(
      asking,
      before === undefined
        ? {
            path: "/api/data_views/data_view",
            method: "POST",
            json: { data_view: { ...view, ...(args.id !== undefined && { id: args.id }) } },
            signal,
          }
        : {
            path: `/api/data_views/data_view/${encodeURIComponent(before.id)}`,
            method: "POST",
            json: {
              data_view: Object.keys(view).length === 0 ? { title: before.title } : view,
              refresh_fields: args.refresh_fields ?? false,
            },
            signal,
          },
      v.object({ data_view: VIEW }),
    );
    if (args.default === true) {
      await askText(asking, {
        path: "/api/data_views/default",
        method: "POST",
        json: { data_view_id: saved.id, force: true },
        signal,
      });
    }
    return {
      data: { id: saved.id, title: saved.title },
      text: `${before === undefined ? "Created" : "Changed"} data view ${saved.id} (${saved.title})`,
    };
  },
  async preview(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, args);
    const before = await viewThere(asking, args.id, signal);
    const { fields: _fields, ...plain } = before ?? { fields: undefined };
    return {
      summary: `${before === undefined ? "Creates" : "Changes"} the data view ${args.id ?? args.pattern ?? ""} in ${placeOf(asking)}`,
      detail: jsonDiff(args.id ?? "data view", before && plain, { ...plain, ...writtenView(args) }),
    };
  },
});

function writtenView({
  pattern,
  name,
  time_field: timeField,
  more = {},
}: v.InferOutput<typeof saveInput>): Record<string, unknown> {
  refuseMasks(more);
  return {
    ...more,
    ...(pattern !== undefined && { title: pattern }),
    ...(name !== undefined && { name }),
    ...(timeField !== undefined && { timeFieldName: timeField }),
  };
}

const deleteInput = v.strictObject({ id: idArgument, ...where });

export const deleteDataView = tool({
  name: "delete_data_view",
  title: "Delete a data view",
  description: "Deletes a data view; what uses it shows nothing any more. The documents stay.",
  access: "destructive",
  toolset: "data_views",
  input: deleteInput,
  output: v.object({ deleted: v.string() }),
  async run({ id, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    await askText(askingOf(backend, place), {
      path: `/api/data_views/data_view/${encodeURIComponent(id)}`,
      method: "DELETE",
      signal,
    });
    return { data: { deleted: id }, text: `Deleted data view ${id}` };
  },
  async preview({ id, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    const { title } = await viewOf(asking, id, signal);
    return { summary: `Deletes the data view ${id} (${title}) of ${placeOf(asking)}` };
  },
});

async function viewThere(asking: Asking, id: string | undefined, signal: AbortSignal) {
  if (id === undefined) return undefined;
  const { data_view: views } = await ask(
    asking,
    { path: "/api/data_views", signal, mostBytes: MOST_BYTES },
    v.object({ data_view: v.array(VIEW) }),
  );
  return views.some((one) => one.id === id) ? await viewOf(asking, id, signal) : undefined;
}

async function viewOf(asking: Asking, id: string, signal: AbortSignal) {
  const path = `/api/data_views/data_view/${encodeURIComponent(id)}`;
  return (await ask(asking, { path, signal, mostBytes: MOST_BYTES }, ONE)).data_view;
}

async function defaultView(asking: Asking, signal: AbortSignal): Promise<string | undefined> {
  const answer = v.object({ data_view_id: v.nullish(v.string()) });
  return (await ask(asking, { path: "/api/data_views/default", signal }, answer)).data_view_id ?? undefined;
}
