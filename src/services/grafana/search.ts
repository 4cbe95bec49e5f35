/** The tool `grafana_search`: dashboards and folders by words, tags, folders. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { tagsArgument, uidText } from "./arguments.ts";
import { ask, connectionOf, type GrafanaBackend, listOf } from "./backend.ts";

/** Grafana's own limit for an answer. */
const MOST = 5000;

const HITS = listOf(
  v.looseObject({
    uid: v.string(),
    title: v.string(),
    type: v.string(),
    url: v.optional(v.string(), ""),
    tags: v.nullish(v.array(v.string()), []),
    folderTitle: v.optional(v.string()),
    folderUid: v.optional(v.string()),
    isStarred: v.optional(v.boolean(), false),
  }),
);

export const search = tool({
  name: "search",
  title: "Find dashboards",
  description: "Dashboards, or folders, with their uids.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    query: described("Words of the title", text("words", 500)),
    tags: tagsArgument,
    folder: described("Its uid; general for the top", uidText),
    type: v.optional(word("dashboards", "folders", "all"), "dashboards"),
    starred: v.optional(v.boolean("true or false")),
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), found: v.array(v.unknown()) }),
  async run(
    { query, tags, folder, type, starred, ...input },
    { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
  ) {
    const connection = connectionOf(backend, input.connection);
    const kind = { dashboards: "dash-db", folders: "dash-folder", all: undefined }[type];
    const asked = {
      query,
      tag: tags,
      folderUIDs: folder,
      type: kind,
      starred: starred === true ? true : undefined,
      limit: MOST,
    };
    const hits = await ask(connection, { path: "/api/search", query: asked, signal }, HITS);
    const all = hits.map(({ uid, title, type: found, tags: own, folderTitle, folderUid, isStarred }) => ({
      uid,
      title,
      ...(type !== "dashboards" && { type: found === "dash-folder" ? "folder" : "dashboard" }),
      ...((own ?? []).length > 0 && { tags: own }),
      ...(folderTitle !== undefined && { folder: folderTitle, folder_uid: folderUid }),
      ...(isStarred && { starred: true }),
    }));
    return listed(
      {
        all,
        what: type === "all" ? "hits" : type,
        limit: input.limit,
        token: input.continue,
        question: [query, tags, folder, type, starred, input.connection],
        mostBytes,
        note: hits.length === MOST ? `Grafana gives no more than ${MOST}: narrow it.` : undefined,
        line: (one) =>
          [one.uid, one.title, one.folder, one.tags?.join(",")].filter((part) => part !== undefined).join("\t"),
      },
      (items, total) => ({ total, found: items }),
    );
  },
});
