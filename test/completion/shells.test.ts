/** The completions as real shells use them: sourced, asked by the tab key, and with names that try to be run. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { completionScript } from "../../src/completion/script.ts";
import { recordSession } from "../commands/record-session.ts";
import { type Home, KM, makeHome } from "../e2e/km.ts";
import { ShellTerminal } from "./shell-terminal.ts";

const SLOW_MS = 60_000;
const TRAP = "my $(touch ran) (touch ran) `touch ran` 'q\" server";
const BASH_COMPLETION = "/usr/share/bash-completion/bash_completion";

let home: Home;
let work: string;

beforeAll(async () => {
  home = makeHome();
  work = join(home.folder, "work");
  mkdirSync(join(work, "sub dir"), { recursive: true });
  writeFileSync(join(work, "a file.yaml"), "");
  // Whoever completes ./km must not run it.
  writeFileSync(join(work, "km"), "#!/bin/sh\ntouch ran\n");
  chmodSync(join(work, "km"), 0o755);
  writeFileSync(join(work, "$(touch ran)"), "#!/bin/sh\n");
  chmodSync(join(work, "$(touch ran)"), 0o755);
  mkdirSync(join(home.folder, ".cursor"));
  const servers = { github: { command: "true" }, [TRAP]: { command: "true" }, "rung\u0007": { command: "true" } };
  writeFileSync(join(home.folder, ".cursor/mcp.json"), JSON.stringify({ mcpServers: servers }));
  for (const name of ["slow-calls", TRAP]) mkdirSync(join(home.folder, "state/plugins", name), { recursive: true });
  await recordSession(home.data, "20260102-030405-adb1c996", TRAP, []);
  await recordSession(home.data, "20260103-030405-bcd1c996", "files", []);
  await recordSession(home.data, "20260104-030405-ced1c996", "bell\u0007 and \u001b[31mred\nline", []);
  await recordSession(home.data, "20250101-030405-ffd1c996", "recall!echo", []);
  await recordSession(home.data, "20250101-030405-efd1c996", "last", []);
});

afterAll(() => {
  const ran = existsSync(join(work, "ran"));
  home[Symbol.dispose]();
  expect(ran).toBe(false); // by none of them
});

/** Keys and the command line they lead to, where bash and zsh agree. */
const LINES: [keys: string, line: string][] = [
  ["km lo\t", "km logs "],
  ["km __\t", "km __"],
  ["km config va\t", "km config validate "],
  ["./km lo\t", "./km logs "],
  ["km help plugins li\t", "km help plugins list "],
  ["km help fil\t", "km help filter "],
  ["km completions z\t", "km completions zsh "],
  ["km logs fi\t", "km logs files "],
  ["km logs adb\t", "km logs adb1c996 "],
  ["km logs 20260103\t", "km logs 20260103-030405-bcd1c996 "],
  ["km show fi\t", "km show files/"],
  ["km logs is:er\t", "km logs is:error "],
  ["km wrap cu\t", "km wrap cursor "],
  ["km unwrap cursor --server gi\t", "km unwrap cursor --server github "],
  ["km wrap --server 'my\t", `km wrap --server '${TRAP.replace("'", "'\\''")}' `],
  ["km wrap --server run\t", "km wrap --server run"],
  ["km plugins status sl\t", "km plugins status slow-calls "],
  ["km plugins logs my\t", `km plugins logs ${TRAP.replace(/[^\w]/g, "\\$&")} `],
  ["km logs rec\t", "km logs recall\\!echo "],
  ["km logs 'rec\t", "km logs 'recall!echo' "],
  ["km monitor -- ./\\$\t", "km monitor -- ./\\$\\(touch\\ ran\\) "],
  ["km logs is:ok to\t", "km logs is:ok tool:"],
  ["km sessions --server f\t", "km sessions --server files "],
  ["km monitor --payl\t", "km monitor --payloads "],
  ["km monitor --payloads me\t", "km monitor --payloads metadata "],
  ["km monitor --payloads=me\t", "km monitor --payloads=metadata "],
  ["km monitor --config a\t", "km monitor --config a\\ file.yaml "],
  ["km monitor --config=a\t", "km monitor --config=a\\ file.yaml "],
  ["km monitor --cwd=s\t", "km monitor --cwd=sub\\ dir/"],
  ["km plugins trust s\t", "km plugins trust sub\\ dir/"],
  ["km config set journal.pay\t", "km config set journal.payloads "],
  ["km config set journal.payloads of\t", "km config set journal.payloads off "],
  ["km monitor --name x -- touc\t", "km monitor --name x -- touch "],
  ["km monitor --name x -- cat --name a\t", "km monitor --name x -- cat --name a\\ file.yaml "],
  ["km monitor --name $(touch ran) --payl\t", "km monitor --name $(touch ran) --payloads "],
  ["km logs bell\t", "km logs bell"], // what would act on the terminal is not offered
  ["km logs my\t", `km logs ${TRAP.replace(/[^\w]/g, "\\$&")} `],
  ["km logs m\\y\t", `km logs ${TRAP.replace(/[^\w]/g, "\\$&")} `],
  ["km logs 'my\t", `km logs '${TRAP.replace("'", "'\\''")}' `],
  ['km logs "my\t', `km logs "${TRAP.replace(/["$`]/g, "\\$&")}" `],
  ["km sessions --server=my\t", `km sessions --server=${TRAP.replace(/[^\w]/g, "\\$&")} `],
];

/** Also a syntax check: a shell that cannot read the script says so and completes nothing. */
describe.skipIf(Bun.which("bash") === null)("bash", () => {
  const kinds: [string, string[]][] = [
    ["alone", []],
    ["with bash-completion", [`source ${BASH_COMPLETION}`]],
  ];
  describe.each(kinds)("%s", (kind, before) => {
    test.skipIf(kind !== "alone" && !existsSync(BASH_COMPLETION))(
      "completes what is typed",
      async () => {
        await using shell = await ShellTerminal.start("bash", home, work, [...before, 'eval "$(km completions bash)"']);
        const lines: [string, string][] = [];
        for (const [keys] of LINES) lines.push([keys, await shell.type(keys)]);
        expect(lines).toEqual(LINES);
      },
      SLOW_MS,
    );
  });

  test(
    "an exclamation mark recalls nothing",
    async () => {
      await using shell = await ShellTerminal.start("bash", home, work, ['eval "$(km completions bash)"']);
      expect(await shell.type('km logs "rec\t')).toBe('km logs "recall"\\!"echo" ');
    },
    SLOW_MS,
  );

  test(
    "what is there twice is completed as what it is, also with show-all-if-ambiguous",
    async () => {
      const lines = ['eval "$(km completions bash)"', "bind 'set show-all-if-ambiguous on'"];
      await using shell = await ShellTerminal.start("bash", home, work, lines);
      expect(await shell.type("km logs las\t")).toBe("km logs last ");
    },
    SLOW_MS,
  );

  test(
    "lists what fits with descriptions",
    async () => {
      await using shell = await ShellTerminal.start("bash", home, work, ['eval "$(km completions bash)"']);
      const list = await shell.list("km plugins logs --session \t\t");
      expect(list).toMatch(/\nlast +\(The latest session\)\n/);
      expect(list).toMatch(/\nced1c996 +\(bell\\u0007 and \\u001b\[31mred\\nline, 2026-01-02 03:04:05\)\n/);
    },
    SLOW_MS,
  );
});

describe.skipIf(Bun.which("zsh") === null)("zsh", () => {
  test(
    "completes what is typed",
    async () => {
      await using shell = await ShellTerminal.start("zsh", home, work, ["source <(km completions zsh)"]);
      const lines: [string, string][] = [];
      for (const [keys] of LINES) lines.push([keys, await shell.type(keys)]);
      expect(lines).toEqual(LINES);
      expect(await shell.list("km monitor --log-l\t \t")).toContain("error");
    },
    SLOW_MS,
  );

  test(
    "a file _km in fpath is found by compinit",
    async () => {
      const folder = join(home.folder, "functions");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "_km"), completionScript("zsh"));
      await using shell = await ShellTerminal.start("zsh", home, work, [`fpath+=(${folder}); compinit -D -u`]);
      expect(await shell.type("km lo\t")).toBe("km logs "); // the first time it is loaded, then it is there
      expect(await shell.type("km sess\t")).toBe("km sessions ");
    },
    SLOW_MS,
  );
});

describe.skipIf(Bun.which("fish") === null)("fish", () => {
  function ask(lines: string[]): { answers: string[][]; stderr: string } {
    const script = "km completions fish | source; for line in $argv; complete -C $line; echo ---; end";
    const { stdout, stderr } = Bun.spawnSync(["fish", "--no-config", "-c", script, ...lines], {
      cwd: work,
      env: { ...home.env, PATH: `${dirname(KM)}:${home.env["PATH"]}`, TZ: "UTC", LC_ALL: "C.UTF-8" },
    });
    const answers = stdout.toString().split("---\n").slice(0, -1);
    return { answers: answers.map((answer) => answer.split("\n").slice(0, -1)), stderr: stderr.toString() };
  }

  test(
    "completes what is typed",
    () => {
      const lines: [string, string[]][] = [
        ["km lo", ["logs\tShow the calls of a session"]],
        ["./km lo", ["logs\tShow the calls of a session"]],
        ["km logs adb", [`adb1c996\t${TRAP}, 2026-01-02 03:04:05`]],
        ["km logs my", [`${TRAP}\tA server's latest session`]],
        ["km logs 'my", [`${TRAP}\tA server's latest session`]],
        ["km logs is:er", ["is:error"]],
        ["km monitor --payloads me", ["metadata"]],
        ["km monitor --payloads=me", ["--payloads=metadata"]],
        ["km monitor --config a", ["a file.yaml"]],
        ["km monitor --config=a", ["--config=a file.yaml"]],
        ["km monitor --cwd s", ["sub dir/\tDirectory"]],
        ["km monitor --name (touch ran) -- cat a", ["a file.yaml"]],
        ["km config set journal.pay", ["journal.payloads\tdefault: redacted"]],
        ["km logs bell", []],
        ["km wrap cu", ["cursor\tCursor"]],
        ["km unwrap --server my", [`${TRAP}\tCursor`]],
        ["km plugins status sl", ["slow-calls"]],
      ];
      const { answers, stderr } = ask(lines.map(([line]) => line));
      expect(stderr).toBe("");
      expect(lines.map(([line], index) => [line, answers[index] ?? []])).toEqual(lines);
    },
    SLOW_MS,
  );

  test("flags have their descriptions", () => {
    expect(ask(["km sessions --"]).answers[0]).toMatchInlineSnapshot(`
      [
        "--json	One session per line as JSON",
        "--server	Only sessions of this server",
        "--since	Only sessions that started within this time, such as 1h",
        "--tail	Only the newest, this many",
        "--help	Show help",
      ]
    `);
  });
});

// There is no PowerShell among our machines: its script was read, and never run.
test("PowerShell: the script registers a completer and gets its words through a variable", () => {
  const script = completionScript("powershell");
  expect(script).toContain("Register-ArgumentCompleter -Native -CommandName km ");
  expect(script).toContain("$env:KM_COMPLETE = $words -join");
  expect(script).not.toMatch(/Invoke-Expression(?!\n)|\biex\b/);
  const count = (character: string): number => script.split(character).length;
  expect([count("{"), count("(")]).toEqual([count("}"), count(")")]);
});

describe("km __complete", () => {
  function ask(words: string[], env: Record<string, string> = {}) {
    const { stdout, stderr, exitCode } = Bun.spawnSync([KM, "__complete", ...words], {
      cwd: work,
      env: { ...home.env, ...env },
    });
    return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
  }

  test("PowerShell's words come as lines", () => {
    const { stdout } = ask(["powershell"], { KM_COMPLETE: "monitor\n--payloads\nme" });
    expect(stdout).toBe("values\nmetadata\n");
  });

  test.each([
    ["a broken configuration", { KM_CONFIG: "/dev/null/nothing", KM_PAYLOADS: "loud" }],
    ["a relative data folder", { KM_DATA_DIR: "relative" }],
    ["a data folder that is none", { KM_DATA_DIR: "/dev/null" }],
    ["no home", { HOME: "" }],
  ])("%s: says nothing on stderr, and has what depends on no state", (_, env) => {
    for (const [line, wanted] of [
      ["logs is:er", "is:error"],
      ["plugins status ", ""],
      ["config get log", "log_level"],
      ["sessions --server ", ""],
      ["lo", "logs"],
    ] as const) {
      const { stdout, stderr, exitCode } = ask(["fish", "--", ...line.split(" ")], env);
      expect([stderr, exitCode]).toEqual(["", 0]);
      expect(stdout).toStartWith("values");
      expect(stdout).toContain(wanted);
    }
  });

  test("sessions: the newest first, and whole ids for who types one", () => {
    const words = (line: string): string[] =>
      ask(["fish", "--", ...line.split(" ")])
        .stdout.split("\n")
        .slice(1, -1)
        .map((one) => one.split("\t")[0] ?? "");
    const ids = ["ced1c996", "bcd1c996", "adb1c996", "ffd1c996", "efd1c996"];
    expect(words("plugins logs --session ")).toEqual(["last", "files", TRAP, "recall!echo", ...ids]);
    expect(words("plugins logs --session 2026")).toEqual([
      "20260104-030405-ced1c996",
      "20260103-030405-bcd1c996",
      "20260102-030405-adb1c996",
    ]);
  });

  test.skipIf(Bun.which("mkfifo") === null)("a file that never answers does not hang the prompt", () => {
    using other = makeHome();
    const folder = join(other.data, "sessions", "20260101-000000-00000000");
    mkdirSync(folder, { recursive: true });
    Bun.spawnSync(["mkfifo", join(folder, "session.json")]);
    const { exitCode } = Bun.spawnSync([KM, "__complete", "fish", "--", "logs", ""], {
      env: other.env,
      timeout: 20_000,
    });
    expect(exitCode).toBe(0);
  });

  test("nonsense gets no answer, and no complaint", () => {
    for (const words of [[], ["tcsh"], ["bash"], ["bash", "--"], ["zsh", "--", "nonsense", ""]]) {
      expect(ask(words).stdout).not.toContain("undefined");
    }
    expect(ask(["zsh", "--", "nonsense", ""])).toEqual({ stdout: "values\n", stderr: "", exitCode: 0 });
  });
});
