/**
 * `pinnedFetch`: requests to a host by its name, at one of the addresses that were looked up for it, and at no other: who
 * answers for the name could say something else a moment later.
 */
import type { Fetch } from "../auth/ask-api.ts";
import { canConnect } from "../http/can-connect.ts";

const CONNECT_MS = 10_000;

/**
 * @param addresses of the host
 * @param tls what is asked of its certificate besides the name
 */
export function pinnedFetch(addresses: readonly string[], tls: BunFetchRequestInit["tls"]): Fetch {
  return async (to, init) => {
    const url = new URL(to);
    const { host, hostname } = url;
    url.hostname = await reachable(url, addresses);
    const headers = new Headers(init.headers);
    headers.set("host", host);
    // A connection that is kept is known by the address, which several hosts can share.
    return await fetch(url.href, {
      ...init,
      headers,
      keepalive: false,
      tls: { ...tls, serverName: hostname.replace(/\.$/, "") },
    });
  };
}

/** The first that takes a connection; where none does, the request to it says why. */
async function reachable(url: URL, addresses: readonly string[]): Promise<string> {
  const hosts = addresses.map((address) => (address.includes(":") ? `[${address}]` : address));
  const [first] = hosts;
  if (first === undefined) throw Object.assign(new Error("there is no such host"), { code: "ENOTFOUND" });
  if (hosts.length === 1) return first;
  const tries = hosts.map(async (host) => {
    const there = new URL(url);
    there.hostname = host;
    if (await canConnect(there.href, CONNECT_MS)) return host;
    throw new Error("it takes no connection");
  });
  return await Promise.any(tries).catch(() => first);
}
