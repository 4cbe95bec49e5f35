/**
 * `addressOrder`: where a `km monitor` that km itself starts shall reach its server, and with which headers. It comes on its
 * stdin, before what the client sends: what is secret in it stands in no argument, in no variable and in no file.
 */
import { readSync } from "node:fs";
import { KmError, systemCode } from "../errors.ts";
import { shownUrl } from "../http/shown-url.ts";
import { pause } from "../process/pause.ts";
import { isObject } from "../wire/jsonrpc.ts";

/** How many bytes of stdin are the order: what follows them is for the session, which reads stdin by itself. */
const ORDER_SIZE = "KM_ADDRESS_SIZE";
const MOST_BYTES = 16 << 20;
const RETRY_MS = 5;

export interface Address {
  url: string;
  /** `Name: value` each. */
  headers: string[];
}

export interface AddressOrder {
  /** Flags for it: what everybody may see who lists processes. */
  flags: string[];
  /** The first bytes that it gets on stdin. */
  opening: string;
  env: Record<string, string>;
}

export function addressOrder(address: Address): AddressOrder {
  const opening = JSON.stringify(address);
  return {
    flags: URL.canParse(address.url) ? ["--url", shownUrl(address.url)] : [],
    opening,
    env: { [ORDER_SIZE]: String(Buffer.byteLength(opening)) },
  };
}

/**
 * @param size the value of `ORDER_SIZE`
 * @throws KmError USAGE where km did not start this process
 */
export async function readAddressOrder(size: string): Promise<Address> {
  const address = addressIn(await firstBytes(Number(size)));
  if (address !== undefined) return address;
  throw new KmError("USAGE", `The variable ${ORDER_SIZE} is set, and stdin does not begin with an address`, {
    hint: "km sets it for processes that it starts itself. Unset it, and give --url.",
  });
}

function addressIn(json: string): Address | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value) || typeof value["url"] !== "string" || !Array.isArray(value["headers"])) return undefined;
    const headers = value["headers"].filter((one) => typeof one === "string");
    return { url: value["url"], headers };
  } catch {
    return undefined; // no JSON
  }
}

async function firstBytes(size: number): Promise<string> {
  if (!Number.isInteger(size) || size < 0 || size > MOST_BYTES) return "";
  const bytes = new Uint8Array(size);
  for (let filled = 0; filled < size;) {
    const count = readSome(bytes, filled);
    if (count === 0) return "";
    if (count === undefined) await pause(RETRY_MS);
    filled += count ?? 0;
  }
  return Buffer.from(bytes).toString();
}

/** Undefined where nothing is there yet, and stdin does not wait. */
function readSome(bytes: Uint8Array, offset: number): number | undefined {
  try {
    return readSync(0, bytes, offset, bytes.length - offset, null);
  } catch (error) {
    if (systemCode(error) === "EAGAIN") return undefined;
    if (systemCode(error) === "EOF") return 0; // Windows
    throw error;
  }
}
