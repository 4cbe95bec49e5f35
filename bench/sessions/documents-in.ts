/** `documentsIn`: what an agent reads of the packages that a project uses. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const READ = ["package.json", "README.md", "readme.md", "CHANGELOG.md", "SECURITY.md", "index.js", "index.d.ts"];

/** @param packages a folder `node_modules` */
export function documentsIn(packages: string): string[] {
  return readdirSync(packages)
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(packages, name)).map((one) => join(name, one)) : [name],
    )
    .filter((name) => !name.startsWith("."))
    .sort()
    .flatMap((name) => READ.map((file) => join(packages, name, file)))
    .filter((path) => existsSync(path));
}
