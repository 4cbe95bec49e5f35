/** `tlsOptions`: what a connection's TLS has to be like, in the form that Bun's fetch takes. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { checkServerIdentity, getCACertificates } from "node:tls";
import { KmError, systemReason } from "../errors.ts";
import { WRONG_PIN } from "./problem.ts";
import type { RemoteTls } from "./remote.ts";

type TlsOptions = NonNullable<BunFetchRequestInit["tls"]>;

/** @throws KmError SRV_001 where a file cannot be read */
export function tlsOptions({ ca, cert, key, passphrase, serverName, pins }: RemoteTls): TlsOptions {
  const options: TlsOptions = {};
  // Authorities that are named count in place of the usual ones, so both are.
  if (ca !== undefined) options.ca = [...getCACertificates("default"), readPem(ca)];
  if (cert !== undefined) options.cert = readPem(cert);
  if (key !== undefined) options.key = readPem(key);
  if (passphrase !== undefined) options.passphrase = passphrase;
  if (serverName !== undefined) options.serverName = serverName;
  if (pins.length > 0) {
    // Bun asks this in place of its own look at the name.
    options.checkServerIdentity = (host, certificate) =>
      checkServerIdentity(host, certificate) ?? checkPin(certificate.raw, pins);
  }
  return options;
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KmError("SRV_001", `Cannot read ${file} for TLS: ${systemReason(error)}`, { cause: error });
  }
}

/** Of the chain Bun shows the server's own certificate alone. */
function checkPin(certificate: Uint8Array, pins: string[]): Error | undefined {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  const found = `sha256/${new Bun.CryptoHasher("sha256").update(key).digest("base64")}`;
  if (pins.includes(found)) return undefined;
  return Object.assign(new Error(`its key is ${found}`), { code: WRONG_PIN });
}
