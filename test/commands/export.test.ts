import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { km, recordSession, toolCall } from "./record-session.ts";

let data = "";

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "km-export-"));
  await recordSession(data, "20260102-030405-aaaaaaaa", "files", [
    { type: "server_start", direction: "response", bytes: 0 },
    ...toolCall(2, "read_file", {}),
    ...toolCall(4, "write_file", { error_type: "tool_error", error_message: 'no, "never"\n' }),
    { type: "stderr", direction: "response", text: "listening" },
    { type: "server_stop", direction: "response", bytes: 0 },
  ]);
  await recordSession(data, "20260102-040405-bbbbbbbb", "git", [
    ...toolCall(1, "commit", {}),
    { type: "server_stop", direction: "response", bytes: 0 },
  ]);
});

afterAll(() => rm(data, { recursive: true }));

describe("km export", () => {
  test("writes the lines of km logs --json unless told otherwise", async () => {
    const { stdout, stderr, exitCode } = await km(data, ["export", "files"]);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).toBe((await km(data, ["logs", "files", "--json", "--stderr"])).stdout);
    expect(stdout.trimEnd().split("\n")).toHaveLength(7);
    expect(stdout).toContain('"n":9007199254740993');
  });

  test("writes CSV with a row per matching entry", async () => {
    const { stdout } = await km(data, ["export", "files", "--format", "csv", "is:call"]);
    expect(stdout.split("\r\n").slice(1)).toEqual([
      "20260102-030405-aaaaaaaa,files,2,2026-01-02T03:05:05.000000Z,call,request,tools/call,read_file,,ok,,,10,300,1",
      '20260102-030405-aaaaaaaa,files,4,2026-01-02T03:07:05.000000Z,call,request,tools/call,write_file,,error,tool_error,"no, ""never""\n",10,300,1',
      "",
    ]);
  });

  test("writes HAR with the messages of calls", async () => {
    const { stdout } = await km(data, ["export", "files", "--format", "har"]);
    const { entries } = JSON.parse(stdout).log;
    expect(entries.map((entry: { request: { url: string } }) => entry.request.url)).toEqual([
      "mcp://files/tools/call/read_file",
      "mcp://files/tools/call/write_file",
    ]);
    expect(entries[0].request.postData.text).toContain('"method":"tools/call"');
    expect(entries[1].response.status).toBe(500);
  });

  test("takes every session with --all, the oldest first", async () => {
    const lines = async (...words: string[]) =>
      (await km(data, ["export", "--all", ...words])).stdout.trimEnd().split("\n");
    const ids = (await lines("tool:*")).map((line) => JSON.parse(line).id.replace(/^.*-/, ""));
    expect(ids).toEqual(["aaaaaaaa/2", "aaaaaaaa/3", "aaaaaaaa/4", "aaaaaaaa/5", "bbbbbbbb/1", "bbbbbbbb/2"]);
    expect(await lines("--since", "1h")).toEqual([""]);
  });

  test("writes to a file in the format of its ending, and replaces it only by force", async () => {
    const file = join(data, "calls.CSV");
    expect(await km(data, ["export", "files", "-o", file])).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(await Bun.file(file).text()).toStartWith("session_id,server,");
    const refused = await km(data, ["export", "-o", file]);
    expect(refused).toMatchObject({ stdout: "", exitCode: 2 });
    expect(refused.stderr).toContain("Give --force to replace it.");
    expect((await km(data, ["export", "-o", file, "--force", "--format", "har"])).exitCode).toBe(0);
    expect(await Bun.file(file).json()).toHaveProperty("log.version", "1.2");
    expect((await readdir(data)).filter((name) => name.includes(".tmp"))).toEqual([]);
  });

  test("writes no file for a filter that it cannot understand", async () => {
    const file = join(data, "none.jsonl");
    expect((await km(data, ["export", "-o", file, "is:no"])).exitCode).toBe(2);
    expect(await Bun.file(file).exists()).toBe(false);
  });
});
