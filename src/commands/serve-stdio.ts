/** `serveStdioClient`: km's own services for the one client that has started km, until it or km is asked to end. */
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { untilAsked } from "../backend/drain.ts";
import { messageOf } from "../errors.ts";
import { OWNER } from "../services/caller.ts";
import { untilHungUp } from "./proxy-hang-up.ts";
import type { ServedHost } from "./serve-host.ts";
import { say } from "./say.ts";

export async function serveStdioClient(served: ServedHost, drainMs: number): Promise<void> {
  if (process.stdin.isTTY) say("An MCP client is expected on stdin; Ctrl-C ends. For clients over HTTP: --mode http");
  const left = Promise.withResolvers<void>();
  process.stdin.on("end", left.resolve);
  process.stdin.on("close", left.resolve);
  const connection = served.host.serve(new StdioServerTransport(), {
    caller: OWNER,
    failed: (error) => say(`A message could not be answered: ${messageOf(error)}`),
  });
  const ended = await Promise.race([left.promise.then(() => "left"), untilAsked(), untilHungUp(served.reload)]);
  // Nobody reads the answers to a client that has left.
  await served.close(ended === "left" ? 0 : drainMs);
  await connection.close();
}
