/** The tools `grafana_folders` and `grafana_folder`: folders, one of them, and making or renaming one. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, type Preview, tool, type ToolCall } from "../tool.ts";
import { uidText } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend, listOf } from "./backend.ts";
import { askUnless } from "./ask-unless.ts";

const MOST = 1000;
const FOLDER = v.looseObject({
  uid: v.string(),
  title: v.string(),
  url: v.optional(v.string(), ""),
  version: v.optional(v.number(), 0),
  parentUid: v.optional(v.string(), ""),
  created: v.optional(v.string(), ""),
  createdBy: v.optional(v.string(), ""),
  updated: v.optional(v.string(), ""),
  updatedBy: v.optional(v.string(), ""),
  canSave: v.optional(v.boolean()),
  canEdit: v.optional(v.boolean()),
  canAdmin: v.optional(v.boolean()),
});
const COUNTS = v.record(v.string(), v.number());

interface Data {
  folders: object[];
  total?: number;
}

export const folders = tool({
  name: "folders",
  title: "Folders",
  description: "Folders at the top or within one; with uid one of them, and how much is in it.",
  access: "read",
  toolset: "dashboards",
  input: v.strictObject({
    uid: v.optional(uidText),
    parent: described("A folder's uid", uidText),
    ...listArguments(50),
  }),
  output: v.object({ folders: v.array(v.unknown()) }),
  async run(
    { uid, parent, ...input },
    { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
  ): Promise<Answer<Data>> {
    const connection = connectionOf(backend, input.connection);
    if (uid !== undefined) {
      const found = await folderOf(connection, uid, signal);
      const counts = await countsOf(connection, uid, signal);
      const inside = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
      const {
        uid: own,
        title,
        url,
        parentUid,
        created,
        createdBy,
        updated,
        updatedBy,
        canSave,
        canEdit,
        canAdmin,
      } = found;
      const shown = {
        uid: own,
        title,
        url,
        parent: parentUid,
        created,
        created_by: createdBy,
        updated,
        updated_by: updatedBy,
        can_save: canSave,
        can_edit: canEdit,
        can_admin: canAdmin,
        counts,
      };
      return {
        data: { folders: [shown] },
        text: `${title} (${uid}): ${inside.join(", ") || "empty"}; changed ${updated} by ${updatedBy}`,
      };
    }
    const found = await ask(
      connection,
      { path: "/api/folders", query: { limit: MOST, parentUid: parent }, signal },
      listOf(FOLDER),
    );
    // Versions without folders in folders do not look at it, and give those at the top.
    if (parent !== undefined && found.length > 0 && found.every((one) => one.parentUid !== parent)) {
      throw new KmError("SVC_007", `${connection.client.label} does not say which folders are in ${parent}`, {
        hint: "Its version has no folders in folders: leave parent out.",
      });
    }
    return listed(
      {
        all: found.map((one) => ({ uid: one.uid, title: one.title })),
        what: "folders",
        limit: input.limit,
        token: input.continue,
        question: [parent, input.connection],
        mostBytes,
        note: found.length === MOST ? `Grafana gives no more than ${MOST}.` : undefined,
        line: (one) => `${one.uid}\t${one.title}`,
      },
      (items, total) => ({ total, folders: items }),
    );
  },
});

const CONFLICT = { status: 412, hint: () => "Look at it again with grafana_folders, and then change it." };

const CHANGE = v.strictObject({
  uid: described("Of one that is there, or wanted for a new one", uidText),
  title: text("a title", 189),
  parent: described("A folder's uid, for a new one", uidText),
  connection: connectionArgument,
});

export const changeFolder = tool({
  name: "folder",
  title: "Create or rename a folder",
  description: "Create a folder; with the uid of one that is there, rename it.",
  access: "write",
  toolset: "dashboards",
  input: CHANGE,
  output: v.object({ uid: v.string(), title: v.string() }),
  async run(
    { uid, title, parent, connection: name }: v.InferOutput<typeof CHANGE>,
    { backend, signal }: ToolCall<GrafanaBackend>,
  ) {
    const connection = connectionOf(backend, name);
    const before = uid === undefined ? undefined : await folderIfThere(connection, uid, signal);
    checkPlace(before, parent);
    const request =
      before === undefined
        ? {
            method: "POST" as const,
            path: "/api/folders",
            json: { title, ...(uid !== undefined && { uid }), ...(parent !== undefined && { parentUid: parent }) },
          }
        : {
            method: "PUT" as const,
            path: `/api/folders/${encodeURIComponent(before.uid)}`,
            json: { title, version: before.version, overwrite: false },
          };
    const after = await askUnless(connection, { ...request, signal }, FOLDER, CONFLICT);
    connection.client.forget();
    return {
      data: { uid: after.uid, title: after.title },
      text:
        before === undefined
          ? `Created the folder ${after.title} (${after.uid})`
          : `Renamed the folder ${before.title} to ${after.title} (${after.uid})`,
    };
  },
  async preview(
    { uid, title, parent, connection: name }: v.InferOutput<typeof CHANGE>,
    { backend, signal }: ToolCall<GrafanaBackend>,
  ): Promise<Preview> {
    const connection = connectionOf(backend, name);
    const before = uid === undefined ? undefined : await folderIfThere(connection, uid, signal);
    checkPlace(before, parent);
    return {
      summary:
        before === undefined
          ? `Creates the folder ${title}${parent === undefined ? "" : ` in the folder ${parent}`}`
          : `Renames the folder ${before.title} to ${title}`,
    };
  },
});

async function folderOf(connection: Connection, uid: string, signal: AbortSignal) {
  return await ask(connection, { path: `/api/folders/${encodeURIComponent(uid)}`, signal }, FOLDER);
}

/** @throws KmError SVC_001 for one that is there, and would have to be moved */
function checkPlace(before: v.InferOutput<typeof FOLDER> | undefined, parent: string | undefined): void {
  if (before === undefined || parent === undefined || parent === before.parentUid) return;
  throw new KmError("SVC_001", `Argument parent: the folder ${before.title} is there already, and is not moved`, {
    hint: "Leave parent out to rename it.",
  });
}

/** Empty where its version does not count. */
async function countsOf(
  connection: Connection,
  uid: string,
  signal: AbortSignal,
): Promise<v.InferOutput<typeof COUNTS>> {
  try {
    return await ask(connection, { path: `/api/folders/${encodeURIComponent(uid)}/counts`, signal }, COUNTS);
  } catch (error) {
    if (error instanceof KmError && error.code === "SVC_006") return {};
    throw error;
  }
}

async function folderIfThere(connection: Connection, uid: string, signal: AbortSignal) {
  const path = `/api/folders/${encodeURIComponent(uid)}`;
  const found = v.union([
    FOLDER,
    v.pipe(
      v.looseObject({ message: v.string() }),
      v.transform(() => undefined),
    ),
  ]);
  return await ask(
    connection,
    { path, signal, expect: [404] },
    v.pipe(
      found,
      v.transform((one) => ({ one })),
    ),
  ).then(({ one }) => one);
}
