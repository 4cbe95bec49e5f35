/** The tool `database_list`: which databases there are, and `probe`: whether they answer. */
import * as v from "valibot";
import { probeEach } from "../../backend/probe-each.ts";
import type { Probe } from "../../service.ts";
import { tool, type ToolCall } from "../../tool.ts";
import type { DatabaseBackend } from "../connection.ts";

const VERSION = {
  postgres: "select current_setting('server_version') || ', database ' || current_database() || ' as ' || current_user",
  mysql: "select concat(version(), ', database ', coalesce(database(), 'none'), ' as ', current_user())",
  sqlite: "select 'SQLite ' || sqlite_version()",
};

export const list = tool({
  name: "list",
  title: "List databases",
  description: "The connections that there are, and whether they answer.",
  access: "read",
  toolset: "core",
  input: v.strictObject({}),
  output: v.object({ connections: v.array(v.unknown()) }),
  async run(_input, { backend, signal }: ToolCall<DatabaseBackend>) {
    const found = await probe(backend, signal);
    const connections = found.map(({ name, isReady, detail }) => {
      const connection = backend.connections.get(name);
      return { name, kind: connection?.dialect, where: connection?.label, ready: isReady, detail };
    });
    const text = connections.map(
      ({ name, where, ready, detail }) => `${name}: ${ready ? `${where}, ${detail}` : detail}`,
    );
    return { data: { connections }, text: text.join("\n") };
  },
});

export async function probe({ connections }: DatabaseBackend, signal: AbortSignal): Promise<Probe[]> {
  return await probeEach(connections, async (connection) => {
    const [[version] = []] = await connection.ask({ sql: VERSION[connection.dialect], parameters: [] }, signal);
    return { isReady: true, detail: String(version) };
  });
}
