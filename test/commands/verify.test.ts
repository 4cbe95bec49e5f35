/** `km verify` with real servers, on sessions that `km monitor` recorded. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Script, TemporaryData } from "../journal/make-journal.ts";
import { call, INITIALIZE, INITIALIZED, record, SERVER } from "./record-conversation.ts";
import { km } from "./record-session.ts";

const TIMEOUT = 30_000;
const ECHO = call(1, "echo", ',"arguments":{"n":9007199254740993}');
const HTTP_SERVER = join(import.meta.dir, "../fixtures/conformance-server.ts");

async function verified(data: TemporaryData, words: string[], variant = "") {
  return await km(data.folder, ["verify", "last", ...words, "--", process.execPath, SERVER, variant]);
}

test(
  "km verify: exit code 0 for a server that behaves as recorded, 3 for one that does not",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO, call(2, "fail")]);
    expect(await verified(data, ["--only-differences"])).toEqual({
      exitCode: 0,
      stderr: "",
      stdout: "3 requests: 3 same\n",
    });
    const changed = await verified(data, [], "changed");
    expect(changed.exitCode).toBe(3);
    expect(changed.stdout).toContain("result.n: 9007199254740993 -> 9007199254740994");
    expect(changed.stdout).toContain("3 requests: 1 same, 2 different");
  },
  TIMEOUT,
);

test(
  "km verify: what is ignored, and values where only the shape counts, may differ",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO, call(2, "fail")]);
    const ignoring = await verified(
      data,
      ["--ignore", "result.n", "--ignore", "error", "--ignore", "result"],
      "changed",
    );
    expect(ignoring).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("3 requests: 3 same") });
    const shape = await verified(data, ["--shape", "--json"], "changed");
    expect(shape.exitCode).toBe(3); // an error became a result
    const outcomes = shape.stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { outcome: string }).outcome);
    expect(outcomes).toEqual(["same", "same", "different"]);
  },
  TIMEOUT,
);

test(
  "km verify: --definitions asks for nothing else, --junit writes what was found",
  async () => {
    await using data = await TemporaryData.create();
    const list = '{"jsonrpc":"2.0","id":3,"method":"tools/list"}';
    await record(data, [INITIALIZE, INITIALIZED, ECHO, list]);
    const file = join(data.folder, "report.xml");
    // It would die at the first call.
    const { stdout, exitCode } = await verified(data, ["--definitions", "--junit", file], "dies");
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("2 requests: 2 same")]);
    expect(await Bun.file(file).text()).toContain('tests="2" failures="0" errors="0" skipped="0"');
    const none = await verified(data, ["method:none"]);
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Cannot verify against session ") });
    const unwritable = await verified(data, ["--junit", data.folder]);
    expect(unwritable).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Cannot write") });
  },
  TIMEOUT,
);

test(
  "km verify: --url reaches the server by HTTP",
  async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const opened = script.request("", {
      method: "initialize",
      message:
        '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}',
    });
    const greet = script.request("greet", { message: call(1, "greet", ',"arguments":{"name":"you"}') });
    const greeted = '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Hello, you!"}]}}';
    const events = [opened, script.answer(opened), greet, script.answer(greet, { message: greeted })];
    await data.addSession("20260102-030405-abcdef01", [events]);
    const server = Bun.spawn([process.execPath, HTTP_SERVER], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    try {
      const { value } = await server.stdout.getReader().read();
      const url = Buffer.from(value ?? [])
        .toString()
        .trim();
      const { stdout, exitCode } = await km(data.folder, ["verify", "last", "tool:greet", "--url", url]);
      expect([exitCode, stdout]).toEqual([0, expect.stringContaining("1 request: 1 same")]);
    } finally {
      server.kill();
      await server.exited;
    }
  },
  TIMEOUT,
);

test(
  "km verify: words that cannot be understood",
  async () => {
    await using data = await TemporaryData.create();
    const refused = async (...words: string[]) => (await km(data.folder, ["verify", "last", ...words])).stderr;
    expect(await refused()).toContain("No server to send the requests to");
    expect(await refused("--url", "http://127.0.0.1:1/mcp", "--", "server")).toContain("One server is needed");
    expect(await refused("--header", "a: b", "--", "server")).toContain("belong to --url");
    expect(await refused("--env", "A=b", "--url", "http://127.0.0.1:1/mcp")).toContain("Flag --env belongs to");
    expect(await refused("--ignore", "a..b", "--", "server")).toContain("--ignore needs a path");
    expect(await refused("--use", "nobody")).toContain("nobody");
  },
  TIMEOUT,
);
