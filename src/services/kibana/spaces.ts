/** The tools for spaces: `kibana_spaces`, `kibana_save_space` and `kibana_delete_space`. */
import * as v from "valibot";
import { text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { spaceId } from "./arguments.ts";
import { ask, type Asking, askingOf, askText, type KibanaBackend } from "./backend.ts";
import { jsonDiff } from "./json-diff.ts";

type Call = ToolCall<KibanaBackend>;

const SPACE = v.object({
  id: v.string(),
  name: v.string(),
  description: v.optional(v.string()),
  color: v.optional(v.string()),
  initials: v.optional(v.string()),
  disabledFeatures: v.optional(v.array(v.string()), []),
  solution: v.optional(v.string()),
  imageUrl: v.optional(v.string()),
  projectRouting: v.optional(v.string()),
  _reserved: v.optional(v.boolean()),
});

export const spaces = tool({
  name: "spaces",
  title: "List spaces",
  description: "Spaces with their names, and which features are off in them.",
  access: "read",
  toolset: "spaces",
  input: v.strictObject({ search: searchArgument, ...listArguments(100) }),
  output: v.object({ total: v.number(), spaces: v.array(v.unknown()) }),
  async run({ search, limit, continue: token, connection }, { backend, signal, mostBytes }: Call) {
    const all = await allSpaces(outside(backend, connection), signal);
    return listed(
      {
        all: all.filter((one) => hasWords(`${one.id} ${one.name} ${one.description ?? ""}`, search)),
        what: "spaces",
        limit,
        token,
        question: [search, connection],
        mostBytes,
        line: ({ id, name, description, disabledFeatures: off }) =>
          [id, name, description, off.length > 0 && `(${off.length} features off)`].filter(Boolean).join("  "),
      },
      (some, total) => ({ total, spaces: some }),
    );
  },
});

const FEATURES = "a list of names of features";
const saveInput = v.strictObject({
  id: spaceId,
  name: v.optional(text("a name", 200)),
  description: v.optional(v.pipe(v.string("a text"), v.maxLength(2000, "a text"))),
  color: v.optional(v.pipe(v.string("a color such as #aabbcc"), v.regex(/^#[0-9a-f]{6}$/i, "a color such as #aabbcc"))),
  initials: v.optional(v.pipe(v.string("one or two letters"), v.maxLength(2, "one or two letters"))),
  disabled_features: v.optional(v.array(text(FEATURES, 200), FEATURES)),
  solution: v.optional(v.picklist(["classic", "es", "oblt", "security"], "classic, es, oblt, security")),
  connection: connectionArgument,
});

export const saveSpace = tool({
  name: "save_space",
  title: "Save a space",
  description: "Creates a space, or changes the one with that id.",
  access: "write",
  toolset: "spaces",
  input: saveInput,
  output: v.object({ id: v.string() }),
  async run(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = outside(backend, args.connection);
    const before = (await allSpaces(asking, signal)).find(({ id }) => id === args.id);
    await ask(
      asking,
      before === undefined
        ? { path: "/api/spaces/space", method: "POST", json: written(args, undefined), signal }
        : {
            path: `/api/spaces/space/${encodeURIComponent(args.id)}`,
            method: "PUT",
            json: written(args, before),
            signal,
          },
      SPACE,
    );
    return { data: { id: args.id }, text: `${before === undefined ? "Created" : "Changed"} space ${args.id}` };
  },
  async preview(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = outside(backend, args.connection);
    const before = (await allSpaces(asking, signal)).find(({ id }) => id === args.id);
    return {
      summary: `${before === undefined ? "Creates" : "Changes"} the space ${args.id} of ${asking.client.label}`,
      detail: jsonDiff(args.id, before, written(args, before)),
    };
  },
});

function written(
  { disabled_features: off, connection: _connection, ...given }: v.InferOutput<typeof saveInput>,
  before: v.InferOutput<typeof SPACE> | undefined,
) {
  const { _reserved: _kept, ...kept } = before ?? { name: given.name ?? given.id };
  return { ...kept, ...given, name: given.name ?? kept.name, ...(off !== undefined && { disabledFeatures: off }) };
}

const deleteInput = v.strictObject({ id: spaceId, connection: connectionArgument });

export const deleteSpace = tool({
  name: "delete_space",
  title: "Delete a space",
  description: "Deletes a space with all that is in it, for good.",
  access: "destructive",
  toolset: "spaces",
  input: deleteInput,
  output: v.object({ deleted: v.string() }),
  async run({ id, connection }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    await askText(outside(backend, connection), {
      path: `/api/spaces/space/${encodeURIComponent(id)}`,
      method: "DELETE",
      signal,
    });
    return { data: { deleted: id }, text: `Deleted space ${id}` };
  },
  async preview({ id, connection }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const asking = outside(backend, connection);
    const { name } = await ask(asking, { path: `/api/spaces/space/${encodeURIComponent(id)}`, signal }, SPACE);
    const inside = await ask(
      { ...asking, space: id },
      {
        path: "/api/saved_objects/_find",
        query: { type: ["dashboard", "visualization", "lens", "search", "map", "index-pattern"], per_page: 1 },
        signal,
        expect: [400, 404],
      },
      v.union([v.object({ total: v.number() }), v.object({ statusCode: v.number() })]),
    );
    const count = "total" in inside ? ` with ${inside.total} dashboards, visualizations and others` : "";
    return { summary: `Deletes the space ${id} (${name}) of ${asking.client.label}${count}` };
  },
});

/** Spaces are in none. */
function outside(backend: KibanaBackend, connection: string | undefined): Asking {
  return askingOf(backend, { connection, space: "default" });
}

async function allSpaces(asking: Asking, signal: AbortSignal) {
  return await ask(asking, { path: "/api/spaces/space", signal }, v.array(SPACE));
}
