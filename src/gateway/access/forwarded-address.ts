/**
 * `forwardedAddress`: on whose behalf a proxy asks. Each proxy adds to the header the address that it was called from, so
 * what stands there is believed from the right, for as long as it was written by a proxy that is trusted.
 */
import { plainAddress } from "../../backend/caller.ts";
import type { TrustedProxies } from "../config/proxy-config.ts";
import { addressSet } from "./address-set.ts";

/** Nobody has more proxies in a row. */
const MOST_HOPS = 50;

/** @returns to the address of the other side of a connection, the one that the request comes from */
export function forwardedAddress(trusted: TrustedProxies | undefined): (headers: Headers, peer: string) => string {
  const proxies = trusted && addressSet(trusted.addresses);
  if (trusted === undefined || proxies === undefined) return (_headers, peer) => peer;
  const { header } = trusted;
  return (headers, peer) => {
    let address = plainAddress(peer) ?? peer;
    const text = headers.get(header);
    if (text === null || !proxies.has(address)) return address;
    const hops = header === "forwarded" ? forwardedFor(text) : text.split(",");
    for (const hop of hops.slice(-MOST_HOPS).toReversed()) {
      const before = plainAddress(hop);
      // A proxy that does not say it, or hides it: whoever is behind it counts as that proxy.
      if (before === undefined) return address;
      address = before;
      if (!proxies.has(address)) return address;
    }
    return address;
  };
}

const PAIR = /^\s*([\w-]+)=(?:"([^"]*)"|([^\s";,]+))\s*$/;

/** The `for` of each element (RFC 7239), empty where there is none. */
function forwardedFor(text: string): string[] {
  // A quotation mark that somebody has left open would put into quotes what the proxies add behind it.
  if (text.includes("\\") || text.split('"').length % 2 === 0) return [];
  return split(text, ",").map((element) => {
    const pairs = split(element, ";").map((pair) => PAIR.exec(pair) ?? undefined);
    if (pairs.includes(undefined)) return "";
    const found = pairs.find((pair) => pair?.[1]?.toLowerCase() === "for");
    return found?.[2] ?? found?.[3] ?? "";
  });
}

/** Where the character stands in no quoted text. */
function split(text: string, at: "," | ";"): string[] {
  const parts = [""];
  text.split('"').forEach((piece, index) => {
    const isQuoted = index % 2 === 1;
    const [first = "", ...others] = isQuoted ? [`"${piece}"`] : piece.split(at);
    parts.push(`${parts.pop()}${first}`, ...others);
  });
  return parts;
}
