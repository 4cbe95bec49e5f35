/** The server of a name, or why there is none. */
import { expect, test } from "bun:test";
import { findServer } from "../../src/servers/find-server.ts";
import { readServers } from "../../src/servers/read-servers.ts";
import { nameProblem, usableName } from "../../src/servers/server-name.ts";

const find = (text: string, name: string) => () => findServer(readServers("f", text, { home: undefined }), name);

test("findServer finds it, whatever is wrong with others", () => {
  expect(find("version: 1\nservers: { a: { comand: x }, files: { command: x } }", "files")().name).toBe("files");
});

test.each([
  ["version: 1\nservers: { files: { command: x } }", "flies", "No such server: flies"],
  ["version: 1\nservers: { a: { comand: x, b: 1 } }", "a", 'f:2:17: Unknown key "comand" in servers.a'],
  ["servers: { a: { command: x } }", "a", "f:1:1: version is missing"],
  ["servers: [", "a", "f:1:11: Not readable as YAML"],
  ["", "a", "No such server: a"],
  ["version: 1", "\u001b[31m".repeat(100), "No such server: \\u001b[31m"],
])("findServer says why: %j, %j", (text, name, message) => {
  expect(find(text, name)).toThrow(message);
});

test.each(["a", "A1", "github.com", "x_y-z", "0", "a".repeat(64), "lastly", "console"])("%j is a name", (name) => {
  expect(nameProblem(name)).toBeUndefined();
});

test.each([
  "",
  "-a",
  ".a",
  "_a",
  "a b",
  "a/b",
  "a:b",
  "ä",
  "a".repeat(65),
  "a.",
  "ALL",
  "km",
  "con",
  "NUL.txt",
  "com1",
])("%j is no name", (name) => {
  expect(nameProblem(name)).toBeString();
  const usable = usableName(name);
  if (usable !== undefined) expect(nameProblem(usable)).toBeUndefined();
});
