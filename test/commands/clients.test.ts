/** `km clients` as it is built: what it finds and says of it. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLIENTS } from "../../src/clients/clients.ts";
import type { ClientFile } from "../../src/clients/survey.ts";
import { makeClientHome, runKm } from "../clients/client-home.ts";

test("nothing found says which clients were looked for", async () => {
  using home = makeClientHome([]);
  const { exitCode, stdout, stderr } = await runKm(home, ["clients"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
  for (const { title } of CLIENTS) expect(stderr).toContain(title);
  expect((await runKm(home, ["clients", "--json"])).stdout).toBe("");
});

test("files are listed in the order of the table, with what will not work", async () => {
  using home = makeClientHome(["codex", "kiro"]);
  const bin = join(home.folder, "bin");
  mkdirSync(bin);
  for (const name of ["npx", "uvx"]) {
    writeFileSync(join(bin, name), "");
    chmodSync(join(bin, name), 0o755);
  }
  writeFileSync(home.files.get("kiro") ?? "", "{");
  writeFileSync(join(home.project, ".mcp.json"), '{"mcpServers": {"empty": {}, "gone": {"command": "/no/such"}}}');
  const { exitCode, stdout } = await runKm(home, ["clients"], { PATH: bin });
  expect(exitCode).toBe(0);
  expect(stdout).toBe(`CLIENT       SCOPE    SERVERS  WRAPPED  PROBLEMS  FILE
claude-code  project        2        0         2  ~/project/.mcp.json
codex        user           4        0         1  ~/.codex/config.toml
kiro         user           0        0         1  ~/.kiro/settings/mcp.json

~/project/.mcp.json
  empty has neither a command nor an address
  gone starts a program that is not there: /no/such

~/.codex/config.toml
  plain starts a program that is not there: plain-server

~/.kiro/settings/mcp.json
  Cannot read ~/.kiro/settings/mcp.json: line 1, column 2: close brace expected
`);
});

test("--json has a file a line, and no command, which may hold secrets", async () => {
  using home = makeClientHome(["cursor", "zed"]);
  const { stdout } = await runKm(home, ["clients", "--json"], { PATH: home.folder });
  const [cursor, zed] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ClientFile);
  expect(cursor).toEqual({
    client: "cursor",
    title: "Cursor",
    path: join(home.folder, ".cursor/mcp.json"),
    scope: "user",
    servers: [
      { name: "internal tools", kind: "stdio", disabled: false, wrapped: false },
      { name: "linear", kind: "remote", disabled: false, wrapped: false },
      { name: "bare", kind: "stdio", disabled: false, wrapped: false },
    ] as unknown[] as ClientFile["servers"],
    problems: [
      "internal tools starts a program that is not there: node",
      "bare starts a program that is not there: bare-server",
    ] as unknown[] as ClientFile["problems"],
  });
  expect(zed?.servers.map(({ name }) => name)).toEqual(["old-style", "new-style"]);
});

test("a server that km runs by its name or address counts as wrapped, other commands of km do not", async () => {
  using home = makeClientHome(["kiro"]);
  const entry = (...args: string[]) => ({ command: "km", args });
  const mcpServers = {
    use: entry("monitor", "--use", "files"),
    url: entry("monitor", "--url=https://mcp.example.com/mcp"),
    command: entry("monitor", "--", "npx", "--use"),
    proxy: entry("proxy", "--use", "files"),
  };
  writeFileSync(home.files.get("kiro") ?? "", JSON.stringify({ mcpServers }));
  const { stdout } = await runKm(home, ["clients", "--json"]);
  const { servers } = JSON.parse(stdout) as { servers: { name: string; wrapped: boolean; km?: string }[] };
  expect(servers.filter(({ wrapped, km }) => wrapped && km === "km").map(({ name }) => name)).toEqual([
    "use",
    "url",
    "command",
  ]);
  expect((await runKm(home, ["wrap", "--all", "--dry-run"])).stderr).toContain(
    "left alone: use, url; km runs it already",
  );
});

test("a name that would act on the terminal is escaped", async () => {
  using home = makeClientHome(["kiro"]);
  writeFileSync(home.files.get("kiro") ?? "", '{"mcpServers": {"a\\u001b[2J": {}}}');
  expect((await runKm(home, ["clients"])).stdout).toContain("a\\u001b[2J has neither");
});
