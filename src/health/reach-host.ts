/** `resolveHost` and `reachHost`: whether the host of a server has an address, and takes connections there. */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { connectionProblem } from "../http/problem.ts";
import { withinTime } from "./within-time.ts";
import { failed, type Outcome } from "./step-log.ts";

export interface HostPort {
  /** Without the brackets of an IPv6 address. */
  hostname: string;
  port: number;
}

export function hostOf(url: string): HostPort {
  const { protocol, hostname, port } = new URL(url);
  const usual = protocol === "https:" ? 443 : 80;
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? usual : Number(port) };
}

export async function resolveHost({ hostname }: HostPort, timeoutMs: number): Promise<Outcome<object>> {
  const found = await withinTime(lookup(hostname, { all: true }), timeoutMs).catch((error: unknown) => failure(error));
  if (found === undefined) {
    return failed(
      `${hostname} was not looked up within ${timeoutMs / 1000} s`,
      "Check the network, and its name server.",
    );
  }
  if (!Array.isArray(found)) return found;
  const addresses = found.map(({ address }) => address);
  const more = addresses.length > 1 ? ` and ${addresses.length - 1} more` : "";
  return { state: "passed", value: {}, detail: `${addresses[0] ?? "no address"}${more}` };
}

export async function reachHost({ hostname, port }: HostPort, timeoutMs: number): Promise<Outcome<object>> {
  const { promise, resolve } = Promise.withResolvers<Outcome<object>>();
  const socket = connect({ host: hostname, port });
  socket.once("connect", () => resolve({ state: "passed", value: {}, detail: `port ${port}` }));
  socket.on("error", (error) => resolve(failure(error)));
  const outcome = await withinTime(promise, timeoutMs);
  socket.destroy();
  const late = `port ${port} takes no connection within ${timeoutMs / 1000} s`;
  return outcome ?? failed(late, "Check the host and the port, and what stands between.");
}

function failure(error: unknown): Outcome<never> {
  const { reason, hint } = connectionProblem(error);
  return failed(reason, hint);
}
