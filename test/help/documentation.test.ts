import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENDPOINTS } from "../../src/api/contract/endpoints.ts";
import { loadCommand } from "../../src/command.ts";

test("docs/api.md lists the endpoints of the contract, and no others", () => {
  const listed = Array.from(pageOf("api").matchAll(/^\| `([A-Z]+ \/[^`]*)`/gm), ([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)));
});

test("docs/api.md lists the options of km api serve, and no others", async () => {
  const { args } = await loadCommand({ load: () => import("../../src/commands/api/serve.ts") });
  const listed = Array.from(pageOf("api").matchAll(/^\| `--([\w-]+)`/gm), ([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(args)));
});

test("docs/exit-codes.md lists every code of a login and of the API", () => {
  const source = readFileSync(join(import.meta.dir, "../../src/errors.ts"), "utf8");
  const codes = Array.from(source.matchAll(/"((?:AUTH|API)_\d+)"/g), ([, code]) => code);
  const listed = Array.from(pageOf("exit-codes").matchAll(/^\| `([A-Z]+_\d+)`/gm), ([, code]) => code);
  expect(listed).toEqual(codes);
});

function pageOf(name: string): string {
  return readFileSync(join(import.meta.dir, `../../docs/${name}.md`), "utf8");
}
