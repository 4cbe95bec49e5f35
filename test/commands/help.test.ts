/** `km help`: the overview, commands and topics, on a pipe and on a terminal; and that all of it is true. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { VARIABLES } from "../../src/help/variables.ts";
import { TOPICS } from "../../src/help/topics.ts";
import { KM, makeHome } from "../e2e/km.ts";
import { TerminalKm } from "./terminal-km.ts";

const ROOT = join(import.meta.dir, "../..");

function run(words: string[], env: Record<string, string> = {}) {
  using home = makeHome();
  const { stdout, stderr, exitCode } = Bun.spawnSync([KM, ...words], {
    cwd: home.folder,
    env: { ...home.env, ...env },
  });
  return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
}

describe("km help", () => {
  test("is the same as --help", () => {
    for (const command of [[], ["logs"], ["config"], ["config", "set"], ["help"]]) {
      const help = run(["help", ...command]);
      expect(help).toEqual(run([...command, "--help"]));
      expect(help.stdout).not.toBe("");
    }
  });

  test.each(Object.keys(TOPICS))("%s: a page, plain on a pipe, no line too long but of code and tables", (topic) => {
    const { stdout, stderr, exitCode } = run(["help", topic]);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).not.toMatch(/^#|^\||\]\(/m);
    expect(Bun.stripANSI(stdout)).toBe(stdout);
    const long = stdout
      .split("\n")
      .filter((line) => line.length > 80 && !line.startsWith("    ") && !/ {2}/.test(line));
    expect(long).toEqual([]);
  });

  test("a word that is a command and a topic gets both", () => {
    const { stdout } = run(["help", "plugins"]);
    expect(stdout).toStartWith(run(["plugins", "--help"]).stdout);
    expect(stdout).toContain("\nPlugins\n");
  });

  test("a page names others by what can be typed, or by an address", () => {
    const { stdout } = run(["help", "plugins"]);
    expect(stdout).toContain("`km help configuration` has all keys");
    expect(stdout).toContain("https://github.com/kilometers-ai/km/blob/main/docs/plugin-protocol.md for any");
    expect(stdout).not.toMatch(/[^/]\b(configuration|redaction|journal)\.md/);
  });

  test.each([
    [["filtr"], 'No command and no topic "filtr"', "Did you mean km help filter?"],
    [["lgos"], 'No command and no topic "lgos"', "Did you mean km help logs?"],
    [["config", "st"], 'No command and no topic "config st"', "Did you mean km help config set?"],
    [["FILTER"], 'No command and no topic "FILTER"', "Did you mean km help filter?"],
    [["frobnicate"], 'No command and no topic "frobnicate"', "See km help."],
    [["toString"], 'No command and no topic "toString"', "See km help."],
    [["__sandbox-exec"], 'No command and no topic "__sandbox-exec"', "See km help."],
  ])("%j is refused", (words, message, hint) => {
    expect(run(["help", ...words])).toEqual({ stdout: "", stderr: `km: ${message}\n    ${hint}\n`, exitCode: 2 });
  });

  test("on a terminal, headings are bold and the pager shows it", async () => {
    using home = makeHome();
    const env = { PAGER: "sed s/^/paged:/", NO_COLOR: "", FORCE_COLOR: "1" };
    await using terminal = new TerminalKm(home.folder, ["help", "exit-codes"], env);
    const shown = await terminal.shown("KM_DEBUG=1");
    expect(shown).toContain("paged:\u001b[1mExit codes\u001b[22m\n");
    expect(await terminal.exited).toBe(0);
  });
  test.each(["no-such-pager", "/dev/null"])("is shown without the pager where that is %s", async (pager) => {
    using home = makeHome();
    await using terminal = new TerminalKm(home.folder, ["help", "exit-codes"], { PAGER: pager });
    expect(await terminal.shown("KM_DEBUG=1")).toContain("Exit codes\n");
    expect(await terminal.exited).toBe(0);
  });

  test("a terminal that can do nothing gets no pager", async () => {
    using home = makeHome();
    const env = { PAGER: "sed s/^/paged:/", TERM: "dumb" };
    await using terminal = new TerminalKm(home.folder, ["help", "exit-codes"], env);
    expect(await terminal.shown("KM_DEBUG=1")).not.toContain("paged:");
    expect(await terminal.exited).toBe(0);
  });
});

describe.skipIf(!existsSync("/dev/full"))("on a full disk", () => {
  test.each([
    "--version",
    "help",
    "--help",
    "help filter",
    "logs --help",
    "completions bash",
    "config show",
    "config path --json",
  ])("km %s says so in one line", (words) => {
    using home = makeHome();
    const script = `exec '${KM}' ${words} >/dev/full`;
    const { stderr, exitCode } = Bun.spawnSync(["sh", "-c", script], { cwd: home.folder, env: home.env });
    expect([stderr.toString(), exitCode]).toEqual(["km: Cannot write the output: no space left on device\n", 1]);
  });
});

describe("km without configuration", () => {
  test.each([
    [[], "Begin with km wrap, or run one server through km: km monitor -- <command>", 2],
    [["sessions"], "or run one: km monitor -- <command>", 0],
    [["logs"], "km monitor -- <command>", 1],
    [["stats"], "km monitor -- <command>", 1],
    [["stats", "--all"], "or run one: km monitor -- <command>", 0],
    [["plugins", "list"], "No plugin is installed, and none was found", 0],
    [["--", "npx", "x"], "km monitor -- npx x", 2],
  ])("%j says how to begin, and nothing else", (words, message, code) => {
    const { stdout, stderr, exitCode } = run(words);
    expect([stdout, exitCode]).toEqual(["", code]);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/configured|warning|cannot read/i);
  });
});

describe("docs/environment.md", () => {
  test("what the source reads is among the variables", async () => {
    const names = new Set(VARIABLES.map(({ name }) => name));
    const unlisted: string[] = [];
    for await (const file of new Bun.Glob("src/**/*.ts").scan(ROOT)) {
      if (file.startsWith("src/plugin/sdk/")) continue; // a plugin's own process
      const read = (await Bun.file(join(ROOT, file)).text()).matchAll(/\benv\["(KM_\w+)"\]/g);
      for (const [, name = ""] of read) if (!names.has(name)) unlisted.push(`${file}: ${name}`);
    }
    // The way from km proxy to its sessions, and from PowerShell's completions to km.
    expect(unlisted.sort()).toEqual([
      "src/commands/complete.ts: KM_COMPLETE",
      "src/commands/monitor.ts: KM_ADDRESS_SIZE",
      "src/commands/monitor.ts: KM_ROLE",
    ]);
  });

  test("has every variable, and no other", async () => {
    const page = await Bun.file(join(ROOT, "docs/environment.md")).text();
    const documented = Array.from(page.matchAll(/^\| `(\w+)`/gm), ([, name = ""]) => name).sort();
    // The other folders of XDG and the rest for a bucket are named in the description of the first.
    const others = ["XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];
    others.push("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL");
    expect(documented).toEqual([...VARIABLES.map(({ name }) => name), ...others].sort());
  });
});
