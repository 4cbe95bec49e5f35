/** Network addresses: of which range one is, and whether it is this machine's or a private network's. */
import type { AddressRange } from "./compiled.ts";

/** The 4 or 16 bytes of an address as `URL` writes hosts; undefined for a name. */
export function addressBytes(host: string): number[] | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) {
    const bytes = host.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? bytes : undefined;
  }
  const inner = /^\[(.*)\]$/.exec(host)?.[1] ?? (host.includes(":") ? host : undefined);
  const bytes = inner === undefined ? undefined : version6(inner);
  return bytes === undefined ? undefined : (embedded(bytes) ?? bytes);
}

/** `10.0.0.0/8`, `fc00::/7`, or one address; undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = "", length, more] = text.split("/");
  if (more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const bytes = addressBytes(address);
  if (bytes === undefined) return undefined;
  const most = bytes.length * 8;
  const bits = length === undefined ? most : Number(length);
  return bits <= most ? { bytes, bits } : undefined;
}

export function isInRange(address: number[], { bytes, bits }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  return bytes.every((byte, index) => {
    const counted = Math.min(Math.max(bits - index * 8, 0), 8);
    return (byte ^ (address[index] ?? 0)) >> (8 - counted) === 0;
  });
}

/** Of this machine, of a private network, or of no network at all. What a name resolves to is not asked. */
export function isPrivateHost(host: string): boolean {
  const address = addressBytes(host);
  if (address !== undefined) return [address, ...tunnelled(address)].some(isPrivate);
  const name = host.toLowerCase().replace(/\.$/, "");
  return !name.includes(".") || PRIVATE_NAMES.some((end) => name.endsWith(end));
}

function isPrivate(address: number[]): boolean {
  return PRIVATE.some((range) => isInRange(address, range));
}

/** The IPv4 addresses that an IPv6 address leads to through a tunnel, if there is one: 6to4, Teredo, ISATAP. */
export function tunnelled(address: number[]): number[][] {
  if (address.length !== 16) return [];
  const at = (start: number): number[] => address.slice(start, start + 4);
  const [first, second, third, fourth] = address;
  if (first === 0x20 && second === 2) return [at(2)];
  if (first === 0x20 && second === 1 && third === 0 && fourth === 0) {
    return [at(4), at(12).map((byte) => byte ^ 0xff)]; // of its server, and its own
  }
  const isOfSite =
    [0, 2].includes(address[8] ?? 1) && [0, 0x5e, 0xfe].every((byte, index) => byte === address[9 + index]);
  return isOfSite ? [at(12)] : [];
}

const PRIVATE = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "168.63.129.16", // of the machine below, at Azure
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "::/127",
  "64:ff9b:1::/48",
  "100::/64",
  "2001:db8::/32",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
].flatMap((text) => parseRange(text) ?? []);

const PRIVATE_NAMES = [".localhost", ".local", ".internal", ".lan", ".intranet", ".home.arpa"];

/** The IPv4 address in an IPv6 address that stands for one: mapped, translated, compatible, or of a NAT64 gateway. */
function embedded(bytes: number[]): number[] | undefined {
  const begins = (...start: number[]): boolean => start.every((byte, index) => bytes[index] === byte);
  const zeros = Array.from({ length: 10 }, () => 0);
  const isMapped = begins(...zeros, 0xff, 0xff);
  const isCompatible = begins(...zeros, 0, 0) && bytes.slice(12).some((byte, index) => byte > (index === 3 ? 1 : 0));
  const isTranslated = begins(...zeros.slice(2), 0xff, 0xff, 0, 0);
  const isOfGateway = begins(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);
  return isMapped || isCompatible || isTranslated || isOfGateway ? bytes.slice(12) : undefined;
}

function version6(text: string): number[] | undefined {
  const dotted = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  const tail = dotted?.[2] === undefined ? undefined : addressBytes(dotted[2]);
  if (dotted !== null && tail?.length !== 4) return undefined;
  const hex = (byte = 0): string => byte.toString(16).padStart(2, "0");
  const plain =
    tail === undefined ? text : `${dotted?.[1]}${hex(tail[0])}${hex(tail[1])}:${hex(tail[2])}${hex(tail[3])}`;
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [before = [], after = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...before, ...Array.from({ length: Math.max(missing, 0) }, () => "0"), ...after];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}
