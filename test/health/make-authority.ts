/** `makeAuthority`: certificates for names and days, with a folder that goes when the test ends. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateAuthority, type Pair } from "../fixtures/certificate-authority.ts";

export interface Authority extends Disposable {
  /** File of its certificate. */
  ca: string;
  /** Valid for so many days from now; with -1 it expired a day ago. */
  certificate(name: string, days: number): Pair & { files: Pair };
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "km-authority-"));
  const authority = new CertificateAuthority(folder, "Test authority");
  let count = 0;
  return {
    ca: authority.cert,
    certificate(name, days) {
      const files = authority.issue(String(count++), { subject: `/CN=${name}`, names: `DNS:${name}`, days });
      return { cert: readFileSync(files.cert, "utf8"), key: readFileSync(files.key, "utf8"), files };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
