/** The tool `grafana_status`: whether Grafana can be used, as whom, and in which organization. */
import * as v from "valibot";
import { KmError, messageOf } from "../../errors.ts";
import { connectionArgument } from "../backend/connections.ts";
import type { Probe } from "../service.ts";
import { tool, type ToolCall } from "../tool.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";

const HEALTH = v.looseObject({
  database: v.optional(v.string(), "unknown"),
  version: v.optional(v.string(), "unknown"),
});
const ORG = v.looseObject({ id: v.number(), name: v.string() });
const USER = v.looseObject({
  id: v.optional(v.number()),
  login: v.optional(v.string(), ""),
  name: v.optional(v.string(), ""),
  email: v.optional(v.string(), ""),
  isGrafanaAdmin: v.optional(v.boolean(), false),
});

export const status = tool({
  name: "status",
  title: "Status",
  description: "Version and health of Grafana, and as whom and in which organization it is asked.",
  access: "read",
  toolset: "admin",
  input: v.strictObject({ connection: connectionArgument }),
  output: v.object({ version: v.string(), database: v.string(), org: v.unknown(), user: v.unknown() }),
  async run({ connection: name }, { backend, signal }: ToolCall<GrafanaBackend>) {
    const connection = connectionOf(backend, name);
    const { version, database } = await healthOf(connection, signal);
    const { id, name: org } = await ask(connection, { path: "/api/org", signal }, ORG);
    const user = await userOf(connection, signal);
    return {
      data: { version, database, org: { id, name: org }, user },
      text: `Grafana ${version}, database ${database}; organization ${org} (${id}); as ${user === undefined ? "a service account" : user.login}`,
    };
  },
});

export async function probe({ connections }: GrafanaBackend, signal: AbortSignal): Promise<Probe[]> {
  return await Promise.all(
    Array.from(connections, async ([name, connection]) => {
      try {
        const { version, database } = await healthOf(connection, signal);
        const { name: org } = await ask(connection, { path: "/api/org", signal }, ORG);
        return {
          name,
          isReady: database === "ok",
          detail: `Grafana ${version}, database ${database}, organization ${org}`,
        };
      } catch (error) {
        return { name, isReady: false, detail: messageOf(error) };
      }
    }),
  );
}

async function healthOf(connection: Connection, signal: AbortSignal) {
  return await ask(connection, { path: "/api/health", signal, expect: [503] }, HEALTH);
}

/** A service account is no user. */
async function userOf(connection: Connection, signal: AbortSignal) {
  try {
    const { id, login, name, email, isGrafanaAdmin } = await ask(connection, { path: "/api/user", signal }, USER);
    return { id, login, name, email, is_admin: isGrafanaAdmin };
  } catch (error) {
    if (error instanceof KmError && ["SVC_004", "SVC_006", "SVC_007"].includes(error.code)) return undefined;
    throw error;
  }
}
