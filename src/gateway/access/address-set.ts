/** `addressSet`: addresses and networks, and which addresses are among them. */
import { BlockList, isIP } from "node:net";

export interface AddressSet {
  /** @param address an IPv4 address within IPv6 counts as itself */
  has(address: string): boolean;
}

/** @returns undefined where one of them is neither an address nor a network */
export function addressSet(written: readonly string[]): AddressSet | undefined {
  const list = new BlockList();
  for (const one of written) {
    const [, address = "", digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(one) ?? [];
    const family = familyOf(address);
    if (family === undefined) return undefined;
    const most = family === "ipv4" ? 32 : 128;
    const prefix = digits === undefined ? most : Number(digits);
    if (prefix > most) return undefined;
    list.addSubnet(address, prefix, family);
  }
  return {
    has(address) {
      const family = familyOf(address);
      return family !== undefined && list.check(address, family);
    },
  };
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = address.includes("%") ? 0 : isIP(address);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
