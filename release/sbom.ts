/** `makeSbom`: what km is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../package.json";
import { type Dependency, runtimeDependencies } from "./dependencies.ts";
import { REPOSITORY } from "./project.ts";
import type { Release } from "./release-types.ts";

export async function makeSbom({ version, outdir, time }: Release): Promise<string[]> {
  const dependencies = runtimeDependencies();
  const self = `pkg:github/kilometers-ai/km@v${version}`;
  const direct = [...Object.keys(packageJson.dependencies), "bun"];
  const references = (keys: string[]) => keys.flatMap((key) => purl(dependencies.get(key)) ?? []).toSorted();
  const body = {
    version: 1,
    metadata: {
      timestamp: time.toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "km",
        version,
        description: packageJson.description,
        licenses: [{ license: { id: packageJson.license } }],
        purl: self,
        externalReferences: [{ type: "vcs", url: REPOSITORY }],
      },
    },
    components: Array.from(dependencies.values(), component),
    dependencies: [
      { ref: self, dependsOn: references(direct) },
      ...Array.from(dependencies.values(), (one) => ({ ref: purl(one), dependsOn: references(one.dependsOn) })),
    ],
  };
  // The same contents have the same number.
  const serialNumber = `urn:uuid:${Bun.randomUUIDv5(JSON.stringify(body), "url")}`;
  const name = `km-${version}.cdx.json`;
  const sbom = { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber, ...body };
  writeFileSync(join(outdir, name), `${JSON.stringify(sbom, undefined, 2)}\n`);
  return [name];
}

function component(dependency: Dependency) {
  const { name, version, sha512, license } = dependency;
  return {
    type: name === "bun" ? "platform" : "library",
    "bom-ref": purl(dependency),
    name,
    version,
    scope: "required",
    hashes: [{ alg: "SHA-512", content: sha512 }],
    licenses: [{ license: { id: license } }],
    purl: purl(dependency),
    externalReferences: [{ type: "distribution", url: `https://www.npmjs.com/package/${name}/v/${version}` }],
  };
}

/** https://github.com/package-url/purl-spec: the "@" of a scope is encoded. */
function purl(dependency: Dependency | undefined): string | undefined {
  return dependency && `pkg:npm/${dependency.name.replace("@", "%40")}@${dependency.version}`;
}
