/** `km call`, `km tools NAME`, `km read` and `km prompt` with real servers of both eras. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { askKm } from "./ask-km.ts";
import { KM, makeHome } from "./km.ts";
import { test as onLinux } from "./linux-test.ts";
import { until } from "./run-km.ts";
import { TmuxTerminal } from "./tmux-terminal.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");
const EVERYTHING = [
  "--",
  process.execPath,
  join(import.meta.dir, "../../node_modules/@modelcontextprotocol/server-everything/dist/index.js"),
];
const MODERN = ["--", process.execPath, join(FIXTURES, "peer-modern.ts")];
const PATIENCE_MS = 60_000;

function odd(mode: string): string[] {
  return ["--", process.execPath, join(FIXTURES, "server-odd.ts"), mode];
}

test(
  "a tool is called with arguments of the types that its schema has",
  async () => {
    using home = makeHome();
    expect(await askKm(home, ["call", "get-sum", "a=2", "b=40", ...EVERYTHING])).toEqual({
      exitCode: 0,
      out: "The sum of 2 and 40 is 42.\n",
      err: "",
    });
    expect(await askKm(home, ["call", "echo", "text=a=b", ...MODERN])).toEqual({ exitCode: 0, out: "a=b\n", err: "" });
  },
  PATIENCE_MS,
);

test(
  "arguments come from stdin and from files too",
  async () => {
    using home = makeHome();
    const piped = await askKm(home, ["call", "get-sum", "b=3", "--json", "-", ...EVERYTHING], '{"a": 1, "b": 2}');
    expect(piped.out).toBe("The sum of 1 and 3 is 4.\n");
    const file = join(home.folder, "text");
    writeFileSync(file, "two\nlines\n");
    const filed = await askKm(home, ["call", "echo", "--arg-file", `text=${file}`, ...MODERN]);
    expect(filed.out).toBe("two\nlines\n");
    expect(await askKm(home, ["call", "echo", "--arg-file", "text=/nowhere", ...MODERN])).toMatchObject({
      exitCode: 1,
    });
  },
  PATIENCE_MS,
);

test(
  "what does not fit the schema is not sent, and said with what was probably meant",
  async () => {
    using home = makeHome();
    for (const [words, err] of [
      [["get-sum", "a=x", "b=1"], 'km: Argument a must be a number, not "x"'],
      [["get-sum", "a=1"], "km: Argument b is missing: a number"],
      [["echo", "mesage=x"], "km: No such argument: mesage\n    Did you mean message?"],
      [["ecko", "message=x"], "km: No such tool: ecko\n    Did you mean echo?"],
    ] as const) {
      const answer = await askKm(home, ["call", ...words, ...EVERYTHING]);
      expect(answer).toMatchObject({ exitCode: 2, out: "" });
      expect(answer.err).toStartWith(err);
    }
  },
  PATIENCE_MS,
);

test(
  "results are printed as JSON, exactly as the server sent them, and as YAML",
  async () => {
    using home = makeHome();
    const words = ["call", "do", "n=9007199254740993", ...odd("exact")];
    expect((await askKm(home, ["call", "-o", "json", ...words.slice(1)])).out).toBe(
      '{"content":[],"structuredContent":{"n":9007199254740993}}\n',
    );
    expect((await askKm(home, ["call", "-o", "yaml", ...words.slice(1)])).out).toBe(
      "content: []\nstructuredContent:\n  n: 9007199254740993\n",
    );
    expect((await askKm(home, words)).out).toBe('{"n":9007199254740993}\n');
    const tools = await askKm(home, ["tools", "--json", ...odd("exact")]);
    expect(tools.out).toContain('"default":9007199254740993');
  },
  PATIENCE_MS,
);

test(
  "a tool that says that it failed ends with 1: as text on stderr, as JSON on stdout",
  async () => {
    using home = makeHome();
    expect(await askKm(home, ["call", "broken", ...MODERN])).toEqual({ exitCode: 1, out: "", err: "out of order\n" });
    const json = await askKm(home, ["call", "broken", "--output", "json", ...MODERN]);
    expect(json).toMatchObject({ exitCode: 1, err: "" });
    expect(JSON.parse(json.out)).toMatchObject({ isError: true });
  },
  PATIENCE_MS,
);

test(
  "data is saved where it is asked for",
  async () => {
    using home = makeHome();
    const folder = join(home.folder, "pictures");
    const answer = await askKm(home, ["call", "get-tiny-image", "--save", folder, ...EVERYTHING]);
    expect(answer.out).toContain(`[image: image/png, 3.9kb, saved as ${folder}/image.png]`);
    expect(readFileSync(join(folder, "image.png")).subarray(1, 4).toString()).toBe("PNG");
  },
  PATIENCE_MS,
);

test(
  "tools, resources and prompts are listed, and shown one by one",
  async () => {
    using home = makeHome();
    const tools = await askKm(home, ["tools", ...EVERYTHING]);
    expect(tools.out).toMatch(/^TOOL +DESCRIPTION\necho +Echoes back the input string\n/);
    const tool = await askKm(home, ["tools", "get-sum", ...EVERYTHING]);
    expect(tool.out).toMatch(/a +number +required +First number\n/);
    const resources = await askKm(home, ["read", ...EVERYTHING]);
    expect(resources.out).toContain("demo://resource/dynamic/text/{resourceId}");
    const resource = await askKm(home, ["read", "demo://resource/dynamic/text/1", ...EVERYTHING]);
    expect(resource.out).toStartWith("Resource 1: This is a plaintext resource");
    const prompts = await askKm(home, ["prompt", "--json", ...EVERYTHING]);
    expect(
      prompts.out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { name: string }).name),
    ).toContain("args-prompt");
    const prompt = await askKm(home, ["prompt", "args-prompt", "city=Oslo", ...EVERYTHING]);
    expect(prompt.out).toBe("user:\nWhat's weather in Oslo?\n");
    const missing = await askKm(home, ["prompt", "args-prompt", ...EVERYTHING]);
    expect(missing).toMatchObject({ exitCode: 2, err: "km: Argument city is missing: a text\n" });
  },
  PATIENCE_MS,
);

test(
  "a server that wants to ask somebody is not made to wait where nobody is",
  async () => {
    using home = makeHome();
    const answer = await askKm(home, ["call", "ask", ...MODERN]);
    expect(answer).toMatchObject({ exitCode: 1, out: "" });
    expect(answer.err).toContain("The server wants to ask somebody: run it on a terminal.");
  },
  PATIENCE_MS,
);

test("what is no MCP server is said to be none, with what it writes", async () => {
  using home = makeHome();
  const answer = await askKm(home, ["tools", "--", process.execPath, "-e", "console.log('hello')"]);
  expect(answer).toMatchObject({ exitCode: 1, out: "" });
  expect(answer.err).toStartWith(`km: Cannot connect: it exited with code 0; what it writes is no MCP: "hello"\n`);
  expect(answer.err).toContain("An MCP server on stdio waits for messages");
});

test("a server that cannot be reached is said to be that, with what to do and no code of km's own", async () => {
  using home = makeHome();
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("", { status: 404 }) });
  const { port } = server;
  const missing = await askKm(home, ["tools", "--url", `http://127.0.0.1:${port}/nowhere`]);
  await server.stop(true);
  expect(missing.err).toBe(
    `km: Cannot connect to 127.0.0.1:${port}: there is nothing at this path (HTTP 404)\n    Check the path of the URL: mostly it is /mcp.\n`,
  );
  const refused = await askKm(home, ["call", "x", "--url", `http://127.0.0.1:${port}/mcp`]);
  expect(refused.err).toBe(
    `km: Cannot connect to 127.0.0.1:${port}: it refuses the connection\n    See that the server runs and that the port is right.\n`,
  );
});

test.each([
  ["refuse", /^km: Cannot connect: it exited with code 3; it said: no licence found\n {4}Flag --verbose shows .*\n$/],
  ["die", /^km: Cannot call do: it exited with code 7\n$/],
  ["hang", /^km: Cannot call do: no answer within 0.5 s/],
  ["wrong", /^km: Cannot connect: /],
])(
  "a server that does %s ends the command with 1, and the reason",
  async (mode, err) => {
    using home = makeHome();
    const timeout = mode === "hang" ? ["--timeout", "500ms"] : [];
    const answer = await askKm(home, ["call", "do", "n=1", ...timeout, ...odd(mode)]);
    expect(answer).toMatchObject({ exitCode: 1, out: "" });
    expect(answer.err).toMatch(err);
  },
  PATIENCE_MS,
);

test.each(["noise", "strict", "silent"])(
  "a server that is %s is called all the same",
  async (mode) => {
    using home = makeHome();
    expect(await askKm(home, ["call", "do", "n=1", ...odd(mode)])).toEqual({ exitCode: 0, out: '{"n":1}\n', err: "" });
  },
  PATIENCE_MS,
);

test("a program that is not there, and lines that cannot be understood, have the codes of other commands", async () => {
  using home = makeHome();
  expect(await askKm(home, ["call", "do", "--", "/nowhere/server"])).toMatchObject({ exitCode: 127 });
  expect(await askKm(home, ["call"])).toMatchObject({ exitCode: 2 });
  expect(await askKm(home, ["call", "do", "--url", "https://x/", "--", "y"])).toMatchObject({ exitCode: 2 });
  expect(await askKm(home, ["call", "do", "--header", "a: b", "--", "y"])).toMatchObject({ exitCode: 2 });
  expect(await askKm(home, ["tools", "nobody"])).toMatchObject({ exitCode: 1, out: "" });
  expect((await askKm(home, ["tools", "lits"])).err).toContain("Did you mean km tools list?");
});

test(
  "Ctrl-C takes the call back at the server, ends it, and the command with 130",
  async () => {
    using home = makeHome();
    await using km = Bun.spawn([KM, "call", "do", "--verbose", ...odd("slow")], {
      env: home.env,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    let err = "";
    const reading = (async () => {
      for await (const text of km.stderr.pipeThrough(new TextDecoderStream())) err += text;
    })();
    await until(() => err.includes("called"), "the call to arrive");
    km.kill("SIGINT");
    expect(await km.exited).toBe(130);
    await reading;
    expect(err).toMatch(/cancelled \d+\n/);
  },
  PATIENCE_MS,
);

test(
  "a call that is recorded is a session like others",
  async () => {
    using home = makeHome();
    const answer = await askKm(home, ["call", "echo", "text=recorded", "--record", ...MODERN]);
    expect(answer).toMatchObject({ exitCode: 0, out: "recorded\n" });
    expect(readdirSync(join(home.data, "sessions")).length).toBe(1);
    const logs = await askKm(home, ["logs", "last", "method:tools/call"]);
    expect(logs.out).toContain("echo");
  },
  PATIENCE_MS,
);

test(
  "a server at an address is called in both eras",
  async () => {
    using home = makeHome();
    const port = freePort();
    await using server = Bun.spawn([process.execPath, join(FIXTURES, "conformance-server.ts"), String(port)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await until(() => canConnect(port), "the server to listen");
    const url = `http://127.0.0.1:${port}/mcp`;
    for (const protocol of ["auto", "2026-07-28", "2025-11-25"]) {
      const answer = await askKm(home, ["call", "test_simple_text", "--url", url, "--protocol", protocol]);
      expect(answer).toMatchObject({ exitCode: 0, err: "" });
      expect(answer.out).not.toBe("");
    }
    server.kill();
    await server.exited;
    const gone = await askKm(home, ["tools", "--url", url]);
    expect(gone).toMatchObject({ exitCode: 1, out: "" });
    expect(gone.err).toContain("it refuses the connection");
  },
  PATIENCE_MS,
);

function canConnect(port: number): boolean {
  return Bun.spawnSync(["bash", "-c", `: < /dev/tcp/127.0.0.1/${port}`]).success;
}

onLinux(
  "on a terminal, what the server wants to know is asked, and nothing can act on the terminal",
  async () => {
    if (Bun.which("tmux") === null || Bun.which("bash") === null) return;
    await using terminal = new TmuxTerminal(120, 24);
    terminal.type("-l", `${KM} call ask ${MODERN.join(" ")}; echo "left with $?"`);
    terminal.type("Enter");
    await terminal.shows(/city \(text\):$/m);
    terminal.type("-l", "Oslo");
    terminal.type("Enter");
    await terminal.shows(/Send it\?.*:$/m);
    terminal.type("y", "Enter");
    await terminal.shows(/It is Oslo\.\nleft with 0/);
    terminal.type("-l", `clear; ${KM} call echo text=$'a\\u202eb\\ec' -o json ${MODERN.join(" ")}`);
    terminal.type("Enter");
    await terminal.shows('"text":"a\\u202eb\\u001bc"');
  },
  PATIENCE_MS,
);
