/** `surveyClients` with files in every state: it lists them and never fails. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ClientFile, isMissing, surveyClients } from "../../src/clients/survey.ts";
import { type ClientHome, clientOf, makeClientHome } from "./client-home.ts";

async function survey(home: ClientHome, ids: string[], env: Record<string, string> = {}) {
  const places = { platform: process.platform, env, home: home.folder, cwd: home.project };
  return await surveyClients(places, ids.map(clientOf));
}

function texts(file: ClientFile | undefined): string[] {
  return (file?.problems ?? []).map(({ text }) => text);
}

function write(file: string, text: string | Uint8Array): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test.each([
  ["cut off", '{"mcpServers": {', /line 1, column \d+/],
  ["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0]), /not UTF-8/],
  ["a list", "[1, 2]", undefined],
  ["empty", "", undefined],
  ["of the wrong kind", '{"mcpServers": 7}', undefined],
])("a file that is %s has no servers", async (_, text, problem) => {
  using home = makeClientHome([]);
  write(join(home.folder, ".cursor/mcp.json"), text);
  const [file, ...others] = await survey(home, ["cursor"]);
  expect(others).toEqual([]);
  expect(file?.servers).toEqual([]);
  if (problem === undefined) expect(file?.problems).toEqual([]);
  else expect(texts(file).join()).toMatch(problem);
});

test("a folder, a link into nowhere and a file where a folder should be", async () => {
  using home = makeClientHome([]);
  mkdirSync(join(home.folder, ".cursor/mcp.json"), { recursive: true });
  mkdirSync(join(home.folder, ".kiro/settings"), { recursive: true });
  symlinkSync("/no/such", join(home.folder, ".kiro/settings/mcp.json"));
  write(join(home.folder, ".junie"), "");
  const files = await survey(home, ["cursor", "kiro", "junie"]);
  expect(files.map((file) => [file.client, ...texts(file)])).toEqual([
    ["cursor", "Cannot read ~/.cursor/mcp.json: it is not a regular file"],
    ["kiro", "Cannot read ~/.kiro/settings/mcp.json: it leads to /no/such, which is not there"],
  ]);
});

test("all files that a name with * fits, in their order", async () => {
  using home = makeClientHome([]);
  const folder = join(home.folder, ".config/Code/User");
  const text = '{"servers": {"a": {"url": "https://example.com"}}}';
  for (const profile of ["b", "a"]) write(join(folder, "profiles", profile, "mcp.json"), text);
  write(join(folder, "mcp.json"), text);
  write(join(home.folder, ".continue/mcpServers/one.yaml"), "mcpServers:\n- {name: x, command: /bin/sh}\n");
  write(join(home.folder, ".continue/mcpServers/one.md"), "");
  const files = await survey(home, ["vscode", "continue"]);
  expect(files.map(({ path }) => path.slice(home.folder.length))).toEqual([
    "/.config/Code/User/mcp.json",
    "/.config/Code/User/profiles/a/mcp.json",
    "/.config/Code/User/profiles/b/mcp.json",
    "/.continue/mcpServers/one.yaml",
  ]);
});

test("programs are looked for on the PATH, and not where only the client knows what is meant", async () => {
  using home = makeClientHome([]);
  const program = write(join(home.folder, "bin/there"), "");
  chmodSync(program, 0o755);
  const plain = write(join(home.folder, "bin/plain"), "");
  const commands = {
    onPath: "there",
    whole: program,
    relative: "./server",
    variable: "${workspaceFolder}/server",
    home: "~/server",
    missing: "nope",
    line: "nope --token tiger-in-the-tank",
    plain,
  };
  const mcpServers = Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, { command }]));
  const off = { command: "nope", disabled: true };
  write(join(home.folder, ".cursor/mcp.json"), JSON.stringify({ mcpServers: { ...mcpServers, off } }));
  const [file] = await survey(home, ["cursor"], { PATH: join(home.folder, "bin") });
  expect(texts(file)).toEqual([
    "missing starts a program that is not there: nope",
    "line starts a program that is not there: nope --token [redacted:token]",
    `plain starts a program that is not there: ${plain}`,
  ]);
});

test("of a wrapped server both km and the program behind it are looked for", async () => {
  using home = makeClientHome([]);
  const args = ["monitor", "--name", "a", "--", "nope"];
  write(join(home.folder, ".cursor/mcp.json"), JSON.stringify({ mcpServers: { a: { command: "/gone/km", args } } }));
  const [file] = await survey(home, ["cursor"]);
  expect(texts(file)).toEqual([
    "a is wrapped by a km that is gone: /gone/km",
    "a starts a program that is not there: nope",
  ]);
});

test("two servers of one name in a list", async () => {
  using home = makeClientHome([]);
  const text = "mcpServers:\n- {name: x, command: /bin/sh}\n- {name: x, command: /bin/sh}\n";
  write(join(home.folder, ".continue/config.yaml"), text);
  expect((await survey(home, ["continue"]))[0]?.problems).toEqual([{ kind: "duplicate", text: "x stands twice" }]);
});

test("two servers of one name in JSON, but not those of two projects", async () => {
  using home = makeClientHome([]);
  const server = '{"command": "/bin/sh"}';
  const projects = `{"/a": {"mcpServers": {"y": ${server}}}, "/b": {"mcpServers": {"y": ${server}}}}`;
  const text = `{"mcpServers": {"x": ${server}, "x": ${server}, "x": ${server}}, "projects": ${projects}}`;
  write(join(home.folder, ".claude.json"), text);
  expect(texts((await survey(home, ["claude-code"]))[0])).toEqual(["x stands twice"]);
});

test("in the home folder a file that is the user's is not the project's too", async () => {
  using home = makeClientHome(["cursor"]);
  home.project = home.folder;
  expect((await survey(home, ["cursor"])).map(({ scope }) => scope)).toEqual(["user"]);
});

test("isMissing adds the endings that Windows does", () => {
  using home = makeClientHome([]);
  const npx = join(home.folder, "npx");
  write(`${npx}.cmd`, "");
  chmodSync(`${npx}.cmd`, 0o755);
  expect(isMissing(npx, { platform: "win32", env: {} })).toBe(false);
  expect(isMissing(npx, { platform: "linux", env: {} })).toBe(true);
});
