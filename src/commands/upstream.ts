/**
 * `km __upstream NAME`: stands in for a server of the registry and looks after it: another takes its place where it cannot be
 * reached, and it is started again where it crashes. Started by `km monitor --use`, which names the servers in the environment.
 */
import { defineCommand } from "../command.ts";
import { startChild } from "../connect/child-link.ts";
import { paths } from "../context.ts";
import { KmError } from "../errors.ts";
import { connectRemote } from "../http/remote-link.ts";
import { sharedBreaker } from "../resilience/breaker-file.ts";
import { ResilientLink } from "../resilience/resilient-link.ts";
import type { Upstream } from "../resilience/upstream.ts";
import { startOf } from "../servers/start-of.ts";
import type { Server } from "../servers/server.ts";
import { withoutWithheld } from "../withheld-variables.ts";
import { remoteAuthorizer, tell } from "./remote-authorizer.ts";
import { serveLink } from "./serve-link.ts";
import { referenceSources } from "./servers/open-servers.ts";
import { UPSTREAM_VARIABLE } from "./upstream-server.ts";

const KILL_TIMEOUT_MS = 2000;
/** For a program to end by itself. */
const FAREWELL_MS = 3 * KILL_TIMEOUT_MS;

export default defineCommand({
  meta: { name: "__upstream", description: "Stand in for a server and those that take its place" },
  args: { name: { type: "positional", required: false, description: "Of the server, for those who list processes" } },
  async run() {
    const servers = takeServers(process.env);
    const [first] = servers;
    if (first === undefined) throw new KmError("USAGE", "No server is given", { hint: "Use km monitor --use NAME." });
    const link = new ResilientLink({ upstreams: servers.map(upstreamOf), limits: first.limits, say: tell });
    return await serveLink(link, FAREWELL_MS);
  },
});

function takeServers(env: NodeJS.ProcessEnv): Server[] {
  const text = env[UPSTREAM_VARIABLE] ?? "[]";
  delete env[UPSTREAM_VARIABLE];
  return JSON.parse(text) as Server[];
}

function upstreamOf(server: Server): Upstream {
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
        return connectRemote(remote, { authorizer: await remoteAuthorizer(remote, name), health, say: tell });
      }
      const { command, cwd, env } = resolved;
      return startChild(
        { command, cwd: cwd ?? process.cwd(), env: { ...withoutWithheld(process.env), ...env } },
        { killTimeoutMs: KILL_TIMEOUT_MS, onStderr: (bytes) => void process.stderr.write(bytes) },
      );
    },
  };
}
