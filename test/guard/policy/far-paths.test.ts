/** Paths that are found outside of folders by their bytes alone: these are so to whoever reads them. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { FarPaths } from "../../../src/guard/policy/far-paths.ts";
import { folderTest } from "../../../src/guard/policy/path-test.ts";
import { BASE } from "./engine-of.ts";

const FOLDERS = [
  ["/", "srv", "secret"],
  ["/", "home", "ada", ".ssh"],
  ["/", "home", "ada", "shop", "keys"],
];

function isFar(path: string, folders = FOLDERS, base = BASE): boolean {
  const bytes = Buffer.from(`"${path}"`);
  return new FarPaths(folders, base).has(bytes, 1, bytes.length - 1);
}

test.each([
  "/",
  "/srv",
  "/srv/secrets",
  "/srv/secre/t",
  "/home/ada/shop/",
  "src/main.ts",
  "..a/x",
  "keys.txt",
  "/a:b/...",
])("%s is far", (path) => expect(isFar(path)).toBe(true));

test.each([
  "/srv/secret",
  "/srv/secret/",
  "/srv/secret/x",
  "keys",
  "keys/x",
  "../.ssh/id",
  "a/../../.ssh",
  "./keys",
  "/srv//secret",
  "~/.ssh",
  "$HOME/.ssh",
  "file:/srv/secret",
  "file:///srv/secret",
  "/srv/s%65cret",
  "/srv/'secret'",
  "/srv/secret ",
  "/srv\\/secret",
  "/srv/ſecret",
  "",
  "/x".repeat(3000),
])("%s is not, or has to be looked at closer", (path) => expect(isFar(path)).toBe(false));

test("from within one of the folders, no relative path is far", () => {
  const base = { ...BASE, cwd: "/srv/secret/inner" };
  expect(isFar("src", FOLDERS, base)).toBe(false);
  expect(isFar("/src", FOLDERS, base)).toBe(true);
  expect(isFar("/src", [["/"]], base)).toBe(false);
});

test("whatever is far lies outside as the rules see it", () => {
  const names = [
    "a",
    "b",
    "srv",
    "..",
    ".",
    "",
    "home",
    "ada",
    "shop",
    ".ssh",
    "~",
    "$x",
    "file:",
    "a b",
    "é",
    "..a",
    "ab",
    "%61",
  ];
  const path = fc
    .tuple(fc.constantFrom("", "/", "//", "~/", "file:", " "), fc.array(fc.constantFrom(...names), { maxLength: 5 }))
    .map(([beginning, parts]) => beginning + parts.join("/"));
  const folder = fc
    .array(fc.constantFrom("a", "b", "srv", "home", "ada", "shop", ".ssh", "a b", "%61", "é"), { maxLength: 4 })
    .map((parts) => ["/", ...parts]);
  const cwd = fc.constantFrom("/home/ada/shop", "/", "/a", "/home", "/a b/é", "relative");
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(folder, { minLength: 1, maxLength: 3 }),
      fc.oneof(path, fc.string()),
      cwd,
      (folders, text, at) => {
        const base = { ...BASE, cwd: at };
        const bytes = Buffer.from(text);
        if (!new FarPaths(folders, base).has(bytes, 0, bytes.length)) return;
        found++;
        expect(folderTest({ test: "inside", folders, base })(text)).toBe(false);
      },
    ),
    { numRuns: 5000 },
  );
  expect(found).toBeGreaterThan(100);
});
