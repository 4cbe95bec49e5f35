/** The rules about paths of platforms that this test need not run on. */
import { describe, expect, test } from "bun:test";
import { NameRules } from "../../../src/services/filesystem/places/name-rules.ts";
import { segmentsWithin } from "../../../src/services/filesystem/places/segments-within.ts";
import { USUAL_DENY } from "../../../src/services/filesystem/places/usual-names.ts";
import { windowsPathProblem } from "../../../src/services/filesystem/places/windows-path.ts";
import { shownPath } from "../../../src/services/filesystem/shown-path.ts";

describe("a path on Windows", () => {
  test.each([
    "C:\\work\\a.txt",
    "c:/work/a.txt",
    "a\\b.txt",
    "..\\b.txt",
    ".\\.gitignore",
    "\\\\server\\share\\a.txt",
    "C:\\Program Files (x86)\\console.txt",
    "C:\\PROGRA~1\\a",
    "com.txt",
    "auxiliary",
    "",
  ])("%p can be used", (path) => expect(windowsPathProblem(path)).toBeUndefined());

  test.each([
    ["\\\\?\\C:\\work\\a", "it goes past the rules of names (\\\\?\\, \\\\.\\)"],
    ["//./pipe/a", "it goes past the rules of names (\\\\?\\, \\\\.\\)"],
    ["\\??\\C:\\a", "it goes past the rules of names (\\\\?\\, \\\\.\\)"],
    ["C:a.txt", "it depends on the present folder of a drive"],
    ["\\a.txt", "it depends on the present drive"],
    ["a.txt:stream", "it names a stream within a file (:)"],
    ["a.txt::$DATA", "it names a stream within a file (:)"],
    ["C:\\a\\b:c", "it names a stream within a file (:)"],
    ["CON", "it names a device (CON)"],
    ["a\\nul.txt", "it names a device (nul.txt)"],
    ["com1", "it names a device (com1)"],
    ["LPT\u00b9.log", "it names a device (LPT\u00b9.log)"],
    ["AUX ", "it names a device (AUX )"],
    [".env.", "a name in it ends with a dot or a space, which Windows leaves out"],
    ["a \\b", "a name in it ends with a dot or a space, which Windows leaves out"],
    ["...\\b", "a name in it ends with a dot or a space, which Windows leaves out"],
    ["a*b", "a name in it has a character that Windows does not have in names"],
    ["a\u0007", "a name in it has a character that Windows does not have in names"],
  ])("%p cannot: %s", (path, problem) => expect(windowsPathProblem(path)).toBe(problem));
});

describe("what is within a folder", () => {
  test.each<[NodeJS.Platform, string, string, string[] | undefined]>([
    ["linux", "/root", "/root", []],
    ["linux", "/root", "/root/a/b", ["a", "b"]],
    ["linux", "/root", "/root-evil/a", undefined],
    ["linux", "/root", "/rooT/a", undefined],
    ["linux", "/root", "/", undefined],
    ["linux", "/", "/a", ["a"]],
    ["darwin", "/Users/a", "/users/a/b", undefined],
    ["win32", "C:\\work", "c:\\WORK\\a", ["a"]],
    ["win32", "C:\\work", "C:\\work-evil", undefined],
    ["win32", "C:\\", "C:\\a", ["a"]],
    ["win32", "C:\\work", "D:\\work\\a", undefined],
    ["win32", "\\\\server\\share", "\\\\SERVER\\share\\a", ["a"]],
  ])("%s: %p and %p", (platform, folder, path, names) => {
    expect(segmentsWithin(folder, path, platform)).toEqual(names);
  });
});

describe("names that are kept", () => {
  const usual = new NameRules(USUAL_DENY);
  test.each([
    ".env",
    ".ENV",
    "a/.env.local",
    "keys/id_rsa",
    "x/server.PEM",
    ".ssh/config",
    "home/.ssh/known_hosts",
    ".docker/config.json",
    ".config/gcloud/a/b",
  ])("%p is", (path) => {
    expect(usual.keptBy(path.split("/"))).toBeDefined();
  });
  test.each([".env.example", "env", "environment.ts", "id_rsa.pub", "docker/config.json", ".config/other", "pem"])(
    "%p is not",
    (path) => {
      expect(usual.keptBy(path.split("/"))).toBeUndefined();
    },
  );
  test("the last one that fits decides, and nothing below a kept folder is an exception", () => {
    const rules = new NameRules(["secrets", "!secrets/public.txt", "*.txt", "!ok.txt"]);
    expect(rules.keptBy(["secrets", "public.txt"])).toBe("secrets");
    expect([rules.keptBy(["a.txt"]), rules.keptBy(["ok.txt"])]).toEqual(["*.txt", undefined]);
  });
});

test.each([
  ["a/b c.txt", "a/b c.txt"],
  ["ü😀", "ü😀"],
  ["a\nb", '"a\\nb"'],
  ["\u202egnp.exe", '"\\u202egnp.exe"'],
  [" a", '" a"'],
  ['"a', '"\\"a"'],
  ["a\u200bb", '"a\\u200bb"'],
  ["\u{e0041}", '"\\udb40\\udc41"'],
])("the path %p is shown as %s, and can be given back so", (path, shown) => {
  expect(shownPath(path)).toBe(shown);
  if (shown.startsWith('"')) expect(JSON.parse(shown)).toBe(path);
});
