/**
 * `vettedAddresses`: where a request to a URL may go. What the whole net can name must not lead into the network that km is in:
 * a name is looked up once, all of its addresses are judged, and the connection goes to these and no others.
 */
import { lookup } from "node:dns/promises";
import { KmError, systemCode } from "../../errors.ts";
import { addressBytes, isInRange, isPrivateHost, parseRange } from "../../guard/policy/addresses.ts";
import { matchesGlob } from "../../guard/policy/glob.ts";

export interface Address {
  address: string;
  family: 4 | 6;
}

/** Below are mail, names, files: what a request says could be an order there. */
const FIRST_FREE_PORT = 1024;
/** As `URL` has them: empty for the usual one. */
const WEB_PORTS = new Set(["", "80", "443"]);

export type LookUp = (host: string) => Promise<Address[]>;

/**
 * @param url whose host is as `URL` writes it: 0x7f.1 and 2130706433 are 127.0.0.1 there
 * @param privateHosts those that may be reached all the same
 * @throws KmError SVC_001 for what is no address of the web, SVC_002 for what is not public, SVC_003 for what cannot be looked up
 */
export async function vettedAddresses(
  url: URL,
  privateHosts: readonly string[],
  lookUp: LookUp = systemLookUp,
): Promise<Address[]> {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new KmError("SVC_001", `Argument url cannot begin with ${url.protocol}`, {
      hint: "Allowed: https:// and http://.",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new KmError("SVC_001", "Argument url cannot have a name or a password in it");
  }
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  const isAllowed = isAmong(host, privateHosts);
  if (isPrivateHost(host) && !isAllowed) throw notPublic(host);
  if (!isAllowed && !WEB_PORTS.has(url.port) && Number(url.port) < FIRST_FREE_PORT) {
    throw new KmError("SVC_002", `Port ${url.port} is not fetched from: it is of another protocol than HTTP`, {
      hint: `Allowed: 80, 443, and from ${FIRST_FREE_PORT} on.`,
    });
  }
  if (addressBytes(host) !== undefined) {
    const address = host.replace(/^\[|\]$/g, "");
    return [{ address, family: address.includes(":") ? 6 : 4 }];
  }
  const addresses = await found(host, lookUp);
  // One of them is enough: which one a connection takes is not certain.
  const isOwn = addresses.some(({ address }) => isPrivateHost(address) && !isAmong(address, privateHosts));
  if (isOwn && !isAllowed) throw notPublic(host);
  return addresses;
}

async function found(host: string, lookUp: LookUp): Promise<Address[]> {
  try {
    const addresses = await lookUp(host);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    const isUnknown = ["ENOTFOUND", "DNS_ENOTFOUND", "ENODATA", "DNS_ENODATA"].includes(systemCode(error) ?? "");
    throw new KmError(
      "SVC_003",
      `${host} cannot be looked up: ${isUnknown ? "there is no such host" : "it fails now"}`,
      {
        cause: error,
      },
    );
  }
  throw new KmError("SVC_003", `${host} cannot be looked up: it has no address`);
}

function notPublic(host: string): KmError {
  return new KmError("SVC_002", `${host} is not fetched: it is of this machine or of a private network`, {
    hint: "Whoever runs this server can allow it: utilities.private_hosts of services.yaml.",
  });
}

function isAmong(host: string, allowed: readonly string[]): boolean {
  const bytes = addressBytes(host);
  return allowed.some((one) => {
    const range = parseRange(one);
    return range === undefined || bytes === undefined ? matchesGlob(one.toLowerCase(), host) : isInRange(bytes, range);
  });
}

async function systemLookUp(host: string): Promise<Address[]> {
  const all = await lookup(host, { all: true });
  return all.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
