import { expect, test } from "bun:test";
import { sessionFolder } from "../../src/journal/layout.ts";
import { NOTHING_YET } from "../../src/journal/nothing-yet.ts";
import { LiveSession } from "../journal/live-session.ts";
import { Script, TemporaryData } from "../journal/make-journal.ts";
import { km } from "./record-session.ts";

async function twoSessions(): Promise<TemporaryData> {
  const data = await TemporaryData.create();
  const script = new Script();
  const call = script.request("read");
  const ended = [...script.handshake(), call, script.answer(call, { error_type: "tool_error" }), script.stop()];
  await data.addSession("20260102-030405-abcdef01", [ended]);
  await data.addSession("20260103-030405-abcdef02", [[new Script().request("x")]], {
    info: { name: "evil\u001b[31m", started_at: "2026-01-03T03:04:05Z" },
  });
  return data;
}

test("km sessions: a row for each, the newest first", async () => {
  await using data = await twoSessions();
  const { stdout, stderr, exitCode } = await km(data.folder, ["sessions"]);
  expect([stderr, exitCode]).toEqual(["", 0]);
  expect(stdout).toMatchInlineSnapshot(`
    "SESSION   SERVER          STATE    STARTED              DURATION  CALLS  ERRORS  SIZE
    abcdef02  evil\\u001b[31m  crashed  2026-01-03 03:04:05       0ms      1       0  100b
    abcdef01  files           ended    2026-01-02 03:04:05       3ms      2       1  400b
    "
  `);
});

test("km sessions: --server, --since and --tail choose", async () => {
  await using data = await twoSessions();
  await using _ = await LiveSession.start(sessionFolder(data.folder, "20990101-000000-abcdef03"));
  const ids = async (...words: string[]): Promise<string[]> => {
    const { stdout } = await km(data.folder, ["sessions", "--json", ...words]);
    return stdout.split("\n").flatMap((line) => /"session_id":"[^"]*([^"]{2})"/.exec(line)?.[1] ?? []);
  };
  expect(await ids()).toEqual(["03", "02", "01"]);
  expect(await ids("--server", "files")).toEqual(["01"]);
  expect(await ids("--since", "1h")).toEqual(["03"]);
  expect(await ids("-n", "2")).toEqual(["03", "02"]);
});

test("km sessions: --json has what is known of each", async () => {
  await using data = await twoSessions();
  const { stdout } = await km(data.folder, ["sessions", "--json", "--server", "files"]);
  expect(JSON.parse(stdout)).toMatchObject({
    session_id: "20260102-030405-abcdef01",
    name: "files",
    state: "ended",
    started_at: "2026-01-02T03:04:05.000Z",
    calls: 2,
    errors: 1,
    client: { name: "desk", version: "2" },
    server: { name: "file-server", version: "1.0" },
  });
});

test("km sessions: names the session that a newer km wrote and shows the others", async () => {
  await using data = await twoSessions();
  await data.addSession("future", [], { info: { format: 2 } });
  const { stdout, stderr, exitCode } = await km(data.folder, ["sessions"]);
  expect(stderr).toBe("km: Cannot read session future: its journal has format 2\n");
  expect(stdout).toContain("abcdef01");
  expect(exitCode).toBe(0);
});

test("km sessions: nothing on stdout where nothing is recorded", async () => {
  await using data = await TemporaryData.create();
  expect(await km(data.folder, ["sessions"])).toEqual({
    stdout: "",
    stderr: `km: ${NOTHING_YET}\n`,
    exitCode: 0,
  });
});
