/** `km connect` with real servers: its lines from a pipe, and on a real terminal. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { startFaultServer } from "../services/fault-server.ts";
import { askKm } from "./ask-km.ts";
import { KM, makeHome } from "./km.ts";
import { describe, test as onLinux } from "./linux-test.ts";
import { isAlive } from "./processes.ts";
import { direct, until } from "./run-km.ts";
import { TmuxTerminal } from "./tmux-terminal.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");
const EVERYTHING = [
  process.execPath,
  join(import.meta.dir, "../../node_modules/@modelcontextprotocol/server-everything/dist/index.js"),
];
const MODERN = [process.execPath, join(FIXTURES, "peer-modern.ts")];
const ODD = [process.execPath, join(FIXTURES, "server-odd.ts")];
const PATIENCE_MS = 60_000;

test(
  "each line of a pipe is carried out, and its results alone are on stdout",
  async () => {
    using home = makeHome();
    const lines = [
      "# a remark",
      'call echo message="two  words"',
      'call get-sum {"a": 1, "b": 2}',
      "prompt args-prompt city=Oslo",
      'raw tools/call {"name": "echo", "arguments": {"message": "raw"}}',
      'raw {"method": "ping"}',
      "output json",
      "call echo message=json",
    ];
    const answer = await askKm(home, ["connect", "--", ...EVERYTHING], lines.join("\n"));
    expect(answer).toEqual({
      exitCode: 0,
      out: [
        "Echo: two  words",
        "The sum of 1 and 2 is 3.",
        "user:",
        "What's weather in Oslo?",
        '{"content":[{"type":"text","text":"Echo: raw"}]}',
        "{}",
        '{"content":[{"type":"text","text":"Echo: json"}]}',
        "",
      ].join("\n"),
      err: "",
    });
  },
  PATIENCE_MS,
);

test(
  "what goes wrong is said, the next line is carried out all the same, and the command ends with 1",
  async () => {
    using home = makeHome();
    const lines =
      "call ecko message=1\ncall get-sum a=1\nkall x\nlog loud\nread\ncall echo 'open\ncall echo message=last\nquit\nping\n";
    const answer = await askKm(home, ["connect", "--", ...EVERYTHING], lines);
    expect(answer.exitCode).toBe(1);
    expect(answer.out).toBe("Echo: last\n");
    expect(answer.err).toBe(
      [
        "km: No such tool: ecko",
        "    Did you mean echo?",
        "km: Argument b is missing: a number",
        "km: Unknown command kall",
        "    Did you mean call?",
        "km: No such level: loud",
        "    Levels are debug, info, notice, warning, error, critical, alert, emergency.",
        "km: No resource is named",
        "    resources lists them.",
        "km: A quote is not closed",
        "",
      ].join("\n"),
    );
  },
  PATIENCE_MS,
);

test(
  "questions of the server are answered by the lines that follow",
  async () => {
    using home = makeHome();
    const answer = await askKm(home, ["connect", "--", ...MODERN], "call ask\nOslo\ny\ncall echo text=after\n");
    expect(answer).toMatchObject({ exitCode: 0, out: "It is Oslo.\nafter\n" });
    expect(answer.err).toContain("peer-modern asks: Where?");
  },
  PATIENCE_MS,
);

test(
  "what was typed is kept for the user alone, without secrets",
  async () => {
    using home = makeHome();
    const secret = "hunter2-hunter2-hunter2";
    const lines = `call echo message=hello\ncall echo message=x password=${secret}\n`;
    await askKm(home, ["connect", "--", ...EVERYTHING], lines);
    const file = join(home.folder, "state/connect-history");
    expect(existsSync(file)).toBe(true);
    const kept = readFileSync(file, "utf8");
    expect(kept).toContain("call echo message=hello\n");
    expect(kept).not.toContain(secret);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    const later = await askKm(home, ["connect", "--", ...EVERYTHING], "history\n");
    expect(later.out).toContain("call echo message=hello\n");
  },
  PATIENCE_MS,
);

test(
  "a server that dies ends the conversation, with the reason",
  async () => {
    using home = makeHome();
    const answer = await askKm(home, ["connect", "--", ...ODD, "die"], "call do n=1\ncall do n=2\n");
    expect(answer).toMatchObject({ exitCode: 1, out: "" });
    expect(answer.err).toContain("The server is gone: it exited with code 7\n");
  },
  PATIENCE_MS,
);

onLinux(
  "a signal ends the conversation, the server and what that has started, with the code of the signal",
  async () => {
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const) {
      const script = `sleep 1000 & exec ${ODD.join(" ")}`;
      await using run = direct([KM, "connect", "--", "sh", "-c", script]);
      await run.write("call do n=1\n");
      await run.shown('{"n":1}');
      const tree = run.tree();
      expect(tree.length).toBeGreaterThan(1);
      run.kill(signal);
      expect(await run.exited()).toBe(code);
      await run.gone(tree);
    }
  },
  PATIENCE_MS,
);

describe.skipIf(Bun.which("tmux") === null || Bun.which("bash") === null)("on a terminal", () => {
  onLinux(
    "Tab completes commands, tools, arguments and their values",
    async () => {
      await using terminal = await connected(EVERYTHING);
      terminal.type("-l", "ca");
      terminal.type("Tab");
      await terminal.shows(/^> call$/m);
      terminal.type("-l", "get-str");
      terminal.type("Tab");
      await terminal.shows("> call get-structured-content");
      terminal.type("-l", "lo");
      terminal.type("Tab");
      await terminal.shows("> call get-structured-content location=");
      terminal.type("-l", "Ch");
      terminal.type("Tab");
      await terminal.shows("location=Chicago");
      terminal.type("Enter");
      await terminal.shows('"temperature"');
      terminal.type("-l", "prompt completable-prompt department=E");
      terminal.type("Tab");
      await terminal.shows("department=Engineering");
      terminal.type("C-u");
      terminal.type("-l", "read demo://resource/dynamic/te");
      terminal.type("Tab");
      await terminal.shows(/^> read demo:\/\/resource\/dynamic\/text\/$/m);
    },
    PATIENCE_MS,
  );

  onLinux(
    "Tab completes each variable of a template",
    async () => {
      using folder = makeHome();
      mkdirSync(join(folder.folder, "a b"));
      await using terminal = await connected([KM, "serve", "filesystem", "--root", folder.folder]);
      terminal.type("-l", "read fi");
      terminal.type("Tab");
      await terminal.shows(/^> read file:\/\/\/$/m);
      terminal.type("-l", `${folder.folder.slice(1)}/a`);
      terminal.type("Tab");
      await terminal.shows(`${folder.folder}/a%20b/`);
    },
    PATIENCE_MS,
  );

  onLinux(
    "a server that ends while Tab asks it is said to have ended",
    async () => {
      await using backend = await startFaultServer({ kind: "never" });
      using folder = makeHome();
      const pid = join(folder.folder, "pid");
      const server = `echo $$ >${pid}; exec ${KM} serve prometheus --set prometheus.url=${backend.url}`;
      await using terminal = await connected(["sh", "-c", `'${server}'`]);
      terminal.type("-l", "prompt prometheus_error_budget metric=http");
      terminal.type("Tab");
      await backend.seen(1);
      process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
      await terminal.shows("left with 1");
      expect(terminal.text).not.toContain("readline");
    },
    PATIENCE_MS,
  );

  onLinux(
    "missing arguments are asked for, and wrong ones again",
    async () => {
      await using terminal = await connected(EVERYTHING);
      await line(terminal, "call get-sum", "a (number):");
      await line(terminal, "many", 'Argument a must be a number, not "many"');
      await terminal.shows(/not "many"\n +a \(number\):/);
      await line(terminal, "2", "b (number):");
      await line(terminal, "40", "The sum of 2 and 40 is 42.");
    },
    PATIENCE_MS,
  );

  onLinux(
    "Ctrl-C takes a request back, leaves a form, and at the prompt, typed twice, leaves",
    async () => {
      await using terminal = await connected([...ODD, "slow"]);
      await line(terminal, "call do n=1", /^[1-9]/m);
      terminal.type("C-c");
      await terminal.shows("km: Cannot call do: interrupted");
      await line(terminal, "call do", "n (whole number, Enter for");
      terminal.type("C-c");
      await terminal.shows("Nothing was sent");
      terminal.type("-l", "half a line");
      terminal.type("C-c");
      await terminal.shows("half a line^C");
      terminal.type("C-c");
      await terminal.shows("Ctrl-C again, Ctrl-D or quit leaves");
      terminal.type("C-c");
      await terminal.shows("left with 130");
      expect(await terminal.isClean()).toBe(true);
    },
    PATIENCE_MS,
  );

  onLinux(
    "a form of the server is filled in, seen, changed, sent, and can be left",
    async () => {
      await using terminal = await connected(MODERN);
      await line(terminal, "call ask", "city (text):");
      await line(terminal, "Olso", '"city": "Olso"');
      await terminal.shows("Send it?");
      await line(terminal, "e", /city \(text\):$/m);
      await line(terminal, "Oslo", '"city": "Oslo"');
      await terminal.shows(/Send it\?.*:$/m);
      await line(terminal, "", "It is Oslo.");
      await line(terminal, "call ask", /city \(text\):$/m);
      terminal.type("C-c");
      await terminal.shows("[d]ecline, or [c]ancel?");
      terminal.type("C-c");
      await terminal.shows("nobody answers");
    },
    PATIENCE_MS,
  );

  onLinux(
    "a terminal that goes away ends the conversation and the server, at the prompt and in the middle of a form",
    async () => {
      for (const typed of [undefined, "call ask"]) {
        await using terminal = await connected(MODERN);
        if (typed !== undefined) await line(terminal, typed, /city \(text\):$/m);
        const { pid } = terminal;
        const servers = Bun.spawnSync(["pgrep", "-P", String(pid)])
          .stdout.toString()
          .trim()
          .split("\n")
          .map(Number);
        expect(servers.length).toBeGreaterThan(0);
        terminal.close();
        await until(() => ![pid, ...servers].some(isAlive), "km and its server to end");
      }
    },
    PATIENCE_MS,
  );

  onLinux(
    "what was typed comes back with the arrow, also in the next conversation",
    async () => {
      await using terminal = await connected(MODERN);
      await line(terminal, "call echo text=once", /^once$/m);
      terminal.type("C-d");
      await terminal.shows("left with 0");
      terminal.type("-l", "clear");
      terminal.type("Enter");
      await start(terminal, MODERN);
      terminal.type("Up");
      await terminal.shows("> call echo text=once");
    },
    PATIENCE_MS,
  );

  onLinux(
    "help stands below each command where the terminal is narrow, and no word is cut",
    async () => {
      await using terminal = await connected(MODERN, "", 50);
      await line(terminal, "help", "takes a request back.");
      expect(terminal.text).toContain(
        "\nTab completes names, arguments and their values.\nCtrl-C takes a request back.",
      );
      expect(terminal.text).toContain("\n  quit\n      Leave, as Ctrl-D does\n");
    },
    PATIENCE_MS,
  );

  onLinux(
    "a terminal that knows no movements gets plain lines",
    async () => {
      await using terminal = await connected(EVERYTHING, "TERM=dumb ");
      await line(terminal, "call get-sum", "a (number):");
      await line(terminal, "2", "b (number):");
      await line(terminal, "40", "The sum of 2 and 40 is 42.");
      await line(terminal, "call trigger-long-running-operation duration=60 steps=60", "steps=60");
      terminal.type("C-c");
      await terminal.shows("interrupted");
    },
    PATIENCE_MS,
  );
});

async function connected(server: string[], before = "", columns = 120): Promise<TmuxTerminal> {
  const terminal = new TmuxTerminal(columns, 40);
  try {
    await start(terminal, server, before);
    return terminal;
  } catch (error) {
    await terminal[Symbol.asyncDispose]();
    throw error;
  }
}

async function start(terminal: TmuxTerminal, server: string[], before = ""): Promise<void> {
  terminal.type("-l", `${before}${KM} connect -- ${server.join(" ")}; echo "left with $?"`);
  terminal.type("Enter");
  await terminal.shows(/Connected to [^]*> ?$/m);
}

async function line(terminal: TmuxTerminal, text: string, shows: string | RegExp): Promise<void> {
  terminal.type("-l", text);
  terminal.type("Enter");
  await terminal.shows(shows);
}
