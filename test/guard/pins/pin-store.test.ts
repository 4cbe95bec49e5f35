/** The files that say what was accepted. */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { acceptDefinitions } from "../../../src/guard/pins/accept-definitions.ts";
import { changePins, listPins, pinFile, readPins } from "../../../src/guard/pins/pin-store.ts";
import { type Pins, sightingOf } from "../../../src/guard/pins/pins.ts";
import { serverIdentity } from "../../../src/guard/pins/server-identity.ts";
import { toolDefinition } from "../../../src/guard/pins/tool-definition.ts";
import { TemporaryFolder, tool } from "./make-listing.ts";

const IDENTITY = serverIdentity({ name: "files", command: ["files"], cwd: "/" });
const NOW = new Date("2026-05-01T00:00:00.000Z");
const ACCEPT = join(import.meta.dir, "../../fixtures/accept-tools.ts");

function sighting(description: string) {
  const definition = toolDefinition(JSON.stringify(tool("a", description)));
  if (definition === undefined) throw new Error("no tool");
  return sightingOf(definition, NOW.toISOString());
}

test("what was accepted is read again, by nobody but the user", async () => {
  using data = new TemporaryFolder();
  expect(await readPins(data.path, IDENTITY)).toBeUndefined();
  await acceptDefinitions(data.path, IDENTITY, [{ name: "a", accepted: sighting("one") }], NOW);
  expect((await readPins(data.path, IDENTITY))?.tools).toEqual([
    { name: "a", accepted: { ...sighting("one"), by: "user" } },
  ]);
  expect((await listPins(data.path)).map(({ server }) => server)).toEqual([IDENTITY]);
  const file = pinFile(data.path, IDENTITY);
  if (process.platform !== "win32") {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  }
  expect(readdirSync(dirname(file)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("what was listed since it was shown is not accepted with it", async () => {
  using data = new TemporaryFolder();
  const pins: Pins = {
    format: 1,
    server: IDENTITY,
    first_seen: "",
    tools: [{ name: "a", accepted: { ...sighting("one"), by: "user" }, listed: sighting("three") }],
  };
  await changePins(data.path, IDENTITY, () => ({ pins }));
  const result = await acceptDefinitions(data.path, IDENTITY, [{ name: "a", accepted: sighting("two") }], NOW);
  expect(result.changedSince).toEqual(["a"]);
  expect((await readPins(data.path, IDENTITY))?.tools[0]).toMatchObject({
    accepted: { hash: sighting("two").hash },
    listed: { hash: sighting("three").hash },
  });
});

test.each([
  ["not JSON", () => "{"],
  ["cut", (text: string) => text.slice(0, 200)],
  ["empty", () => ""],
  ["of another format", (text: string) => text.replace('"format": 1', '"format": 2')],
  ["a definition changed by another hand", (text: string) => text.replace("one", "two")],
  ["about another server", (text: string) => text.replace('"files"', '"docs"')],
])("a damaged file is an error, and stays as it is: %s", async (_, damage) => {
  using data = new TemporaryFolder();
  await acceptDefinitions(data.path, IDENTITY, [{ name: "a", accepted: sighting("one") }], NOW);
  const file = pinFile(data.path, IDENTITY);
  const damaged = damage(readFileSync(file, "utf8"));
  writeFileSync(file, damaged);
  const reading = readPins(data.path, IDENTITY).catch((error: unknown) => error);
  expect(String(await reading)).toMatch(/Cannot use .*which says what tools were accepted/);
  const accepting = acceptDefinitions(data.path, IDENTITY, [{ name: "a", accepted: sighting("one") }], NOW);
  expect(await accepting.catch((error: unknown) => error)).toMatchObject({ code: "PIN_001" });
  expect(readFileSync(file, "utf8")).toBe(damaged);
});

test("a folder in the place of the file, or a file in that of the folder, is an error", async () => {
  using data = new TemporaryFolder();
  mkdirSync(pinFile(data.path, IDENTITY), { recursive: true });
  const reading = readPins(data.path, IDENTITY).catch((error: unknown) => error);
  expect(String(await reading)).toContain("it is no file");
  using other = new TemporaryFolder();
  writeFileSync(join(other.path, "pins"), "");
  const changing = acceptDefinitions(other.path, IDENTITY, [{ name: "a", accepted: sighting("one") }], NOW);
  expect(await changing.catch((error: unknown) => error)).toMatchObject({ code: "PIN_001" });
});

test("processes that accept at once lose nothing of each other's", async () => {
  using data = new TemporaryFolder();
  const groups = ["a", "b", "c"].map((letter) => Array.from({ length: 8 }, (_, index) => `${letter}${index}`));
  const children = groups.map((names) =>
    Bun.spawn([process.execPath, ACCEPT, data.path, ...names], { stdin: "pipe", stdout: "pipe", stderr: "inherit" }),
  );
  try {
    for (const { stdout } of children) await stdout.getReader().read();
    for (const { stdin } of children) {
      void stdin.write("go\n");
      void stdin.end();
    }
    expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
  const kept = await readPins(data.path, IDENTITY);
  expect(kept?.tools.map(({ name }) => name).sort()).toEqual(groups.flat().sort());
}, 60_000);
