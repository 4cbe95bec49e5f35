/** `km wrap` and `km unwrap` against files, neighbours and ends that nobody wishes for, seen from outside only. */
import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { type ClientHome, makeClientHome, runKm } from "../clients/client-home.ts";
import { KM } from "../e2e/km.ts";

const TIMEOUT = 60_000;
const SECRET = "Zq8wT3vN5mK1xR7pLd";
const LINUX = process.platform === "linux";

type Members = Record<string, unknown>;

/** A home with these files and no others, by the client they belong to. */
function homeWith(texts: Record<string, string>): ClientHome {
  const home = makeClientHome(Object.keys(texts));
  for (const [id, text] of Object.entries(texts)) writeFileSync(fileOf(home, id), text);
  return home;
}

function fileOf(home: ClientHome, id: string): string {
  const file = home.files.get(id);
  if (file === undefined) throw new Error(`no file of ${id}`);
  return file;
}

function read(home: ClientHome, id: string): string {
  return readFileSync(fileOf(home, id), "utf8");
}

/** What is in the home besides the clients' files; of the state folder only the empty lock may stay. */
function leftBehind(home: ClientHome): string[] {
  const known = new Set([...home.files.values()].map((file) => relative(home.folder, file)));
  known.add(join("state", "clients", "lock"));
  return readdirSync(home.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(home.folder, join(entry.parentPath, entry.name)))
    .filter((path) => !known.has(path));
}

/** Wraps, wraps again, unwraps; the texts between the first and the second. */
async function roundTrip(texts: Record<string, string>): Promise<Record<string, string>> {
  using home = homeWith(texts);
  const ids = Object.keys(texts);
  const wrapped = await runKm(home, ["wrap", ...ids, "--yes"]);
  expect(wrapped).toMatchObject({ exitCode: 0 });
  const between = Object.fromEntries(ids.map((id) => [id, read(home, id)]));
  expect(await runKm(home, ["wrap", ...ids, "--yes"])).toMatchObject({ stdout: "", exitCode: 0 });
  for (const id of ids) expect([id, read(home, id)]).toEqual([id, between[id] ?? ""]);
  expect(await runKm(home, ["unwrap", ...ids, "--yes"])).toMatchObject({ exitCode: 0 });
  for (const id of ids) expect([id, read(home, id)]).toEqual([id, texts[id] ?? ""]);
  expect(leftBehind(home)).toEqual([]);
  return between;
}

/** The words that stand behind the first "--", in front of which is km. */
function original(command: unknown, args: unknown): unknown[] {
  expect(command).toBe(KM);
  if (!Array.isArray(args)) throw new Error("no arguments");
  expect(args[0]).toBe("monitor");
  return args.slice(args.indexOf("--") + 1);
}

function members(value: unknown): Members {
  if (typeof value !== "object" || value === null) throw new Error(`no mapping: ${String(value)}`);
  return value as Members;
}

/** Each server of a mapping: its words without km, and what else it holds. */
function unwrapped(servers: unknown, command = "command"): Members {
  return Object.fromEntries(
    Object.entries(members(servers)).map(([name, server]) => {
      const { [command]: program, args, ...rest } = members(server);
      return [name, { words: original(program, args), ...rest }];
    }),
  );
}

test(
  "JSON of any layout, in the files of ten clients at once",
  async () => {
    const server = '{"command":"npx","args":["-y","x"],"env":{"A":"b"}}';
    const layouts = {
      "claude-desktop": `{"mcpServers":{"s":${server}}}`,
      "claude-code": `\uFEFF{"mcpServers":{"s":${server}}}\n`,
      cursor: `{\r\n\t"mcpServers": {\r\n\t\t"s": ${server}\r\n\t}\r\n}\r\n`,
      devin: `{\r"mcpServers":{\r"s":${server}\r}\r}`,
      cline: `{\r\n"mcpServers":\n{\r\t"s":${server.replaceAll(",", ",\n")}\r\n}\n}`,
      "gemini-cli": `// top\n{ /* a */ "mcpServers": { "s": { // b\n "args": [ // c\n  "-y", /* d */\n  "x", // e\n ],\n "env":{"A":"b"},\n "command": /* f */ "npx" /* g */, // h\n }, }, }\n// end`,
      antigravity: `{"mcpServers":{"s":{"args":["-y","x"],"command":"npx","env":{"A":"b"}},},}`,
      "lm-studio": `{"mcp\\u0053ervers":{"\\u0073":{"\\u0063ommand":"n\\u0070x","\\u0061rgs":["\\u002dy","x"],"env":{"A":"b"}}}}`,
      kiro: `{"x":${"[".repeat(200)}${"]".repeat(200)},"n":1e400,"big":9007199254740993,"mcpServers":{"s":${server}}}`,
      junie: `{"mcpServers":{"s":{"command":"gone"}},"mcpServers":{"s":{"command":"no","args":[],"command":"npx","args":["-y","x"],"env":{"A":"b"}}}}`,
    };
    for (const [id, text] of Object.entries(await roundTrip(layouts))) {
      const { mcpServers } = members(Bun.JSONC.parse(text.replace(/^\uFEFF/, "")));
      expect([id, unwrapped(mcpServers)]).toEqual([id, { s: { words: ["npx", "-y", "x"], env: { A: "b" } } }]);
    }
  },
  TIMEOUT,
);

test(
  "TOML in every way to write a server",
  async () => {
    const before = [
      "when = 1979-05-27T07:32:00Z # date",
      'mcp_servers.dotted.command = "a"',
      "[mcp_servers.literal]",
      "command = 'C:\\x\\npx'",
      `args = ['a"b', '''m\nl''', """\nfirst\n  second\\\n   third""", "\\u00e9\\t"]`,
      "[mcp_servers.open]",
      'command = """\nnpx"""',
      'args = [ # one\n  "a", # two\n  # three\n  "b" # four\n]',
      "[mcp_servers.late.env]",
      'A = "1"',
      "[mcp_servers.late]",
      'command = "z" # why',
      '[mcp_servers."a b.c"]',
      'command = "q"',
      '[mcp_servers."n\\nl"]',
      'command = "r"',
      "[mcp_servers.inline]",
      'env = { A = "1" }',
      'command = "last"',
    ].join("\n");
    const { codex = "" } = await roundTrip({ codex: before });
    const after = members(Bun.TOML.parse(codex));
    expect(unwrapped(after["mcp_servers"])).toEqual({
      dotted: { words: ["a"] },
      literal: { words: ["C:\\x\\npx", 'a"b', "m\nl", "first\n  secondthird", "é\t"] },
      open: { words: ["npx", "a", "b"] },
      late: { words: ["z"], env: { A: "1" } },
      "a b.c": { words: ["q"] },
      "n\nl": { words: ["r"] },
      inline: { words: ["last"], env: { A: "1" } },
    });
  },
  TIMEOUT,
);

test(
  "YAML in every way to write a server",
  async () => {
    const before = [
      "%YAML 1.2",
      "---",
      "# top",
      "base: &base { timeout: 3 }",
      "extensions: # all",
      "  flow: {type: stdio, cmd: npx, args: [-y, 'x y']}",
      '  folded:\n    type: stdio\n    cmd: >-\n      npx\n    args:\n      - >-\n        two\n        words\n      - "q\\n\\\n         r"\n      - it\'s',
      "  words:\n    type: stdio\n    cmd: C:\\Program Files\\x.exe\n    args: ['#', ': ', '- x', '&a', '*b', '', ' lead', 'null', '1', '~', !!str 2]",
      "  bare:\n    <<: *base\n    type: stdio\n    cmd: z # why",
      "  nothing:\n    type: stdio\n    args: ~ # none\n    cmd: y",
      '  "1: 2":\n    type: stdio\n    cmd: last\n    args:',
    ].join("\r\n");
    const { goose = "" } = await roundTrip({ goose: before });
    const after = members(Bun.YAML.parse(goose));
    expect(unwrapped(after["extensions"], "cmd")).toMatchObject({
      flow: { words: ["npx", "-y", "x y"] },
      folded: { words: ["npx", "two words", "q\nr", "it's"] },
      words: { words: ["C:\\Program Files\\x.exe", "#", ": ", "- x", "&a", "*b", "", " lead", "null", "1", "~", "2"] },
      bare: { words: ["z"] },
      nothing: { words: ["y"] },
      "1: 2": { words: ["last"] },
    });
  },
  TIMEOUT,
);

test(
  "a server of any name is wrapped, and its name is no flag of km",
  async () => {
    using home = homeWith({ cursor: "" });
    const names = [
      "",
      "__proto__",
      "constructor",
      "--",
      "-x",
      "--help",
      "a b",
      `"'`,
      "a\nb",
      "日本",
      "\u2028",
      "../x",
      "0",
    ];
    // By hand, since an object's own __proto__ is not written by JSON.stringify of a literal.
    const file = `{"mcpServers":{${names.map((name) => `${JSON.stringify(name)}:{"command":"true"}`).join()}}}`;
    writeFileSync(fileOf(home, "cursor"), file);
    expect(await runKm(home, ["wrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    const servers = members(members(JSON.parse(read(home, "cursor")))["mcpServers"]);
    expect(Object.keys(servers).toSorted()).toEqual(names.toSorted());
    for (const name of names) {
      const { command, args } = members(Object.getOwnPropertyDescriptor(servers, name)?.value);
      expect(original(command, args)).toEqual(["true"]);
      const { stderr, exitCode } = await runKm(home, args as string[], { KM_JOURNAL: "false" });
      expect([name, stderr, exitCode]).toEqual([name, "", 0]);
    }
    expect(await runKm(home, ["unwrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(read(home, "cursor")).toBe(file);
  },
  TIMEOUT,
);

test(
  "what is started behind km has the arguments, variables and folder that it had without",
  async () => {
    using home = homeWith({ cursor: "" });
    const report = join(home.folder, "report.ts");
    const told = join(home.folder, "told.json");
    writeFileSync(
      report,
      `await Bun.write(${JSON.stringify(told)}, JSON.stringify([process.argv.slice(2), process.cwd(), process.env]));\n`,
    );
    const args = [report, "", "--", "--name", "q", "monitor", "--help", "a b", '"', "\n", "\\", "$HOME", "*", "é", "-"];
    const env = { EMPTY: "", SPACES: " a ", NODE_OPTIONS: "--max-old-space-size=99", LD_LIBRARY_PATH: "/x" };
    writeFileSync(
      fileOf(home, "cursor"),
      JSON.stringify({ mcpServers: { s: { command: process.execPath, args, env } } }),
    );
    const start = async (): Promise<unknown> => {
      const { s } = members(members(JSON.parse(read(home, "cursor")))["mcpServers"]);
      const { command, args: words, env: own } = members(s) as { command: string; args: string[]; env: Members };
      const options = { cwd: home.project, env: { ...home.env, ...own } as Record<string, string> };
      await using child = Bun.spawn([command, ...words], { ...options, stdin: "ignore", stdout: "ignore" });
      expect(await child.exited).toBe(0);
      return JSON.parse(readFileSync(told, "utf8"));
    };
    const without = await start();
    expect(await runKm(home, ["wrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(await start()).toEqual(without);
  },
  TIMEOUT,
);

test(
  "a server that shares its command by an anchor or a merge key is refused, and the others are wrapped",
  async () => {
    const shared = [
      "base: &base {type: stdio, cmd: npx, args: [q]}",
      "extensions:",
      "  merged: {<<: *base}",
      "  anchored: &same {type: stdio, cmd: a}",
      "  alias: *same",
      "  free: {type: stdio, cmd: b}\n",
    ].join("\n");
    using home = homeWith({ goose: shared });
    const { stderr, exitCode } = await runKm(home, ["wrap", "goose", "--yes"]);
    expect(exitCode).toBe(1);
    for (const name of ["merged", "anchored", "alias"]) expect(stderr).toContain(`Cannot wrap ${name} in`);
    const { base, extensions } = members(Bun.YAML.parse(read(home, "goose")));
    const { free, ...others } = members(extensions);
    expect(base).toEqual({ type: "stdio", cmd: "npx", args: ["q"] });
    expect(others).toMatchObject({ anchored: { cmd: "a" }, alias: { cmd: "a" } });
    expect(original(members(free)["cmd"], members(free)["args"])).toEqual(["b"]);
  },
  TIMEOUT,
);

test(
  "what cannot be read is named, exit code 1, and stays; what holds no servers is nothing to do",
  async () => {
    const unreadable = {
      cursor: '{"mcpServers":{"s":{"command":"npx","args',
      "lm-studio": '{"mcpServers":{"s":{"command":"npx"}}}garbage',
      kiro: `{"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
      codex: '[mcp_servers.a]\ncommand="x"\n[mcp_servers.a]\ncommand="y"\n',
      goose: "extensions: {a: {type: stdio, cmd: npx\n",
      junie: '{"mcpServers":{"s":{"command":"npx","args":"x y"}}}',
    };
    using home = homeWith(unreadable);
    const { stdout, stderr, exitCode } = await runKm(home, ["wrap", "--all", "--yes"]);
    expect([stdout, exitCode]).toEqual(["", 1]);
    expect(stderr.match(/^km: Cannot (read|wrap) /gm)).toHaveLength(6);
    for (const [id, text] of Object.entries(unreadable)) expect(read(home, id)).toBe(text);
    expect(leftBehind(home)).toEqual([]);

    const empty = [
      "",
      " \n",
      "// only\n",
      "null",
      "[]",
      '{"mcpServers":[]}',
      '{"mcpServers":{"s":null,"t":{"command":""}}}',
    ];
    for (const text of empty) {
      using bare = homeWith({ cursor: text });
      expect([text, (await runKm(bare, ["wrap", "cursor", "--yes"])).exitCode]).toEqual([text, 0]);
      expect(read(bare, "cursor")).toBe(text);
    }
  },
  TIMEOUT,
);

test.skipIf(!LINUX)(
  "a folder, a FIFO, a device or a loop in place of the file is refused, and nothing waits for it",
  async () => {
    using home = homeWith({ cursor: "", kiro: "", junie: "", "lm-studio": "" });
    for (const file of home.files.values()) rmSync(file);
    mkdirSync(fileOf(home, "cursor"));
    expect(Bun.spawnSync(["mkfifo", fileOf(home, "kiro")]).exitCode).toBe(0);
    symlinkSync("mcp.json", fileOf(home, "junie"));
    symlinkSync("/dev/zero", fileOf(home, "lm-studio"));
    const { stdout, stderr, exitCode } = await runKm(home, ["wrap", "--all", "--yes"]);
    expect([stdout, exitCode]).toEqual(["", 1]);
    expect(stderr.match(/^km: Cannot read /gm)).toHaveLength(4);
    expect(await runKm(home, ["clients"])).toMatchObject({ exitCode: 0 });
  },
  TIMEOUT,
);

test.skipIf(!LINUX)(
  "a km that is killed at any step leaves the old file or the new one, and the next km cleans up",
  async () => {
    const servers = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`s${i}`, { command: "npx", args: ["x"] }]),
    );
    const text = JSON.stringify({ pad: "x".repeat(200_000), mcpServers: servers }, null, 2);
    using home = homeWith({ cursor: text });
    const file = fileOf(home, "cursor");
    chmodSync(file, 0o600);
    await runKm(home, ["wrap", "cursor", "--yes"]);
    const wrapped = read(home, "cursor");
    await runKm(home, ["unwrap", "cursor", "--yes"]);
    for (let round = 0; round < 8; round++) {
      const verb = read(home, "cursor") === text ? "wrap" : "unwrap";
      const child = Bun.spawn([KM, verb, "cursor", "--yes"], { env: home.env, stdout: "ignore", stderr: "ignore" });
      // The first sign of its work, in one of the two folders where it writes.
      const watched = round % 2 === 0 ? dirname(file) : join(home.folder, "state", "clients");
      const seen = readdirSync(watched).length;
      while (child.exitCode === null && readdirSync(watched).length === seen) await Bun.sleep(0);
      if (round > 4) await Bun.sleep(round - 4);
      child.kill(round % 3 === 0 ? "SIGINT" : "SIGKILL");
      await child.exited;
      expect([text, wrapped]).toContain(read(home, "cursor"));
      for (const path of leftBehind(home)) expect(statSync(join(home.folder, path)).mode & 0o077).toBe(0);
    }
    await runKm(home, ["wrap", "cursor", "--yes"]);
    expect(await runKm(home, ["unwrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(read(home, "cursor")).toBe(text);
    expect(leftBehind(home)).toEqual([]);
  },
  TIMEOUT,
);

test(
  "five at once, wrapping and unwrapping, end well and leave a file of whole entries",
  async () => {
    const text = JSON.stringify({ mcpServers: { s: { command: "a", args: ["x"] }, t: { command: "b" } } }, null, 2);
    using home = homeWith({ cursor: text });
    const runs = [
      ["wrap", "cursor", "--yes"],
      ["unwrap", "cursor", "--yes"],
      ["wrap", "cursor", "--server", "s", "--yes"],
      ["wrap", "--all", "--yes"],
      ["unwrap", "cursor", "--server", "t", "--yes"],
    ];
    for (let round = 0; round < 2; round++) {
      const ended = await Promise.all(runs.map((words) => runKm(home, words)));
      for (const { exitCode, stderr } of ended) {
        if (exitCode !== 0) expect(stderr).toContain("somebody else changed it meanwhile");
      }
      const { s, t } = members(members(JSON.parse(read(home, "cursor")))["mcpServers"]);
      expect([{ command: "a", args: ["x"] }, members(s)["command"] === KM ? s : ""]).toContainEqual(s);
      expect([{ command: "b" }, members(t)["command"] === KM ? t : ""]).toContainEqual(t);
    }
    await runKm(home, ["unwrap", "cursor", "--yes"]);
    expect(read(home, "cursor")).toBe(text);
    expect(leftBehind(home)).toEqual([]);
  },
  TIMEOUT,
);

test(
  "a client that keeps writing its file reads a whole one each time, and what it wrote last stays",
  async () => {
    using home = homeWith({ cursor: JSON.stringify({ n: 0, mcpServers: { s: { command: "a" } } }) });
    const file = fileOf(home, "cursor");
    const stop = new AbortController();
    const client = (async () => {
      for (let n = 1; !stop.signal.aborted; n++) {
        const { s } = members(members(JSON.parse(readFileSync(file, "utf8")))["mcpServers"]);
        expect(["a", KM]).toContain(String(members(s)["command"]));
        writeFileSync(`${file}.new`, JSON.stringify({ n, mcpServers: { s } }));
        renameSync(`${file}.new`, file);
        await Bun.sleep(15);
      }
    })();
    try {
      for (let round = 0; round < 4; round++) {
        const { stderr, exitCode } = await runKm(home, [round % 2 === 0 ? "wrap" : "unwrap", "cursor", "--yes"]);
        if (exitCode !== 0) expect(stderr).toContain("somebody else changed it meanwhile");
      }
    } finally {
      stop.abort();
    }
    await client;
    const { n } = members(JSON.parse(read(home, "cursor")));
    expect(await runKm(home, ["unwrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(read(home, "cursor"))).toMatchObject({ n, mcpServers: { s: { command: "a" } } });
  },
  TIMEOUT,
);

test(
  "a file that is another one when the answer comes is left alone",
  async () => {
    using home = homeWith({ cursor: JSON.stringify({ mcpServers: { s: { command: "a" } } }) });
    const other = JSON.stringify({ mcpServers: { s: { command: "other" } } });
    const ended = Promise.withResolvers<void>();
    let shown = "";
    await using child = Bun.spawn([KM, "wrap", "cursor"], {
      env: { ...home.env, NO_COLOR: "1", TERM: "xterm" },
      terminal: {
        cols: 200,
        rows: 24,
        data: (terminal, bytes) => {
          const asked = shown.includes("[y/N]");
          shown += new TextDecoder().decode(bytes);
          if (asked || !shown.includes("[y/N]")) return;
          writeFileSync(fileOf(home, "cursor"), other);
          terminal.write("y\r");
        },
        exit: () => ended.resolve(),
      },
    });
    const exitCode = await child.exited;
    await ended.promise;
    child.terminal?.close();
    expect(exitCode).toBe(1);
    expect(shown).toContain("somebody else changed it meanwhile");
    expect(read(home, "cursor")).toBe(other);
  },
  TIMEOUT,
);

test(
  "entries that were edited, copied, renamed or taken away since: each is unwrapped as it is now",
  async () => {
    const server = { command: "npx", args: ["x"], env: { A: "b" } };
    using home = homeWith({ cursor: JSON.stringify({ mcpServers: { a: server, b: server, c: server, d: server } }) });
    await runKm(home, ["wrap", "cursor", "--yes"]);
    const { a, b, c } = members(members(JSON.parse(read(home, "cursor")))["mcpServers"]);
    const longer = { ...members(a), args: [...(members(a)["args"] as string[]), "--more"] };
    const edited = {
      x: 1,
      mcpServers: { new: { command: "n" }, a: longer, renamed: b, copy: b, c: { ...members(c), env: {} } },
    };
    writeFileSync(fileOf(home, "cursor"), JSON.stringify(edited, null, "\t"));
    expect(await runKm(home, ["unwrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(read(home, "cursor"))).toEqual({
      x: 1,
      mcpServers: {
        new: { command: "n" },
        a: { ...server, args: ["x", "--more"] },
        renamed: server,
        copy: server,
        c: { ...server, env: {} },
      },
    });
    expect(leftBehind(home)).toEqual([]);
  },
  TIMEOUT,
);

test(
  "a damaged undo journal never puts wrong bytes into the file",
  async () => {
    const text = '{"mcpServers":{"s":{"command":"npx","args":["x"]}}}\n';
    const damages: [string, string][] = [
      [".original", ""],
      [".original", '{"mcpServers":{"evil":{"command":"rm"}}}'],
      [".json", "{{{"],
      [".json", "null"],
      [".json", "{}"],
    ];
    for (const [suffix, content] of damages) {
      using home = homeWith({ cursor: text });
      await runKm(home, ["wrap", "cursor", "--yes"]);
      const hit = leftBehind(home).filter((path) => path.endsWith(suffix));
      expect(hit).toHaveLength(1);
      for (const path of hit) writeFileSync(join(home.folder, path), content);
      expect(await runKm(home, ["unwrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
      expect([suffix, content, read(home, "cursor"), leftBehind(home)]).toEqual([suffix, content, text, []]);
    }
  },
  TIMEOUT,
);

test(
  "without a place for the undo journal, or for the diff, the file stays as it was",
  async () => {
    const text = '{"mcpServers":{"s":{"command":"npx"}}}';
    using home = homeWith({ cursor: text });
    writeFileSync(join(home.folder, "state"), "in the way");
    const { stderr, exitCode } = await runKm(home, ["wrap", "cursor", "--yes"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("The file is as it was.")]);
    expect(read(home, "cursor")).toBe(text);
    rmSync(join(home.folder, "state"));
    if (!existsSync("/dev/full")) return;
    const child = Bun.spawn([KM, "wrap", "cursor", "--yes"], {
      env: home.env,
      stdout: Bun.file("/dev/full"),
      stderr: "ignore",
    });
    expect(await child.exited).toBe(1);
    expect(read(home, "cursor")).toBe(text);
  },
  TIMEOUT,
);

test(
  "values of variables and headers are in no output, in any of the formats",
  async () => {
    const json = { env: { CUSTOM: SECRET, NUMBER: 12345678901 }, headers: { "X-Custom": SECRET } };
    using home = homeWith({
      cursor: JSON.stringify({ mcpServers: { s: { command: "x", ...json }, r: { url: "u", ...json } } }, null, 1),
      opencode: JSON.stringify({ mcp: { s: { type: "local", command: ["x"], environment: { CUSTOM: SECRET } } } }),
      codex: `[mcp_servers.s]\ncommand="x"\nenv.B='${SECRET}'\n[mcp_servers.r]\nurl="u"\nhttp_headers={"X"="${SECRET}"}\n[mcp_servers.t]\ncommand="y"\n[mcp_servers.t.env]\nA="""\n${SECRET}\n${SECRET}"""\n`,
      goose: `x: &e {A: ${SECRET}}\nextensions:\n  s:\n    type: stdio\n    cmd: x\n    envs:\n      <<: *e\n      B: |\n        ${SECRET}\n        ${SECRET}\n  t: {type: stdio, cmd: y, envs: {C: "${SECRET}"}}\n`,
    });
    for (const words of [["wrap", "--all"], ["clients"], ["clients", "--json"], ["unwrap", "--all"]]) {
      const { stdout, stderr } = await runKm(home, words[0] === "clients" ? words : [...words, "--yes"]);
      expect(stdout).not.toBe("");
      expect(stdout + stderr).not.toContain(SECRET);
      expect(stdout + stderr).not.toContain("12345678901");
    }
  },
  TIMEOUT,
);

test(
  "headers of Continue, and of an entry that a later one of the same name hides, are masked too",
  async () => {
    using home = homeWith({
      continue: `mcpServers:\n- name: r\n  url: https://example.org\n  requestOptions:\n    headers:\n      X-Custom: ${SECRET}\n- name: s\n  command: x\n`,
      cursor: `{"mcpServers":{"s":{"command":"x","env":{"A":"${SECRET}"},"env":{"B":"c"}}}}`,
    });
    const { stdout } = await runKm(home, ["wrap", "--all", "--dry-run"]);
    expect(stdout).not.toContain(SECRET);
  },
  TIMEOUT,
);

test(
  "a km of another file name, which would not recognise its work, does none",
  async () => {
    const text = '{"mcpServers":{"s":{"command":"npx"}}}';
    using home = homeWith({ cursor: text });
    const renamed = join(home.folder, "km-2");
    linkSync(KM, renamed);
    const run = (env: NodeJS.ProcessEnv) => {
      const { exitCode, stderr } = Bun.spawnSync([renamed, "wrap", "cursor", "--yes"], { env, stderr: "pipe" });
      return [exitCode, stderr.toString()];
    };
    expect(run(home.env)).toEqual([1, expect.stringContaining("Cannot wrap: this km is called km-2")]);
    expect(read(home, "cursor")).toBe(text);
    const bin = join(home.folder, "bin");
    mkdirSync(bin);
    symlinkSync(renamed, join(bin, "km"));
    expect(run({ ...home.env, PATH: bin })[0]).toBe(0);
    expect(read(home, "cursor")).toContain(join(bin, "km"));
    expect(await runKm(home, ["unwrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(read(home, "cursor")).toBe(text);
  },
  TIMEOUT,
);

test(
  "what was wrapped by hand and sets variables or the folder is not unwrapped, and the others are",
  async () => {
    const args = ["monitor", "--env", "A=b", "--cwd", "/usr", "--", "x"];
    const own = { command: KM, args };
    using home = homeWith({ cursor: JSON.stringify({ mcpServers: { s: own, t: { command: "y" } } }) });
    const before = read(home, "cursor");
    expect(await runKm(home, ["wrap", "cursor", "--yes"])).toMatchObject({ exitCode: 0 });
    const { stderr, exitCode } = await runKm(home, ["unwrap", "cursor", "--yes"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      "Cannot unwrap s in ~/.cursor/mcp.json: what --env and --cwd of km monitor sets would be lost",
    );
    expect(read(home, "cursor")).toBe(before);
  },
  TIMEOUT,
);

test(
  "a lock that is damaged or a folder is named, with what to do",
  async () => {
    const text = '{"mcpServers":{"s":{"command":"npx"}}}';
    using home = homeWith({ cursor: text });
    const lock = join(home.folder, "state", "clients", "lock");
    for (const damage of ["garbage ".repeat(1000), undefined]) {
      rmSync(lock, { force: true });
      mkdirSync(damage === undefined ? lock : dirname(lock), { recursive: true });
      if (damage !== undefined) writeFileSync(lock, damage);
      for (const verb of ["wrap", "unwrap"]) {
        const { stderr, exitCode } = await runKm(home, [verb, "cursor", "--yes"]);
        expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/it is (damaged|a folder)[^]*Delete it/)]);
      }
    }
    expect(read(home, "cursor")).toBe(text);
  },
  TIMEOUT,
);

test(
  "km as a server is left alone, and a server with variables for km's own runtime is refused",
  async () => {
    const servers = { own: { command: KM, args: ["logs"] }, bun: { command: "x", env: { BUN_OPTIONS: SECRET } } };
    const text = JSON.stringify({ mcpServers: servers });
    using home = homeWith({ cursor: text });
    const { stdout, stderr, exitCode } = await runKm(home, ["wrap", "cursor", "--yes"]);
    expect([stdout, exitCode]).toEqual(["", 1]);
    expect(stderr).toContain("~/.cursor/mcp.json: left alone: own; that is km itself");
    expect(stderr).toContain("Cannot wrap bun in ~/.cursor/mcp.json: its env sets BUN_OPTIONS");
    expect(read(home, "cursor")).toBe(text);
  },
  TIMEOUT,
);
