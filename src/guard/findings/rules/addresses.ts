/** `addressRules`: arguments with addresses that lead inside: to this machine, its network, or its cloud. */
import { usageOf } from "../argument-text.ts";
import type { Severity } from "../finding.ts";
import type { InspectedText } from "../inspected-text.ts";
import { networkOf } from "../network.ts";
import type { Hit, Rule, Subject } from "../rule.ts";

export const addressRules: readonly Rule[] = [
  {
    id: "internal-address",
    severity: "high",
    title: "Has an address inside: of a cloud's metadata, of the network or of this machine",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: internalAddresses,
  },
  {
    id: "unusual-scheme",
    severity: "medium",
    title: "Has an address of a kind that reaches files or speaks to other services",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: unusualSchemes,
  },
];

const MAX_ADDRESSES = 200;

function* internalAddresses(subject: Subject): Iterable<Hit> {
  for (const text of subject.texts) {
    for (const address of addressesIn(text, subject)) {
      const found = judge(address);
      if (found === undefined) continue;
      yield { place: text.place, evidence: `${address.whole.slice(0, 300)} (${found.says})`, severity: found.severity };
      break;
    }
  }
}

/** Services that trust whoever reaches them. */
const TRUSTING_PORTS = new Set(
  "22 23 25 111 139 445 873 2049 2181 2375 2376 2379 3306 3389 4040 4243 4369 5432 5601 5672 5900 5984 6000 6379 6443 7001 8009 8086 8200 8500 9000 9042 9090 9100 9200 9300 10250 10255 11211 15672 27017 50070".split(
    " ",
  ),
);

function judge({ host, port, behindUser }: Address): { says: string; severity: Severity } | undefined {
  const network = networkOf(host);
  if (network === undefined) return undefined;
  const { kind, disguised } = network;
  if (kind === "metadata") return { says: "metadata of the cloud", severity: "critical" };
  if (behindUser) return { says: `behind the name of another host, which is ${kind}`, severity: "high" };
  if (disguised !== undefined) return { says: `${disguised}, which is ${kind}`, severity: "high" };
  if (kind === "link-local") return { says: "link-local", severity: "high" };
  if (kind === "private") return { says: "of a private network", severity: "low" };
  if (kind === "unspecified") return { says: "any address of this machine", severity: "medium" };
  // Whoever develops has servers on the same machine; they are not those.
  return TRUSTING_PORTS.has(port)
    ? { says: `a service of this machine on port ${port}`, severity: "medium" }
    : undefined;
}

interface Address {
  host: string;
  port: string;
  whole: string;
  /** `example.com@127.0.0.1`: what looks like the host is none. */
  behindUser: boolean;
}

const HTTP = /(?:\b(?:https?|wss?|ftp):[\\/]{2,4}|^\/\/)([^\s"'<>`\\]{1,2000})/gi;

function* addressesIn(text: InspectedText, subject: Subject): Iterable<Address> {
  const usage = usageOf(text, subject);
  if (usage === "code" || usage === "prose") return;
  let count = 0;
  for (const match of text.text.matchAll(HTTP)) {
    if (++count > MAX_ADDRESSES) return;
    yield parse(match[1] ?? "", match[0]);
  }
  const isBare = count === 0 && usage === "address" && !/[\s@]/.test(text.text) && text.text.length < 300;
  if (isBare && /^[\w.:[\]%-]{1,253}(?:\/|$)/.test(text.text)) yield parse(text.text, text.text);
}

/** As written: what is before the last `@` is a user, and the host ends where a browser ends it. */
function parse(rest: string, whole: string): Address {
  const parts = (/^[^/?#]*/.exec(rest)?.[0] ?? "").split("@");
  const authority = parts.at(-1) ?? "";
  const behindUser = /^[\w-]{1,60}\.[\w.-]{2,60}$/.test(parts.length > 1 ? (parts[0] ?? "") : "");
  const ipv6 = /^\[([^\]]*)\](?::(\d{1,5}))?/.exec(authority);
  if (ipv6 !== null) return { host: `[${ipv6[1] ?? ""}]`, port: ipv6[2] ?? "", whole, behindUser };
  if (authority.split(":").length > 2) return { host: `[${authority}]`, port: "", whole, behindUser };
  const [host = "", port = ""] = authority.split(":");
  return { host, port, whole, behindUser };
}

const SCHEME =
  /(?:^|[\s"'=(]|\burl:)((?:gopher|dict|ldaps?|tftp|jar|phar|php|expect|netdoc|smb|view-source|zip|compress\.zlib|ogg|glob|rar|ssh2|rmi|nfs|chrome|vbscript|file):(?:\/\/|(?=[\w/]))[^\s"'<>]{0,300})/i;

function* unusualSchemes(subject: Subject): Iterable<Hit> {
  for (const text of subject.texts) {
    const usage = usageOf(text, subject);
    if (usage !== "address" && usage !== "name" && usage !== "path" && usage !== "command") continue;
    const address = SCHEME.exec(text.text)?.[1];
    if (address === undefined) continue;
    const isFile = /^file:/i.test(address);
    // An argument that is a resource or a path takes file: URLs; with roots, those outside are told elsewhere.
    if (isFile && (usage === "path" || /uri|resource|document/i.test(text.member) || subject.roots !== undefined))
      continue;
    if (!isFile && !/^[\w.-]+:\/\//.test(address) && usage !== "address") continue;
    yield { place: text.place, evidence: address };
  }
}
