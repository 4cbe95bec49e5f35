/** Certificates for tests of TLS, in a folder that goes when the test ends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateAuthority, openssl } from "../fixtures/certificate-authority.ts";

export interface Certificates extends Disposable {
  /** Of the authority that issued all but `stranger`. */
  ca: string;
  /** Each `<name>.pem`, with its key in `<name>.key` beside it. */
  file(name: string): string;
  /** `sha256/<base64>` of the public key. */
  pin(name: string): string;
}

export const PASSPHRASE = "open sesame";

/** `localhost` is valid for localhost and 127.0.0.1; `other` is for another host; `client` is a client's, its key encrypted. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "km-certificates-"));
  const file = (name: string): string => join(folder, name);
  const authority = new CertificateAuthority(folder);
  authority.issue("localhost");
  authority.issue("other", { names: "DNS:other.example" });
  authority.issue("expired", { names: "DNS:localhost", days: -1 });
  new CertificateAuthority(folder, "stranger-ca").issue("stranger", { names: "DNS:localhost" });
  authority.issue("client", { names: "" });
  const encrypted = ["-aes256", "-passout", `pass:${PASSPHRASE}`, "-out", "client.encrypted.key"];
  openssl(folder, "pkey", "-in", "client.key", ...encrypted);
  return {
    ca: authority.cert,
    file,
    pin(name) {
      writeFileSync(file(`${name}.pub`), openssl(folder, "x509", "-in", `${name}.pem`, "-pubkey", "-noout"));
      const der = openssl(folder, "pkey", "-pubin", "-in", `${name}.pub`, "-outform", "DER");
      return `sha256/${new Bun.CryptoHasher("sha256").update(der).digest("base64")}`;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
