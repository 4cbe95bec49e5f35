/** `km replay` with real servers, on sessions that `km monitor` recorded. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Script, TemporaryData } from "../journal/make-journal.ts";
import { call, INITIALIZE, INITIALIZED, linesOf, record, SERVER } from "./record-conversation.ts";
import { km } from "./record-session.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const TIMEOUT = 30_000;

const server = (variant: string) => ["--", process.execPath, SERVER, variant];

async function replayed(data: TemporaryData, words: string[], variant = "") {
  return await km(data.folder, ["replay", ...words, ...server(variant)]);
}

async function jsonOf(data: TemporaryData, words: string[], variant = "") {
  const { stdout, exitCode } = await replayed(data, ["last", ...words, "--json"], variant);
  return {
    exitCode,
    results: stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

/** The table without its times, which differ. */
function withoutTimes(table: string): string {
  return table.replace(/ +(?:[\d.]+m?s)(?= )/g, " -");
}

describe("km replay", () => {
  test(
    "a server that behaves as recorded: all the same, exit code 0",
    async () => {
      await using data = await TemporaryData.create();
      const echo = call(1, "echo", ',"arguments":{"n":9007199254740993}');
      await record(data, [INITIALIZE, INITIALIZED, echo, call(2, "ask"), call(3, "fail")]);
      const { stdout, stderr, exitCode } = await replayed(data, ["last"]);
      expect([stderr, exitCode]).toEqual(["", 0]);
      expect(withoutTimes(stdout)).toMatchInlineSnapshot(`
        "  SEQ  METHOD      TARGET     TOOK      NOW  OUTCOME
            2  initialize - -  same
            5  tools/call  echo - -  same
            7  tools/call  ask - -  same
           11  tools/call  fail - -  same
        4 requests: 4 same
        "
      `);
      expect((await replayed(data, ["last", "--only-differences"])).stdout).toBe("4 requests: 4 same\n");
    },
    TIMEOUT,
  );

  test(
    "differences are shown below their request, exit code 3",
    async () => {
      await using data = await TemporaryData.create();
      const echo = call(1, "echo", ',"arguments":{"n":9007199254740993}');
      await record(data, [INITIALIZE, INITIALIZED, echo, call(2, "ask"), call(3, "fail")]);
      const { stdout, exitCode } = await replayed(data, ["last", "--only-differences"], "changed");
      expect(exitCode).toBe(3);
      expect(withoutTimes(stdout)).toMatchInlineSnapshot(`
        "  SEQ  METHOD      TARGET     TOOK      NOW  OUTCOME
            5  tools/call  echo - -  1 difference
               result.n: 9007199254740993 -> 9007199254740994
           11  tools/call  fail - -  2 differences
               error: {"code":-32000,"message":"no"} -> (nothing)
               result: (nothing) -> {"content":[{"type":"text","text":"fine"}]}
        4 requests: 2 same, 2 different
        "
      `);
    },
    TIMEOUT,
  );

  test(
    "--json: one object per request, large integers with all digits",
    async () => {
      await using data = await TemporaryData.create();
      const echo = call(1, "echo", ',"arguments":{"n":9007199254740993}');
      await record(data, [INITIALIZE, INITIALIZED, echo]);
      const { stdout } = await replayed(data, ["last", "tool:echo", "--json"], "changed");
      expect(stdout).toContain(
        '"differences":[{"path":"result.n","recorded":9007199254740993,"replayed":9007199254740994}]',
      );
      const { results, exitCode } = await jsonOf(data, ["tool:echo"]);
      expect(exitCode).toBe(0);
      expect(results).toEqual([
        {
          session_id: expect.any(String),
          seq: 5,
          method: "tools/call",
          tool: "echo",
          outcome: "same",
          recorded_ms: expect.any(Number),
          replayed_ms: expect.any(Number),
          differences: [],
        },
      ]);
    },
    TIMEOUT,
  );

  test(
    "secrets: sent as masks with a warning, and masked in the new answers too",
    async () => {
      await using data = await TemporaryData.create();
      const echo = call(2, "echo", ',"arguments":{"n":"password=hunter2!"}');
      await record(data, [INITIALIZE, INITIALIZED, call(1, "secret"), echo]);
      const { stdout, stderr, exitCode } = await replayed(data, ["last"]);
      expect(stderr).toBe(
        "km: 1 request was recorded with secrets masked, and will be sent with the masks in place of the secrets\n",
      );
      expect([exitCode, stdout]).toEqual([0, expect.stringContaining("3 requests: 3 same")]);
      const [changed] = (await jsonOf(data, ["tool:secret"], "changed")).results;
      expect(changed).toMatchObject({
        differences: [
          {
            path: "result.content[0].text",
            recorded: "token=[redacted:github-token] ",
            replayed: "token=[redacted:github-token] changed",
          },
        ],
      });
    },
    TIMEOUT,
  );

  test(
    "a server that dies: each request that is left fails, with the reason",
    async () => {
      await using data = await TemporaryData.create();
      await record(data, [INITIALIZE, INITIALIZED, call(1, "fail"), call(2, "fail")]);
      const { results, exitCode } = await jsonOf(data, [], "dies");
      expect(exitCode).toBe(3);
      expect(results.map(({ outcome, reason }) => [outcome, reason])).toEqual([
        ["same", undefined],
        ["failed", "the server exited with code 7"],
        ["failed", "the server exited with code 7"],
      ]);
    },
    TIMEOUT,
  );

  test(
    "a server that does not answer: the request fails when its time is up, the next one is sent",
    async () => {
      await using data = await TemporaryData.create();
      const script = new Script();
      const hang = script.request("hang", { message: call(1, "hang") });
      const fail = script.request("fail", { message: call(2, "fail") });
      const error = '{"id":2,"error":{"message":"no","code":-32000}}';
      const events = [hang, script.answer(hang), fail, script.answer(fail, { type: "error", message: error })];
      await data.addSession("20260102-030405-abcdef01", [events]);
      const { results, exitCode } = await jsonOf(data, ["--timeout", "1s"]);
      expect(exitCode).toBe(3);
      expect(results.map(({ outcome, reason }) => [outcome, reason])).toEqual([
        ["failed", "no answer within 1s"],
        ["same", undefined],
      ]);
    },
    TIMEOUT,
  );

  test(
    "what was recorded without an answer is sent and not waited for",
    async () => {
      await using data = await TemporaryData.create();
      const script = new Script();
      await data.addSession("20260102-030405-abcdef01", [[script.request("hang", { message: call(1, "hang") })]]);
      const { results, exitCode } = await jsonOf(data, ["--timeout", "1h"]);
      expect(exitCode).toBe(0);
      expect(results).toMatchObject([{ outcome: "skipped", reason: "no answer recorded" }]);
    },
    TIMEOUT,
  );

  test(
    "a question of the server without a recorded answer gets an error",
    async () => {
      await using data = await TemporaryData.create();
      const script = new Script();
      const ask = script.request("ask", { message: call(1, "ask") });
      await data.addSession("20260102-030405-abcdef01", [[ask, script.answer(ask)]]);
      const { results } = await jsonOf(data, []);
      expect(JSON.stringify(results[0])).toContain("-32601");
    },
    TIMEOUT,
  );
});

describe("km replay: could not run", () => {
  test(
    "a server that does not answer initialize, and one that cannot be started",
    async () => {
      await using data = await TemporaryData.create();
      await record(data, [INITIALIZE, INITIALIZED, call(1, "fail")]);
      const mute = await replayed(data, ["last", "tool:fail", "--timeout", "1s"], "mute");
      expect([mute.exitCode, mute.stderr]).toEqual([
        1,
        expect.stringContaining("Cannot replay: no answer to initialize: no answer within 1s"),
      ]);
      const missing = await km(data.folder, ["replay", "last", "--", "no-such-server"]);
      expect([missing.exitCode, missing.stderr]).toEqual([
        1,
        expect.stringContaining("Cannot start the server: command not found: no-such-server"),
      ]);
    },
    TIMEOUT,
  );

  test(
    "a recording without messages, or without a request",
    async () => {
      await using data = await TemporaryData.create();
      await record(data, [INITIALIZE], ["--payloads", "metadata"]);
      const { exitCode, stderr } = await replayed(data, ["last"]);
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(/not recorded \(payloads: metadata\)\n {4}Record with/),
      ]);
      await data.addSession("20270102-030405-abcdef01", [[new Script().event({})]]);
      expect(await replayed(data, ["abcdef01"])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("no request of the client matches"),
      });
    },
    TIMEOUT,
  );

  test(
    "words that cannot be understood",
    async () => {
      await using data = await TemporaryData.create();
      expect(await replayed(data, ["nowhere"])).toMatchObject({ exitCode: 1 });
      expect(await replayed(data, ["last", "--timeout", "soon"])).toMatchObject({ exitCode: 2 });
      expect(await replayed(data, ["last", "nofield:x"])).toMatchObject({ exitCode: 2 });
      expect(await replayed(data, [])).toMatchObject({ exitCode: 2 });
    },
    TIMEOUT,
  );
});

test.skipIf(process.platform === "win32")(
  "km replay: a server that stays is made to go, with what it started",
  async () => {
    await using data = await TemporaryData.create();
    await record(data, [INITIALIZE, INITIALIZED, call(1, "fail")]);
    const shell = `sleep 600 & echo "pids $$ $!" >&2; exec "${process.execPath}" "${SERVER}" stays`;
    await Bun.write(join(data.folder, "config.yaml"), "monitor:\n  kill_timeout: 200ms\n");
    const { stderr, exitCode } = await km(data.folder, ["replay", "last", "--", "sh", "-c", shell]);
    expect(exitCode).toBe(0);
    const pids = /pids (\d+) (\d+)/.exec(stderr)?.slice(1).map(Number) ?? [];
    expect(pids).toHaveLength(2);
    for (const pid of pids) await gone(pid);
  },
  TIMEOUT,
);

test.skipIf(process.platform === "win32")(
  "km replay: Ctrl-C ends the server too, exit code 130",
  async () => {
    await using data = await TemporaryData.create();
    const script = new Script();
    const hang = script.request("hang", { message: call(1, "hang") });
    await data.addSession("20260102-030405-abcdef01", [[hang, script.answer(hang)]]);
    const shell = `echo "pid $$" >&2; exec "${process.execPath}" "${SERVER}"`;
    const child = Bun.spawn([process.execPath, MAIN, "replay", "last", "--", "sh", "-c", shell], {
      env: { PATH: process.env["PATH"] ?? "", HOME: data.folder, KM_DATA_DIR: data.folder, KM_CONFIG_DIR: data.folder },
      stdout: "ignore",
      stderr: "pipe",
    });
    try {
      const { value = "" } = await linesOf(child.stderr).next();
      child.kill("SIGINT");
      expect(await child.exited).toBe(130);
      await gone(Number(value.slice("pid ".length)));
    } finally {
      child.kill("SIGKILL");
    }
  },
  TIMEOUT,
);

/** Resolves when the process is no more; a zombie that nobody reaps counts as gone. */
async function gone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(0);
  for (;;) {
    const state = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)])
      .stdout.toString()
      .trim();
    if (state === "" || state.startsWith("Z")) return;
    await Bun.sleep(50);
  }
}
