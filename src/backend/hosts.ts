/** Which hosts a request may be for: what keeps a web page from reaching the service by a name that it made point here. */
import { isIP } from "node:net";

/**
 * A check of the Host header. Only a name can be made to point elsewhere (DNS rebinding), so addresses are right always:
 * whoever probes a replica asks for one. Of names, those given and `localhost` are right; where the service is
 * bound to other addresses than those of loopback and none is given, all are.
 */
export function hostCheck(boundTo: string, given: readonly string[]): (host: string | null) => boolean {
  const names = new Set(["localhost", boundTo, ...given].map((name) => name.toLowerCase()));
  const isAny = given.length === 0 && !isLoopback(boundTo);
  return (host) => {
    if (host === null) return true; // HTTP/1.0, which no browser speaks; HTTP/1.1 without it is refused before
    const [, name = "", port = "0"] = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
    if (name === "" || Number(port) > 65_535) return false;
    return isAny || names.has(name.toLowerCase()) || isIP(name.replace(/^\[|\]$/g, "")) > 0;
  };
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
