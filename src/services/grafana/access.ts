/** The tools `grafana_people` and `grafana_permissions`: who there is, and what they may do. Nothing is changed by them. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { isMapping } from "../../is-mapping.ts";
import { connectionArgument } from "../backend/connections.ts";
import { textAt } from "../member.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { idArgument, uidText } from "./arguments.ts";
import { ask, connectionOf, enterprise, type GrafanaBackend, listOf } from "./backend.ts";

const MOST = 1000;
const ITEMS = listOf(v.looseObject({}));
const PAGED = (member: string) =>
  v.pipe(
    v.looseObject({ [member]: ITEMS }),
    v.transform((found) => found[member] ?? []),
  );

/** Where each is, and what of it is shown. */
const PARTS = {
  users: {
    path: () => "/api/org/users",
    schema: ITEMS,
    shown: ["userId", "login", "name", "email", "role", "lastSeenAtAge", "isDisabled"],
  },
  teams: {
    path: () => "/api/teams/search",
    query: { perpage: MOST },
    schema: PAGED("teams"),
    shown: ["id", "uid", "name", "email", "memberCount"],
  },
  team_members: {
    path: (id: string) => `/api/teams/${id}/members`,
    schema: ITEMS,
    shown: ["userId", "login", "name", "email", "permission"],
  },
  service_accounts: {
    path: () => "/api/serviceaccounts/search",
    query: { perpage: MOST },
    schema: PAGED("serviceAccounts"),
    shown: ["id", "name", "login", "role", "isDisabled", "tokens"],
  },
  orgs: { path: () => "/api/orgs", query: { perpage: MOST }, schema: ITEMS, shown: ["id", "name"] },
  roles: {
    path: () => "/api/access-control/roles",
    schema: ITEMS,
    shown: ["uid", "name", "displayName", "description", "group", "global"],
  },
  role: {
    path: (id: string) => `/api/access-control/roles/${id}`,
    schema: v.pipe(
      v.looseObject({}),
      v.transform((one) => [one]),
    ),
    shown: undefined,
  },
  role_assignments: {
    path: (id: string) => `/api/access-control/roles/${id}/assignments`,
    schema: v.pipe(
      v.looseObject({}),
      v.transform((one) => [one]),
    ),
    shown: undefined,
  },
  user_roles: {
    path: (id: string) => `/api/access-control/users/${id}/roles`,
    schema: ITEMS,
    shown: ["uid", "name", "displayName", "group", "global"],
  },
  team_roles: {
    path: (id: string) => `/api/access-control/teams/${id}/roles`,
    schema: ITEMS,
    shown: ["uid", "name", "displayName", "group", "global"],
  },
};
const BY_ID = new Set(["team_members", "user_roles", "team_roles"]);
const BY_UID = new Set(["role", "role_assignments"]);

const ROLE = "the uid of a role";

export const people = tool({
  name: "people",
  title: "Users, teams and roles",
  description: "Users, teams, service accounts and organizations; roles and who has them.",
  access: "read",
  toolset: "admin",
  input: v.strictObject({
    part: v.optional(
      word(
        "users",
        "teams",
        "team_members",
        "service_accounts",
        "orgs",
        "roles",
        "role",
        "role_assignments",
        "user_roles",
        "team_roles",
      ),
      "users",
    ),
    id: described("Of a team or a user", idArgument),
    role: described(
      "Its uid",
      v.pipe(
        v.string(ROLE),
        v.check((uid) => /^[\w:.-]{1,128}$/.test(uid) && !/^\.+$/.test(uid), ROLE),
      ),
    ),
    search: described("Words in the name", text("words", 200)),
    ...listArguments(50),
  }),
  output: v.looseObject({ total: v.number() }),
  async run({ part, id, role, search, ...input }, { backend, signal, mostBytes }: ToolCall<GrafanaBackend>) {
    const connection = connectionOf(backend, input.connection);
    const { path, schema, shown, ...rest } = PARTS[part];
    if (BY_ID.has(part) && id === undefined)
      throw new KmError("SVC_001", `Argument id is missing: ${part} are of a team or a user`);
    if (BY_UID.has(part) && role === undefined)
      throw new KmError("SVC_001", `Argument role is missing: ${part} is of a role`);
    const which = encodeURIComponent(BY_UID.has(part) ? (role ?? "") : String(id ?? ""));
    const query = "query" in rest ? rest.query : {};
    const asking = ask(connection, { path: path(which), query, signal }, schema);
    const found = await (part.includes("role") ? enterprise("roles of their own", asking) : asking);
    const all = found
      .map((one) =>
        shown === undefined
          ? one
          : Object.fromEntries(shown.filter((name) => one[name] !== undefined).map((name) => [name, one[name]])),
      )
      .filter(
        (one) => search === undefined || Object.values(one).join(" ").toLowerCase().includes(search.toLowerCase()),
      );
    return listed(
      {
        all,
        what: part.replace("_", " "),
        limit: input.limit,
        token: input.continue,
        question: [part, id, role, search, input.connection],
        mostBytes,
        line: (one) =>
          Object.entries(one)
            .filter(([, value]) => value !== "")
            .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
            .join("\t"),
      },
      (items, total) => ({ total, [part]: items }),
    );
  },
});

export const permissions = tool({
  name: "permissions",
  title: "Permissions",
  description:
    "Who may do what with a dashboard, folder, data source, team or service account; without uid, which permissions there are.",
  access: "read",
  toolset: "admin",
  input: v.strictObject({
    kind: word("dashboards", "folders", "datasources", "teams", "serviceaccounts"),
    uid: described("For teams and service accounts their number", uidText),
    connection: connectionArgument,
  }),
  output: v.object({ permissions: v.array(v.unknown()) }),
  async run({ kind, uid, connection: name }, { backend, signal }: ToolCall<GrafanaBackend>) {
    const connection = connectionOf(backend, name);
    const known = async <T>(asking: Promise<T>): Promise<T> =>
      await (kind === "datasources" ? enterprise("permissions of data sources", asking) : asking);
    if (uid === undefined) {
      const description = await known(
        ask(connection, { path: `/api/access-control/${kind}/description`, signal }, v.looseObject({})),
      );
      return { data: { permissions: [description] }, text: JSON.stringify(description) };
    }
    const path = `/api/access-control/${kind}/${encodeURIComponent(uid)}`;
    const found = await known(ask(connection, { path, signal }, ITEMS));
    const all = found.map((one) => ({
      who: textAt(one, "userLogin") || textAt(one, "team") || textAt(one, "builtInRole") || "unknown",
      kind: one["userLogin"] ? "user" : one["team"] ? "team" : "role",
      permission: textAt(one, "permission") ?? "",
      inherited: one["isInherited"] === true,
    }));
    return {
      data: { permissions: all },
      text:
        all.length === 0
          ? "Nobody has a permission of their own."
          : all
              .map((one) => `${one.kind} ${one.who}\t${one.permission}${one.inherited ? "\tinherited" : ""}`)
              .join("\n"),
    };
  },
});

const PLUGIN = v.looseObject({
  id: v.string(),
  name: v.optional(v.string(), ""),
  type: v.optional(v.string(), ""),
  enabled: v.optional(v.boolean(), false),
  hasUpdate: v.optional(v.boolean(), false),
  latestVersion: v.optional(v.string(), ""),
  info: v.optional(v.looseObject({ version: v.optional(v.string(), "") })),
});

export const plugins = tool({
  name: "plugins",
  title: "Plugins",
  description: "Installed plugins with their versions; only those that did not come with Grafana unless all is given.",
  access: "read",
  toolset: "admin",
  input: v.strictObject({
    type: v.optional(word("panel", "datasource", "app", "renderer")),
    all: v.optional(v.boolean("true or false")),
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), plugins: v.array(v.unknown()) }),
  async run({ type, all: isAll, ...input }, { backend, signal, mostBytes }: ToolCall<GrafanaBackend>) {
    const connection = connectionOf(backend, input.connection);
    const query = { type, embedded: 0, ...(isAll !== true && { core: 0 }) };
    const found = await ask(connection, { path: "/api/plugins", query, signal }, listOf(PLUGIN));
    const all = found.map(({ id, name, type: kind, enabled, hasUpdate, latestVersion, info }) => ({
      id,
      name,
      type: kind,
      version: isMapping(info) ? info.version : "",
      enabled,
      ...(hasUpdate && { update: latestVersion }),
    }));
    return listed(
      {
        all,
        what: "plugins",
        limit: input.limit,
        token: input.continue,
        question: [type, isAll, input.connection],
        mostBytes,
        line: (one) =>
          [
            one.id,
            one.type,
            one.version,
            one.enabled ? "enabled" : "",
            one.update === undefined ? "" : `update ${one.update}`,
          ].join("\t"),
      },
      (items, total) => ({ total, plugins: items }),
    );
  },
});
