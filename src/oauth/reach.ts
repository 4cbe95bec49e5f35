/** `placeOf`: from how far away an address can be reached: what the whole net can name must not lead into somebody's own. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

/** In the order of how near it is. */
const REACHES = ["public", "private", "loopback"] as const;

export type Reach = (typeof REACHES)[number];

/** The addresses of a host; none where it has none or nobody knows. */
export type Lookup = (host: string) => Promise<string[]>;

export interface Place {
  /** Of the nearest of its addresses. What cannot be looked up counts as public: nothing here answers to it. */
  reach: Reach;
  /** That were looked up; undefined where there is nothing to look up. */
  addresses: string[] | undefined;
}

export async function placeOf(url: URL, lookUp: Lookup = systemLookup): Promise<Place> {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(host)) return { reach: reachOfAddress(host), addresses: undefined };
  if (host === "localhost" || host.endsWith(".localhost")) return { reach: "loopback", addresses: undefined };
  const addresses = await lookUp(host);
  const reaches = new Set(addresses.map(reachOfAddress));
  return { reach: REACHES.findLast((reach) => reaches.has(reach)) ?? "public", addresses };
}

/** Whether who is reached like `from` may name what is reached like `to`. */
export function mayName(from: Reach, to: Reach): boolean {
  return REACHES.indexOf(to) <= REACHES.indexOf(from);
}

const LOOPBACK = blockList(["127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128"]);

const PRIVATE_IPV4 = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
];

/** What RFC 6890 and its successors keep from the public net, and addresses in which an IPv4 address may hide. */
const PRIVATE = blockList([
  ...PRIVATE_IPV4,
  ...[...PRIVATE_IPV4, "127.0.0.0/8", "0.0.0.0/8"].map(behindNat64),
  "::/96",
  "::ffff:0:0:0/96",
  "64:ff9b:1::/48",
  "2002::/16",
  "fec0::/10",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
]);

function reachOfAddress(address: string): Reach {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (LOOPBACK.check(address, family)) return "loopback";
  return PRIVATE.check(address, family) ? "private" : "public";
}

/** As the public prefix of RFC 6052 leads to it: where there is no IPv4, so does every address of it. */
function behindNat64(subnet: string): string {
  const [net = "", bits] = subnet.split("/");
  return `64:ff9b::${net}/${96 + Number(bits)}`;
}

function blockList(subnets: string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = "", bits] = subnet.split("/");
    list.addSubnet(net, Number(bits), isIP(net) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

async function systemLookup(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return []; // a request to it says why
  }
}
