/** `connectAhead`: opens the connection to a server while there is nothing to send yet: the name looked up, TLS agreed upon. */
import type { Remote, RemoteTls } from "./remote.ts";

/** What is between is the proxy's affair then. */
export const HAS_PROXY = Object.entries(process.env).some(
  ([name, value]) => /^(?:https?|all)_proxy$/i.test(name) && value,
);

/**
 * For requests with Bun's own `fetch`. Nothing is sent, so nothing says whose the connection is. One that cannot be made is
 * no problem before it is needed.
 */
export function connectAhead({ url, tls }: Remote): void {
  // A reference may stand for a secret, and is no host before it is resolved.
  if (HAS_PROXY || !hasUsualTls(tls) || url.includes("${") || !URL.canParse(url)) return;
  const { origin, protocol } = new URL(url);
  if (protocol === "http:" || protocol === "https:") fetch.preconnect(origin);
}

/** Whether there is nothing to say about it. */
export function hasUsualTls({ ca, cert, key, serverName, pins }: RemoteTls): boolean {
  return pins.length === 0 && [ca, cert, key, serverName].every((one) => one === undefined);
}
