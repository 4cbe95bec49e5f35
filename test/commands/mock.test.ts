/** `km mock` with sessions that `km monitor` recorded of a real server. */
import { expect, test } from "bun:test";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { Script, TemporaryData } from "../journal/make-journal.ts";
import { call, INITIALIZE, INITIALIZED, linesOf, record } from "./record-conversation.ts";
import { km } from "./record-session.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const TIMEOUT = 30_000;
const ECHO = call(1, "echo", ',"arguments":{"n":9007199254740993}');

function start(data: TemporaryData, words: string[]) {
  return Bun.spawn([process.execPath, MAIN, "mock", ...words], {
    env: { PATH: process.env["PATH"] ?? "", HOME: data.folder, KM_DATA_DIR: data.folder, KM_CONFIG_DIR: data.folder },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** What the mock answers to all of these, in its order, once the client has left. */
async function answers(data: TemporaryData, words: string[], lines: string[]) {
  const child = start(data, words);
  await child.stdin.write(lines.map((line) => `${line}\n`).join(""));
  await child.stdin.end();
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { lines: stdout.split("\n").slice(0, -1), stderr, exitCode };
}

test(
  "km mock: answers as the recorded server did, digit by digit",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO, call(2, "fail")]);
    const other = call(8, "echo", ',"arguments":{"n":1}');
    const mocked = await answers(
      data,
      ["last"],
      [INITIALIZE, ECHO.replace('"id":1', '"id":"x"'), call(9, "fail"), other],
    );
    expect(mocked).toMatchObject({ exitCode: 0, stderr: "" });
    expect(mocked.lines.slice(0, 3)).toEqual([
      '{"jsonrpc":"2.0","result":{"protocolVersion":"2025-06-18","serverInfo":{"name":"small","version":"1"}},"id":0}',
      '{"jsonrpc":"2.0","result":{"n":9007199254740993,"content":[]},"id":"x"}',
      '{"jsonrpc":"2.0","error":{"code":-32000,"message":"no"},"id":9}',
    ]);
    expect(mocked.lines[3]).toContain("The nearest is at 5 and differs in arguments.n (9007199254740993 there)");
  },
  TIMEOUT,
);

test(
  "km mock: a copy of a session's folder is as good",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO]);
    const [id = ""] = await readdir(join(data.folder, "sessions"));
    await rename(join(data.folder, "sessions", id), join(data.folder, "recorded"));
    const { lines } = await answers(data, [join(data.folder, "recorded")], [ECHO]);
    expect(lines).toEqual(['{"jsonrpc":"2.0","result":{"n":9007199254740993,"content":[]},"id":1}']);
  },
  TIMEOUT,
);

test(
  "km mock: asks its client as the recorded server did, and goes on with the answer",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, call(1, "ask")]);
    const child = start(data, ["last"]);
    try {
      const lines = linesOf(child.stdout);
      await child.stdin.write(`${call(4, "ask")}\n`);
      await child.stdin.flush();
      expect((await lines.next()).value).toBe('{"jsonrpc":"2.0","method":"roots/list","id":"mock-1"}');
      await child.stdin.write('{"jsonrpc":"2.0","id":"mock-1","result":{"roots":[]}}\n');
      await child.stdin.end();
      expect((await lines.next()).value).toContain('"id":4}');
      expect(await child.exited).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  },
  TIMEOUT,
);

test(
  "km mock: secrets are masked in what is compared, and that masks are played is said",
  async () => {
    await using data = await TemporaryData.create();
    const login = call(2, "echo", ',"arguments":{"n":"password=hunter2!"}');
    await record(data, [INITIALIZE, INITIALIZED, call(1, "secret"), login]);
    const mocked = await answers(data, ["last"], [login, call(1, "secret")]);
    expect(mocked.stderr).toBe(
      "km: 3 messages were recorded with secrets masked, and played with the masks in their place\n",
    );
    expect(mocked.lines[0]).toContain("[redacted");
    expect(mocked.lines[1]).toContain("token=[redacted:github-token]");
  },
  TIMEOUT,
);

test(
  "km mock: --strict refuses what is not next",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO]);
    const mocked = await answers(data, ["last", "--strict"], [ECHO, INITIALIZE, ECHO]);
    expect(mocked.lines.map((line) => line.includes('"error"'))).toEqual([true, false, false]);
    expect(mocked.lines[0]).toContain("which is at 2 and is initialize");
  },
  TIMEOUT,
);

test(
  "km mock: --listen is for this machine, and says what is there for others",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE]);
    const { stderr, exitCode } = await answers(data, ["last", "--listen", "0.0.0.0:8080"], []);
    expect(exitCode).toBe(2);
    expect(stderr).toStartWith(
      "km: A recording is not played to other machines: --listen 0.0.0.0:8080\n    Let km proxy",
    );
  },
  TIMEOUT,
);

test(
  "km mock: --listen serves the recording over HTTP",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO]);
    const address = `127.0.0.1:${freePort()}`;
    const child = start(data, ["last", "--listen", address]);
    try {
      const ready = await linesOf(child.stderr).next();
      expect(ready.value).toBe(`km: MCP over HTTP at http://${address}/mcp`);
      const post = async (body: string, session?: string): Promise<Response> =>
        await fetch(`http://${address}/mcp`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            ...(session === undefined ? {} : { "mcp-session-id": session }),
          },
          body,
        });
      const opened = await post(INITIALIZE.replace('"params":{', '"params":{"protocolVersion":"2025-06-18",'));
      expect(await opened.text()).toContain('"serverInfo":{"name":"small","version":"1"}');
      const session = opened.headers.get("mcp-session-id") ?? "";
      await post(INITIALIZED, session);
      expect(await (await post(ECHO, session)).text()).toContain('"n":9007199254740993');
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  },
  TIMEOUT,
);

test(
  "km mock: a client that reads no more, and goes on asking",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, ECHO]);
    const child = start(data, ["last"]);
    try {
      const lines = linesOf(child.stdout);
      await child.stdin.write(`${ECHO}\n`);
      await child.stdin.flush();
      await lines.next();
      await lines.return(undefined); // closes the pipe
      for (let i = 0; i < 3; i++) await child.stdin.write(`${ECHO}\n`);
      await child.stdin.end();
      expect([await child.stderr.text(), await child.exited]).toEqual(["", 0]);
    } finally {
      child.kill("SIGKILL");
    }
  },
  TIMEOUT,
);

test(
  "km mock: a session without messages, one without requests, one that is not there",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE], ["--payloads", "metadata"]);
    expect(await km(data.folder, ["mock", "last"])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("its messages were not recorded (payloads: metadata)"),
    });
    await data.addSession("20270102-030405-abcdef01", [[new Script().event({})]]);
    expect(await km(data.folder, ["mock", "abcdef01"])).toMatchObject({ exitCode: 1 });
    expect(await km(data.folder, ["mock", "nowhere"])).toMatchObject({ exitCode: 1 });
    expect(await km(data.folder, ["mock", "./nowhere"])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Cannot find a session in ./nowhere: there is no session.json"),
    });
  },
  TIMEOUT,
);
