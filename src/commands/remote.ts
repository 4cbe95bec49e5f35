/**
 * `km __remote URL`: stands in for a server and speaks HTTP to the real one. Started by `km monitor --url`, which says on
 * stdin what must not be seen in a command line; there is only what people may see.
 */
import { defineCommand } from "../command.ts";
import { KmError } from "../errors.ts";
import { connectAhead } from "../http/connect-ahead.ts";
import { connectRemote } from "../http/remote-link.ts";
import type { Remote } from "../http/remote.ts";
import type { Server } from "../servers/server.ts";
import type { ResolvedStart } from "../servers/start-of.ts";
import { remoteAuthorizer, tell } from "./remote-authorizer.ts";
import { type ServedLink, serveLink } from "./serve-link.ts";
import { readOrder } from "./server-order.ts";

export default defineCommand({
  meta: { name: "__remote", description: "Speak HTTP to an MCP server, as a server on stdin and stdout" },
  args: { url: { type: "positional", required: false, description: "Of the server, for those who list processes" } },
  async run() {
    const { servers, input } = await readOrder();
    return await serveLink(await linkTo(servers[0]), input);
  },
});

async function linkTo(server: Server): Promise<ServedLink> {
  try {
    const { name, remote } = await resolved(server);
    connectAhead(remote);
    const authorizer = await remoteAuthorizer(remote, name);
    return connectRemote(remote, { authorizer, say: tell, isOnly: true });
  } catch (error) {
    return (await import("./refusing-link.ts")).refusingLink(error);
  }
}

/** What is seldom needed is loaded where it is: the client waits. */
async function resolved(server: Server): Promise<{ name: string; remote: Remote }> {
  const { name } = server;
  const start = JSON.stringify(server.start).includes("${") ? await startWithSecrets(server) : server.start;
  if (start.kind === "remote") return { name, remote: start.remote };
  throw new KmError("USAGE", `The server ${name} is not reached by HTTP`);
}

async function startWithSecrets(server: Server): Promise<ResolvedStart> {
  const { startOf } = await import("../servers/start-of.ts");
  const { referenceSources } = await import("./servers/open-servers.ts");
  return await startOf(server, referenceSources(false));
}
