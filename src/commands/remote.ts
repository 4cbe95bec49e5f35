/**
 * `km __remote URL`: stands in for a server and speaks HTTP to the real one. Started by `km monitor --url`, which says in
 * the environment what must not be seen in a command line; there is only what people may see.
 */
import { defineCommand } from "../command.ts";
import { KmError } from "../errors.ts";
import { connectRemote } from "../http/remote-link.ts";
import type { Server } from "../servers/server.ts";
import { remoteAuthorizer, tell } from "./remote-authorizer.ts";
import { serveLink } from "./serve-link.ts";
import { REMOTE_VARIABLE, type RemoteOrder } from "./remote-server.ts";

export default defineCommand({
  meta: { name: "__remote", description: "Speak HTTP to an MCP server, as a server on stdin and stdout" },
  args: { url: { type: "positional", required: false, description: "Of the server, for those who list processes" } },
  async run() {
    const { name, remote } = await resolved(takeOrder(process.env));
    const authorizer = await remoteAuthorizer(remote, name);
    const link = connectRemote(remote, { authorizer, say: tell });
    return await serveLink(link);
  },
});

/** @throws KmError USAGE where km did not start it */
function takeOrder(env: NodeJS.ProcessEnv): RemoteOrder {
  const text = env[REMOTE_VARIABLE];
  delete env[REMOTE_VARIABLE];
  if (text === undefined) {
    throw new KmError("USAGE", "No server is given", { hint: "Use km monitor --url https://host/mcp." });
  }
  return JSON.parse(text) as RemoteOrder;
}

/** What is seldom needed is loaded where it is: the client waits. */
async function resolved(order: RemoteOrder): Promise<RemoteOrder> {
  const { name, remote } = order;
  if (!JSON.stringify(remote).includes("${")) return order;
  const { startOf } = await import("../servers/start-of.ts");
  const { referenceSources } = await import("./servers/open-servers.ts");
  const { DEFAULT_LIMITS: limits } = await import("../servers/server.ts");
  const server: Server = { name, start: { kind: "remote", remote }, limits, fallback: [], tags: [] };
  const start = await startOf(server, referenceSources(false));
  return start.kind === "remote" ? { name, remote: start.remote } : order;
}
