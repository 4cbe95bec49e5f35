/** `upstreamServer`: a server of the registry that km looks after while it runs, as a program that is started: km itself. */
import { shownUrl } from "../http/shown-url.ts";
import { selfCommand } from "../self.ts";
import { DEFAULT_LIMITS, type Server } from "../servers/server.ts";
import type { RemoteServer } from "./remote-server.ts";
import { orderOf } from "./server-order.ts";
import { namedServer } from "./servers/open-servers.ts";

/** A program without any of that is started as it is: nothing stands between. */
export function needsUpstream({ start, limits, fallback }: Server): boolean {
  const { calls, concurrent, restarts, answerTimeoutMs } = limits;
  const isBounded =
    (calls ?? concurrent ?? restarts) !== undefined || answerTimeoutMs !== DEFAULT_LIMITS.answerTimeoutMs;
  return start.kind === "remote" || isBounded || fallback.length > 0;
}

/** @throws KmError SRV_003 and CFG_002 for a server that stands in and is not as it must be */
export async function upstreamServer(server: Server): Promise<RemoteServer> {
  const others = await Promise.all(server.fallback.map((name) => namedServer(name)));
  return {
    command: selfCommand(["__upstream", server.name]),
    recorded: recordedAs(server),
    name: server.name,
    ...orderOf([server, ...others]),
  };
}

/** The same whether km looks after it or not: what was accepted of its tools is known by it. */
function recordedAs({ name, start }: Server): string[] {
  if (start.kind === "command") return start.command;
  const { url } = start.remote;
  return ["km", "__remote", URL.canParse(url) ? shownUrl(url) : name];
}
