/** The tools `grafana_versions` and `grafana_restore`: the versions that a dashboard has had, what differs, and the way back. */
import * as v from "valibot";
import { described } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { KmError } from "../../errors.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, type Preview, tool, type ToolCall } from "../tool.ts";
import { uidText } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend, listOf } from "./backend.ts";
import { readDashboard } from "./dashboard-model.ts";
import { objectDiff } from "./masked.ts";
import { SAVED } from "./save-dashboard.ts";

const NUMBER = "the number of a version";
const versionText = v.pipe(v.number(NUMBER), v.safeInteger(NUMBER), v.minValue(0, NUMBER));
const MOST = 1000;

const VERSION = v.looseObject({
  version: v.number(),
  created: v.optional(v.string(), ""),
  createdBy: v.optional(v.string(), ""),
  message: v.optional(v.string(), ""),
  restoredFrom: v.optional(v.number(), 0),
});
/** Newer ones wrap the list, and may give it in parts. */
const VERSIONS = v.union([
  v.pipe(
    v.array(VERSION),
    v.transform((list) => ({ list, continueToken: "" })),
  ),
  v.pipe(
    v.looseObject({ versions: listOf(VERSION), continueToken: v.optional(v.string(), "") }),
    v.transform(({ versions: list, continueToken }) => ({ list, continueToken })),
  ),
]);
const WHOLE = v.looseObject({ data: v.looseObject({}) });

interface Data {
  versions: object[];
  total?: number;
  diff?: string;
}

export const versions = tool({
  name: "versions",
  title: "Versions of a dashboard",
  description: "The versions of a dashboard, the newest first; with version, how it differs from another one.",
  access: "read",
  toolset: "dashboards",
  input: v.strictObject({
    uid: uidText,
    version: described("Compare this one", versionText),
    to: described("With this one; default: the present", versionText),
    ...listArguments(20),
  }),
  output: v.object({ versions: v.array(v.unknown()), diff: v.optional(v.string()) }),
  async run(
    { uid, version, to, ...input },
    { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
  ): Promise<Answer<Data>> {
    const connection = connectionOf(backend, input.connection);
    if (version !== undefined) {
      const before = await modelOf(connection, uid, version, signal);
      const after = await modelOf(connection, uid, to, signal);
      const diff = objectDiff(`version ${version}${to === undefined ? "" : ` to ${to}`}`, before, after);
      const bytes = Buffer.from(diff);
      const most = Math.floor(mostBytes * 0.45);
      const shown = bytes.length > most ? new TextDecoder().decode(bytes.subarray(0, most)) : diff;
      return {
        data: { versions: [], diff: shown },
        text: shown === "" ? "They are the same." : shown,
        ...(bytes.length > most && { note: `Shown are the first ${most >> 10} of ${bytes.length >> 10} KB.` }),
      };
    }
    const all = (await versionsOf(connection, uid, signal))
      .map((one) => ({
        version: one.version,
        created: one.created,
        by: one.createdBy,
        ...(one.message !== "" && { message: one.message }),
        ...(one.restoredFrom > 0 && { restored_from: one.restoredFrom }),
      }))
      .toSorted((a, b) => b.version - a.version);
    return listed(
      {
        all,
        what: "versions",
        limit: input.limit,
        token: input.continue,
        question: [uid, input.connection],
        mostBytes,
        line: (one) =>
          [
            one.version,
            one.created,
            one.by,
            one.message ?? (one.restored_from && `restored from ${one.restored_from}`),
          ].join("\t"),
      },
      (items, total) => ({ total, versions: items }),
    );
  },
});

async function versionsOf(connection: Connection, uid: string, signal: AbortSignal) {
  const path = `/api/dashboards/uid/${encodeURIComponent(uid)}/versions`;
  const found: v.InferOutput<typeof VERSION>[] = [];
  let token: string | undefined;
  do {
    const query = { limit: MOST, continueToken: token };
    const { list, continueToken } = await ask(connection, { path, query, signal }, VERSIONS);
    found.push(...list);
    token = continueToken === token || list.length === 0 ? "" : continueToken;
  } while (token !== "" && found.length < MOST);
  return found;
}

const RESTORE = v.strictObject({ uid: uidText, version: versionText, connection: connectionArgument });

export const restore = tool({
  name: "restore",
  title: "Restore a dashboard",
  description: "Bring a dashboard back to one of its versions, as a new version.",
  // The version of now stays among the others.
  access: "write",
  toolset: "dashboards",
  input: RESTORE,
  output: v.object({ uid: v.string(), version: v.number() }),
  async run(
    { uid, version, connection: name }: v.InferOutput<typeof RESTORE>,
    { backend, signal }: ToolCall<GrafanaBackend>,
  ) {
    const connection = connectionOf(backend, name);
    const path = `/api/dashboards/uid/${encodeURIComponent(uid)}/restore`;
    const saved = await ask(connection, { method: "POST", path, json: { version }, signal }, SAVED);
    connection.client.forget();
    return {
      data: { uid, version: saved.version },
      text: `Restored ${uid} to version ${version}, as version ${saved.version}`,
    };
  },
  async preview(
    { uid, version, connection: name }: v.InferOutput<typeof RESTORE>,
    { backend, signal }: ToolCall<GrafanaBackend>,
  ): Promise<Preview> {
    const connection = connectionOf(backend, name);
    const { dashboard } = await readDashboard(connection, uid, signal);
    if (dashboard.version === version) {
      throw new KmError("SVC_001", `Argument version: the dashboard is at version ${version} already`);
    }
    const diff = objectDiff(dashboard.title, bare(dashboard), await modelOf(connection, uid, version, signal));
    return {
      summary: `Restores ${dashboard.title} (${uid}) from version ${dashboard.version} to ${version}`,
      detail: diff,
    };
  },
});

/** @param version undefined for the present one */
async function modelOf(
  connection: Connection,
  uid: string,
  version: number | undefined,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  if (version === undefined) return bare((await readDashboard(connection, uid, signal)).dashboard);
  const path = `/api/dashboards/uid/${encodeURIComponent(uid)}/versions/${version}`;
  return bare((await ask(connection, { path, signal }, WHOLE)).data);
}

/** Without what is another one in each version. */
export function bare(model: Record<string, unknown>): Record<string, unknown> {
  const { version: _version, id: _id, iteration: _iteration, ...rest } = model;
  return rest;
}
