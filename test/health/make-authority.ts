/** `makeAuthority`: certificates that openssl signs with an authority of the test's own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Authority extends Disposable {
  /** File of its certificate. */
  ca: string;
  /** Valid for so many days from now; with -1 it expired a day ago. */
  certificate(name: string, days: number): { cert: string; key: string; files: { cert: string; key: string } };
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "km-authority-"));
  const file = (name: string): string => join(folder, name);
  const [ca, caKey] = [file("ca.pem"), file("ca.key")];
  openssl("req", "-x509", ...KEY, "-keyout", caKey, "-out", ca, "-days", "3650", "-subj", "/CN=Test authority");
  let count = 0;
  return {
    ca,
    certificate(name, days) {
      const at = file(String(count++));
      const [key, request, cert, extensions] = [`${at}.key`, `${at}.csr`, `${at}.pem`, `${at}.ext`];
      writeFileSync(extensions, `subjectAltName=DNS:${name}\n`);
      openssl("req", ...KEY, "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
      const signer = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-extfile", extensions];
      openssl("x509", "-req", "-in", request, ...signer, "-out", cert, "-days", String(days));
      return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8"), files: { cert, key } };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openssl(...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words]);
  if (exitCode !== 0) throw new Error(stderr.toString());
}
