/** `licences`: km's own licence, followed by those of the packages that are part of the executable. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeDependencies } from "./dependencies.ts";
import { ROOT } from "./root.ts";

const RULE = `\n${"-".repeat(78)}\n\n`;

export function licences(): string {
  const own = readFileSync(join(ROOT, "LICENSE"), "utf8");
  const others = Array.from(runtimeDependencies().values(), ({ name, version, license, licenseText }) => {
    const heading = `km contains ${name} ${version} (https://www.npmjs.com/package/${name}), ${license} License.\n`;
    return licenseText === undefined ? heading : `${heading}\n${licenseText.replaceAll("\r\n", "\n")}\n`;
  });
  return [own, ...others].join(RULE);
}
