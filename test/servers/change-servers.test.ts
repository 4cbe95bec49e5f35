/** Adding and removing servers: nothing else of the file changes, whatever it looks like. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addServers, NEW_FILE, removeServers } from "../../src/servers/change-servers.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-change-servers-"));
  file = join(folder, "servers.yaml");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = () => readFileSync(file, "utf8");
const files = { name: "files", server: { command: "npx", args: ["-y", "server"], env: { A: "${env:B}" } } };
const added = `  files:\n    command: npx\n    args: [-y, server]\n    env: { A: "\${env:B}" }\n`;

const written = `# mine
version: 1

servers:
  # the one for work
  team:   # quiet
    url: https://h/mcp
    # headers: { X: y }

  b: &b { command: 'x', tags: [ a,b ] }   # odd
  c:
      command: [y,   z]
# the end
`;

describe("addServers", () => {
  test("begins a file, which is the user's alone", async () => {
    await addServers(file, [files], undefined);
    expect(text()).toBe(`${NEW_FILE}${added}`);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["servers.yaml"]);
  });

  test.each([
    ["behind the last one", written, written.replace("# the end\n", `${added}# the end\n`)],
    [
      "with the line ends of the file",
      written.replaceAll("\n", "\r\n"),
      written.replace("# the end\n", `${added}# the end\n`).replaceAll("\n", "\r\n"),
    ],
    [
      "into braces",
      "{ version: 1, servers: { a: { command: x } } }",
      '{ version: 1, servers: { a: { command: x }, files: { command: npx, args: [-y, server], env: { A: "${env:B}" } } } }',
    ],
    ["behind a byte order mark", "\ufeffversion: 1\n", `\ufeffversion: 1\nservers:\n${added}`.trimEnd() + "\n"],
    [
      "without a last line feed",
      "version: 1\nservers:\n  a: { command: x }",
      `version: 1\nservers:\n  a: { command: x }\n${added}`.trimEnd(),
    ],
  ])("adds %s", async (_, before, after) => {
    writeFileSync(file, before);
    await addServers(file, [files], undefined);
    expect(text()).toBe(after);
    await removeServers(file, ["files"], undefined);
    // A line feed that had to be put there stays, and so does a key.
    if (before.includes("servers:")) expect(text().trimEnd()).toBe(before.trimEnd());
  });

  test("adds none where one is wrong, or is there", async () => {
    writeFileSync(file, written);
    const wrong = { name: "w", server: { url: "nowhere" } };
    await expect(addServers(file, [files, wrong], undefined)).rejects.toMatchObject({
      code: "CFG_002",
      message: "Cannot add: servers.w.url is no address of a server",
    });
    await expect(addServers(file, [{ name: "team", server: { command: "x" } }], undefined)).rejects.toMatchObject({
      code: "SRV_003",
      message: "Cannot add team: there is a server of that name",
    });
    expect(text()).toBe(written);
  });

  test("leaves a file alone that cannot be read, with the place", async () => {
    for (const broken of ["version: 1\nservers: [", "version: 3\n", "version: 1\nservers: x\n", "- a\n"]) {
      writeFileSync(file, broken);
      await addServers(file, [files], undefined).then(
        () => expect.unreachable(),
        ({ code, message }) =>
          expect([code, message]).toEqual([expect.stringMatching(/^CFG_/), expect.stringContaining("servers.yaml:")]),
      );
      expect(text()).toBe(broken);
    }
  });

  test("goes on where another server is wrong", async () => {
    writeFileSync(file, "version: 1\nservers:\n  bad: { comand: x }\n");
    await addServers(file, [files], undefined);
    expect(text()).toBe(`version: 1\nservers:\n  bad: { comand: x }\n${added}`);
  });

  test.skipIf(process.platform === "win32")("replaces what a link leads to, with its mode", async () => {
    const real = join(folder, "real.yaml");
    writeFileSync(real, written);
    chmodSync(real, 0o640);
    symlinkSync(real, file);
    await addServers(file, [files], undefined);
    expect(readFileSync(real, "utf8")).toContain("files:");
    expect(statSync(real).mode & 0o777).toBe(0o640);
  });
});

describe("removeServers", () => {
  test.each([
    ["team", written.replace("  team:   # quiet\n    url: https://h/mcp\n    # headers: { X: y }\n", "")],
    ["b", written.replace("  b: &b { command: 'x', tags: [ a,b ] }   # odd\n", "")],
    ["c", written.replace("  c:\n      command: [y,   z]\n", "")],
  ])("takes %s out with its lines, and no other byte", async (name, after) => {
    writeFileSync(file, written);
    await removeServers(file, [name], undefined);
    expect(text()).toBe(after);
    writeFileSync(file, written.replaceAll("\n", "\r\n"));
    await removeServers(file, [name], undefined);
    expect(text()).toBe(after.replaceAll("\n", "\r\n"));
  });

  test("takes them all out, and new ones go in", async () => {
    writeFileSync(file, written);
    await removeServers(file, ["team", "b", "c"], undefined);
    expect(text()).toBe("# mine\nversion: 1\n\nservers:\n  # the one for work\n\n# the end\n");
    await addServers(file, [files], undefined);
    expect(text()).toContain(`servers:\n${added}`);
  });

  test.each([
    [
      "{ version: 1, servers: { a: { command: x }, b: { command: y }, c: { command: z } } }",
      "a",
      "{ version: 1, servers: { b: { command: y }, c: { command: z } } }",
    ],
    [
      "{ version: 1, servers: { a: { command: x }, b: { command: y }, c: { command: z } } }",
      "c",
      "{ version: 1, servers: { a: { command: x }, b: { command: y } } }",
    ],
    ["{ version: 1, servers: { a: { command: x } } }", "a", "{ version: 1, servers: {  } }"],
  ])("takes one out of braces: %s", async (before, name, after) => {
    writeFileSync(file, before);
    await removeServers(file, [name], undefined);
    expect(text()).toBe(after);
  });

  test("refuses what it cannot do without touching the rest: another server's anchor", async () => {
    const before = "version: 1\nservers:\n  a: &a { command: x }\n  b: *a\n";
    writeFileSync(file, before);
    await expect(removeServers(file, ["a"], undefined)).rejects.toMatchObject({ code: "CFG_004" });
    await expect(removeServers(file, ["z"], undefined)).rejects.toMatchObject({ code: "SRV_003" });
    expect(text()).toBe(before);
  });
});
