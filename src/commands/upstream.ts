/**
 * `km __upstream NAME`: stands in for a server of the registry and looks after it: another takes its place where it cannot be
 * reached, and it is started again where it crashes. Started by `km monitor --use`, which names the servers on stdin.
 */
import { defineCommand } from "../command.ts";
import { startChild } from "../connect/child-link.ts";
import { paths } from "../context.ts";
import { connectAhead } from "../http/connect-ahead.ts";
import { connectRemote } from "../http/remote-link.ts";
import { type Breaker, sharedBreaker } from "../resilience/breaker-file.ts";
import { ResilientLink } from "../resilience/resilient-link.ts";
import type { Upstream } from "../resilience/upstream.ts";
import { startOf } from "../servers/start-of.ts";
import type { Server } from "../servers/server.ts";
import { withoutWithheld } from "../withheld-variables.ts";
import { remoteAuthorizer, tell } from "./remote-authorizer.ts";
import { type ServedLink, serveLink } from "./serve-link.ts";
import { referenceSources } from "./servers/open-servers.ts";
import { type Order, readOrder } from "./server-order.ts";

const KILL_TIMEOUT_MS = 2000;
/** For a program to end by itself. */
const FAREWELL_MS = 3 * KILL_TIMEOUT_MS;

export default defineCommand({
  meta: { name: "__upstream", description: "Stand in for a server and those that take its place" },
  args: { name: { type: "positional", required: false, description: "Of the server, for those who list processes" } },
  async run() {
    const { servers, input } = await readOrder();
    return await serveLink(await linkTo(servers), input, FAREWELL_MS);
  },
});

async function linkTo(servers: Order["servers"]): Promise<ServedLink> {
  try {
    const [{ limits, start }] = servers;
    const upstreams = servers.map(upstreamOf);
    if (start.kind === "remote" && upstreams[0]?.breaker.phase() === "closed") connectAhead(start.remote);
    return new ResilientLink({ upstreams, limits, say: tell });
  } catch (error) {
    return (await import("./refusing-link.ts")).refusingLink(error);
  }
}

function upstreamOf(server: Server): Upstream & { breaker: Breaker } {
  const { name, start } = server;
  const isProgram = start.kind === "command";
  const place = isProgram ? start.command.join("\0") : start.remote.url;
  return {
    name,
    isProgram,
    breaker: sharedBreaker(paths().state, name, place),
    async open(health) {
      const resolved = await startOf(server, referenceSources(false));
      if (resolved.kind === "remote") {
        const { remote } = resolved;
        const authorizer = await remoteAuthorizer(remote, name);
        return connectRemote(remote, { authorizer, health, say: tell, isOnly: true });
      }
      const { command, cwd, env } = resolved;
      return startChild(
        { command, cwd: cwd ?? process.cwd(), env: { ...withoutWithheld(process.env), ...env } },
        { killTimeoutMs: KILL_TIMEOUT_MS, onStderr: (bytes) => void process.stderr.write(bytes) },
      );
    },
  };
}
