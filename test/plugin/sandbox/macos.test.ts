import { expect, test } from "bun:test";
import { macosProfile } from "../../../src/plugin/sandbox/macos.ts";

const STRICT = {
  readable: ["/plugins/a"],
  executable: ["/plugins/a/km-plugin-a"],
  writable: ["/state/a"],
  everyFile: false,
  system: false,
};

function lines(permissions = STRICT): string[] {
  return macosProfile(permissions).trimEnd().split("\n");
}

test("macosProfile denies network, programs and other people's files, and then allows its own", () => {
  const profile = lines();
  expect(profile).toContain("(deny network*)");
  expect(profile).toContain("(deny process-fork)");
  expect(profile).toContain('(allow process-exec* (literal "/plugins/a/km-plugin-a"))');
  expect(profile).toContain('(allow file-write* (literal "/dev/null") (literal "/dev/zero") (subpath "/state/a"))');
  expect(profile.findIndex((line) => line.startsWith("(deny file-read-data"))).toBeLessThan(
    profile.indexOf(
      '(allow file-read* (subpath "/plugins/a") (subpath "/plugins/a/km-plugin-a") (subpath "/state/a"))',
    ),
  );
});

test("macosProfile with system leaves programs alone, with every file all files, never the network", () => {
  const profile = lines({ ...STRICT, system: true, everyFile: true });
  expect(profile.filter((line) => /process-fork|process-exec|file-/.test(line))).toEqual([]);
  expect(profile).toContain("(deny network*)");
});

test("macosProfile quotes what a path may hold, so that no path can add a rule", () => {
  const path = String.raw`/a") (allow network*) (subpath "\b`;
  expect(macosProfile({ ...STRICT, readable: [path] })).toContain(
    String.raw`(subpath "/a\") (allow network*) (subpath \"\\b")`,
  );
});

test("macosProfile has balanced parentheses", () => {
  for (const line of lines()) {
    const bare = line.replace(/"(?:[^"\\]|\\.)*"/g, "");
    expect(bare.split("(").length).toBe(bare.split(")").length);
  }
});
