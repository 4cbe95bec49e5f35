/** What a server is started with: arguments, environment, folder, descriptors, signals and limits, all as without km. */
import { expect, setDefaultTimeout } from "bun:test";
import { constants, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KM, makeHome } from "./km.ts";
import { direct, folderIn, monitor, PUMPS, Running } from "./run-km.ts";
import { describe, test } from "./linux-test.ts";

setDefaultTimeout(30_000);

/** Prints its own arguments, each ended by a NUL. */
const SHOW_ARGUMENTS = ["sh", "-c", "cat /proc/$$/cmdline; exit 0", "sh"];
const SHOW_ENVIRONMENT = ["sh", "-c", "cat /proc/$$/environ; exit 0"];

const ARGUMENTS = [
  "two words",
  "",
  " ",
  "$HOME",
  "`id`",
  "$(id)",
  "a'b",
  'a"b',
  "back\\slash",
  "line\nbreak",
  "tab\there",
  "*",
  "~",
  "--",
  "--help",
  "-h",
  "--version",
  "-v",
  "--name",
  "--env",
  "-e",
  "A=B",
  "--kill-timeout=1s",
  "--no-journal",
  "--debug",
  "--",
  "häß 漢字 🜚",
  "é",
  "e\u0301",
  "\u{10FFFF}",
  "{{x}}",
  "%s",
  "@file",
  "-",
  "--=",
  "--no-",
  "x".repeat(100_000),
];

describe.each(PUMPS)("arguments (%s pump)", (pump) => {
  test("arrive exactly: spaces, quotes, newlines, dollars, empty, --, --help, unicode", async () => {
    await using km = monitor([...SHOW_ARGUMENTS, ...ARGUMENTS], { pump });
    expect(await km.exited()).toBe(0);
    expect((await km.ended()).toString().split("\0").slice(4, -1)).toEqual(ARGUMENTS);
  });
});

test("arguments arrive also with flags of km before the dashes and the same flags behind", async () => {
  await using km = monitor([...SHOW_ARGUMENTS, "--name", "theirs", "--cwd=/"], {
    flags: ["--name", "ours", "--cwd", "/tmp"],
  });
  expect(await km.exited()).toBe(0);
  expect((await km.ended()).toString().split("\0").slice(4, -1)).toEqual(["--name", "theirs", "--cwd=/"]);
});

test("the first argument is the name that was typed", async () => {
  await using km = monitor(["sh", "-c", "cat /proc/$$/cmdline; exit 0"]);
  expect(await km.exited()).toBe(0);
  expect((await km.ended()).toString().split("\0")[0]).toBe("sh");
});

const ODD_VARIABLES = {
  EMPTY: "",
  SPACES: "  a  b  ",
  LINES: "a\nb\n",
  EQUALS: "a=b=c",
  "odd-name.x": "1",
  "with space": "2",
  "1digit": "3",
  ünïcode: "🜚 漢字",
  lower: "4",
  DOLLAR: "$HOME ${PATH}",
  NODE_OPTIONS: "--max-old-space-size=100",
  LD_BIND_NOW: "1",
  NO_COLOR: "1",
  FORCE_COLOR: "0",
  DEBUG: "*",
  SHLVL: "7",
  _: "/somewhere/else",
  PWD: "/wrong",
  BIG: "y".repeat(100_000),
};

describe.each(PUMPS)("environment (%s pump)", (pump) => {
  test("is exactly that of a direct start, in any order", async () => {
    await using km = monitor(SHOW_ENVIRONMENT, { pump, env: ODD_VARIABLES });
    await using plain = direct(SHOW_ENVIRONMENT, { env: ODD_VARIABLES });
    expect(await km.exited()).toBe(0);
    await plain.exited();
    const changed = /^(HOME|KM_[A-Z_]+|RUN_MARK)=/; // of the two runs' own folders
    const variables = (bytes: Buffer): string[] =>
      bytes
        .toString()
        .split("\0")
        .filter((line) => !changed.test(line))
        .sort();
    expect(variables(await km.ended())).toEqual(variables(await plain.ended()));
  });

  test("BUN_BE_BUN and BUN_OPTIONS do not reach the server: they would turn a compiled server into bun", async () => {
    // With BUN_BE_BUN the km binary itself acts as bun, so that only BUN_OPTIONS can be set from outside.
    await using km = monitor(SHOW_ENVIRONMENT, { pump, env: { BUN_OPTIONS: "--smol" } });
    expect(await km.exited()).toBe(0);
    expect(
      (await km.ended())
        .toString()
        .split("\0")
        .filter((line) => line.startsWith("BUN_")),
    ).toEqual([]);
  });

  test("what km proves with who its user is does not reach the server, unless by --env", async () => {
    const env = {
      KM_API_KEY: "SECRET",
      KM_PASSPHRASE_FILE: "/SECRET",
      KM_HEADERS: "x-key: SECRET",
      KM_URL: "https://ada:SECRET@mcp.example.com/mcp",
      KM_API_URL: "http://127.0.0.1:1",
    };
    await using km = monitor(SHOW_ENVIRONMENT, { pump, env });
    expect(await km.exited()).toBe(0);
    const shown = (await km.ended()).toString();
    expect(shown).not.toContain("SECRET");
    expect(shown).toContain("KM_API_URL=http://127.0.0.1:1\0"); // no secret: as if km were not there
    await using given = monitor(SHOW_ENVIRONMENT, { pump, env, flags: ["--env", "KM_API_KEY=given"] });
    expect(await given.exited()).toBe(0);
    expect((await given.ended()).toString()).toContain("KM_API_KEY=given\0");
  });
});

test("--env sets, overrides and empties variables, its value being all behind the first =", async () => {
  const flags = ["--env", "NEW=a=b c", "-e", "OLD=new", "--env=EMPTY=", "-e", "LINES=1\n2"];
  await using km = monitor(SHOW_ENVIRONMENT, { flags, env: { OLD: "old" } });
  expect(await km.exited()).toBe(0);
  const variables = (await km.ended()).toString().split("\0");
  expect(variables).toContain("NEW=a=b c");
  expect(variables).toContain("OLD=new");
  expect(variables).not.toContain("OLD=old");
  expect(variables).toContain("EMPTY=");
  expect(variables).toContain("LINES=1\n2");
});

test("--env PATH is where the server command is looked for", async () => {
  using home = makeHome();
  const bin = folderIn(home, "bin");
  writeFileSync(join(bin, "only-here"), "#!/bin/sh\necho found\n", { mode: 0o755 });
  await using km = monitor(["only-here"], { flags: ["--env", `PATH=${bin}:/usr/bin:/bin`] });
  expect(await km.exited()).toBe(0);
  expect((await km.ended()).toString()).toBe("found\n");
});

test("a client that ignores SIGCHLD, whose children the system reaps: the exit code is kept", async () => {
  await using km = new Running(["env", "--ignore-signal=CHLD", KM, "monitor", "--", "sh", "-c", "exit 3"], {});
  expect(await km.exited()).toBe(3);
});

test("the server's folder is km's own, or that of --cwd", async () => {
  await using own = monitor(["sh", "-c", "readlink /proc/$$/cwd; exit 0"], { cwd: "/usr/bin" });
  await using other = monitor(["sh", "-c", "readlink /proc/$$/cwd; exit 0"], {
    cwd: "/usr/bin",
    flags: ["--cwd", "../lib"],
  });
  await own.exited();
  await other.exited();
  expect((await own.ended()).toString()).toBe(`${realpathSync("/usr/bin")}\n`);
  expect((await other.ended()).toString()).toBe(`${realpathSync("/usr/lib")}\n`);
});

const STATUS = "^(SigBlk|SigIgn|NoNewPrivs|Seccomp|Umask|CapEff|CapBnd|Cpus_allowed):";
const SHOW_STATE = [
  "sh",
  "-c",
  `grep -E '${STATUS}' /proc/self/status; cat /proc/self/limits; cat /proc/self/oom_score_adj; nice`,
];

const circumstances: [name: string, prefix: string[]][] = [
  ["nothing special", []],
  ["HUP, INT, QUIT and USR1 ignored", ["env", "--ignore-signal=HUP,INT,QUIT,USR1"]],
  ["TERM ignored", ["env", "--ignore-signal=TERM"]],
  ["CHLD ignored", ["env", "--ignore-signal=CHLD"]],
  ["USR2 and WINCH blocked", ["env", "--block-signal=USR2,WINCH"]],
  ["INT, TERM and HUP blocked", ["env", "--block-signal=INT,TERM,HUP"]],
  ["no core dumps, a small stack", ["sh", "-c", 'ulimit -c 0; ulimit -Ss 4096; exec "$@"', "sh"]],
  ["an unusual umask", ["sh", "-c", 'umask 027; exec "$@"', "sh"]],
  ["a lower priority", ["nice", "-n", "5"]],
];

/** Says its process id, then waits for its input. It runs no other program: a loader's descriptors would be seen. */
const IDLE = ["sh", "-c", "echo $$; read -r _; exit 0"];

describe.each(PUMPS)("the state of the process (%s pump)", (pump) => {
  test.each(circumstances)("signals, limits, mask and priority are those of a direct start: %s", async (_, prefix) => {
    await using km = new Running([...prefix, KM, "monitor", "--", ...SHOW_STATE], { pump });
    await using plain = direct([...prefix, ...SHOW_STATE]);
    await plain.exited();
    expect(await km.exited()).toBe(0);
    expect((await km.ended()).toString().split("\n")).toEqual((await plain.ended()).toString().split("\n"));
  });

  test.each(["pipe", "socket"] as const)("descriptors 0, 1 and 2 and no other, blocking (%s)", async (wiring) => {
    await using km = monitor(IDLE, { pump, wiring });
    const server = Number(await km.shown("\n"));
    expect(descriptorsOf(server)).toEqual(["0", "1", "2"]);
    for (const descriptor of [0, 1, 2]) expect(isBlocking(server, descriptor)).toBe(true);
  });

  test("descriptors that the client leaked into km do not reach the server", async () => {
    const script = `exec 7</dev/null 9>/dev/null; exec "$0" monitor -- ${IDLE.map((word) => `'${word}'`).join(" ")}`;
    await using km = new Running(["sh", "-c", script, KM], { pump });
    expect(descriptorsOf(Number(await km.shown("\n")))).toEqual(["0", "1", "2"]);
  });
});

test("stderr that km shares with its client stays blocking while a session runs", async () => {
  await using km = monitor(IDLE);
  await km.shown("\n");
  expect(isBlocking(km.pid, 2)).toBe(true);
  await km.closeInput();
  expect(await km.exited()).toBe(0);
});

function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).sort();
}

function isBlocking(pid: number, descriptor: number): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "";
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
}
