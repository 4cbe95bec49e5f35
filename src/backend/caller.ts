/** Who calls, by their address: as it is logged, and as requests are counted. */
import { isIP } from "node:net";

/**
 * The address of the caller. Each proxy adds to X-Forwarded-For the address that it was called from; what stands further
 * left than there are proxies may be made up.
 *
 * @param peer the other end of the connection
 */
export function callerAddress(headers: Headers, peer: string, trustedProxies: number): string {
  if (trustedProxies === 0) return plainAddress(peer) ?? peer;
  const forwarded = (headers.get("x-forwarded-for") ?? "").split(",");
  return plainAddress(forwarded.at(-trustedProxies) ?? "") ?? plainAddress(peer) ?? peer;
}

/**
 * What the requests of an address are counted by. Of IPv6 that is its network of 64 bits, the least that a provider gives
 * to a customer: each has more addresses than there are requests.
 */
export function countedAs(address: string): string {
  if (isIP(address) !== 6) return address;
  const [front = "", back] = address.split("%")[0]?.split("::") ?? [];
  const left = front === "" ? [] : front.split(":");
  const right = back === undefined || back === "" ? [] : back.split(":");
  // A dotted end stands for two groups; it is never within the first four, unless there are zeros before it.
  const missing = 8 - left.length - right.length - (address.includes(".") ? 1 : 0);
  const groups = back === undefined ? left : [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** Without brackets and port; an IPv4 address within IPv6 as it is written by itself. Undefined for what is none. */
export function plainAddress(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase();
  const address = /^\[(.*)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d+$/.exec(trimmed)?.[1] ?? trimmed;
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1];
  const plain = mapped ?? address;
  return isIP(plain) > 0 && !plain.includes("%") ? plain : undefined;
}
