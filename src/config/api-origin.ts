/** `apiOrigin`: the origin of an API that credentials may be sent to. */

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Undefined for what is no address, and for one whose connection anyone could listen to. */
export function apiOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "") return undefined;
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname));
  return isSafe ? url.origin : undefined;
}
