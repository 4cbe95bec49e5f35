import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import packageJson from "../../package.json";
import { makeTinyRelease, type TinyRelease, VERSION } from "./tiny-release.ts";

/** The part of CycloneDX 1.6 that is used, strictly. */
const COMPONENT = {
  "bom-ref": v.string(),
  name: v.string(),
  version: v.string(),
  purl: v.pipe(v.string(), v.regex(/^pkg:(npm|github)\/(%40)?[\w./-]+@[\w.-]+$/)),
  licenses: v.tuple([v.strictObject({ license: v.strictObject({ id: v.string() }) })]),
  externalReferences: v.array(
    v.strictObject({ type: v.picklist(["vcs", "distribution"]), url: v.pipe(v.string(), v.url()) }),
  ),
};
const SBOM = v.strictObject({
  bomFormat: v.literal("CycloneDX"),
  specVersion: v.literal("1.6"),
  serialNumber: v.pipe(v.string(), v.regex(/^urn:uuid:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)),
  version: v.literal(1),
  metadata: v.strictObject({
    timestamp: v.pipe(v.string(), v.isoTimestamp()),
    component: v.strictObject({ ...COMPONENT, type: v.literal("application"), description: v.string() }),
  }),
  components: v.array(
    v.strictObject({
      ...COMPONENT,
      type: v.picklist(["library", "platform"]),
      scope: v.literal("required"),
      hashes: v.tuple([
        v.strictObject({ alg: v.literal("SHA-512"), content: v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/)) }),
      ]),
    }),
  ),
  dependencies: v.array(v.strictObject({ ref: v.string(), dependsOn: v.array(v.string()) })),
});

let release: TinyRelease;
let sbom: v.InferOutput<typeof SBOM>;

beforeAll(async () => {
  release = await makeTinyRelease(["sbom"]);
  sbom = v.parse(SBOM, JSON.parse(readFileSync(join(release.outdir, `km-${VERSION}.cdx.json`), "utf8")));
});

afterAll(() => release[Symbol.dispose]());

describe("makeSbom", () => {
  test("has every runtime dependency, and Bun, with its version", () => {
    const listed = sbom.components.map(({ name, version }) => `${name}@${version}`);
    const expected = Object.entries(packageJson.dependencies).map(([name, version]) => `${name}@${version}`);
    expect(listed).toEqual(expect.arrayContaining([...expected, `bun@${packageJson.devDependencies.bun}`]));
  });

  test("has what those depend on, and nothing that only builds or tests", () => {
    const names = sbom.components.map(({ name }) => name);
    expect(names).toContain("eslint-visitor-keys");
    for (const name of Object.keys(packageJson.devDependencies)) {
      if (name !== "bun") expect(names).not.toContain(name);
    }
    expect(names.filter((name) => /freebsd|ia32|riscv|musl/.test(name))).toEqual([]);
  });

  test("says of each what it depends on, without loose ends", () => {
    const known = [sbom.metadata.component, ...sbom.components].map((one) => one["bom-ref"]);
    expect(new Set(known).size).toBe(known.length);
    expect(sbom.dependencies.map(({ ref }) => ref).toSorted()).toEqual(known.toSorted());
    expect(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.includes(ref))).toEqual([]);
  });
});
