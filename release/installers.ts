/** `makeInstallers`: install.sh and install.ps1 that know which keys sign releases. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "./release-types.ts";
import { ROOT } from "./root.ts";

/** The line of each that is empty in a checkout, and what it begins with. */
const LINES = {
  "install.sh": { line: /^release_keys=.*$/m, start: "release_keys=" },
  "install.ps1": { line: /^\$ReleaseKeys = .*$/m, start: "$ReleaseKeys = " },
};

export async function makeInstallers({ outdir, releaseKeys }: Release): Promise<string[]> {
  for (const [name, { line, start }] of Object.entries(LINES)) {
    const text = readFileSync(join(ROOT, name), "utf8");
    if (!line.test(text)) throw new Error(`No line for the keys of releases in ${name}`);
    const path = join(outdir, name);
    // A function, since "$" means something in a text.
    writeFileSync(
      path,
      text.replace(line, () => `${start}'${releaseKeys.join(" ")}'`),
    );
    chmodSync(path, 0o755);
  }
  return Object.keys(LINES);
}
