/** Certificates for tests of TLS, made by openssl in a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificates extends Disposable {
  /** Of the authority that issued all but `stranger`. */
  ca: string;
  /** Each with its key in `<name>.key` beside it. */
  file(name: string): string;
  /** `sha256/<base64>` of the public key. */
  pin(name: string): string;
}

export const PASSPHRASE = "open sesame";

/** `localhost` is valid for localhost and 127.0.0.1; `other` is for another host; `client` is a client's, its key encrypted. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "km-certificates-"));
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): Buffer => {
    const { success, stdout, stderr } = Bun.spawnSync(["openssl", ...words], { cwd: folder });
    if (!success) throw new Error(`openssl ${words.join(" ")}: ${stderr.toString()}`);
    return stdout;
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = (name: string): void =>
    void openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    );
  const issue = (name: string, by: string, names: string, ...dates: string[]): void => {
    writeFileSync(file(`${name}.ext`), names === "" ? "" : `subjectAltName=${names}\n`);
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signer = ["-CA", `${by}.crt`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.crt`,
      ...signer,
      "-extfile",
      `${name}.ext`,
      ...dates,
    );
  };
  authority("ca");
  authority("stranger-ca");
  issue("localhost", "ca", "DNS:localhost,IP:127.0.0.1", "-days", "2");
  issue("other", "ca", "DNS:other.example", "-days", "2");
  issue("expired", "ca", "DNS:localhost", "-days", "-1");
  issue("stranger", "stranger-ca", "DNS:localhost", "-days", "2");
  issue("client", "ca", "", "-days", "2");
  openssl("pkey", "-in", "client.key", "-aes256", "-passout", `pass:${PASSPHRASE}`, "-out", "client.encrypted.key");
  return {
    ca: file("ca.crt"),
    file,
    pin(name) {
      writeFileSync(file(`${name}.pub`), openssl("x509", "-in", `${name}.crt`, "-pubkey", "-noout"));
      const der = openssl("pkey", "-pubin", "-in", `${name}.pub`, "-outform", "DER");
      return `sha256/${new Bun.CryptoHasher("sha256").update(der).digest("base64")}`;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
