import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { km, recordSession, toolCall } from "./record-session.ts";

let data = "";

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "km-stats-"));
  await recordSession(data, "20260102-030405-aaaaaaaa", "files", [
    { type: "server_start", direction: "response", bytes: 0 },
    ...toolCall(2, "read_file", {}),
    ...toolCall(4, "read_file", { duration_ms: 1500, error_type: "tool_error" }),
    ...toolCall(6, "\x1b[31mevil", { type: "error", error_type: "-32602" }),
    { call: 8, method: "resources/read", target: "file:///a" },
    { type: "malformed", direction: "response", text: "oops" },
    { type: "server_stop", direction: "response", bytes: 0 },
  ]);
  await recordSession(data, "20260102-040405-bbbbbbbb", "git", [
    ...toolCall(1, "commit", {}),
    { type: "server_stop", direction: "response", bytes: 0 },
  ]);
});

afterAll(() => rm(data, { recursive: true }));

describe("km stats", () => {
  test("shows methods with their tools and the total", async () => {
    const { stdout, stderr, exitCode } = await km(data, ["stats", "files"]);
    expect(stdout).toMatchInlineSnapshot(`
      "   METHOD          TOOL            CALLS  ERRORS    RATE   P50   P95   P99   MAX  BYTES
      →  tools/call                          3       2   66.7%  10ms  1.5s  1.5s  1.5s   900b
                         read_file           2       1   50.0%  10ms  1.5s  1.5s  1.5s   600b
                         \\u001b[31mevil      1       1  100.0%  10ms  10ms  10ms  10ms   300b
      →  resources/read                      1       0    0.0%                           100b
                         file:///a           1       0    0.0%                           100b
         total                               4       2   50.0%  10ms  1.5s  1.5s  1.5s  1000b
      "
    `);
    expect(stderr).toBe("km: 1 malformed line is not in the table\n");
    expect(exitCode).toBe(0);
  });

  test("shows one kind of rows with --by", async () => {
    const methods = await km(data, ["stats", "files", "--by", "method"]);
    expect(methods.stdout).not.toContain("read_file");
    const tools = await km(data, ["stats", "--all", "--by", "tool", "tool:read_* or tool:commit"]);
    expect(tools.stdout).toMatchInlineSnapshot(`
      "   METHOD      TOOL       CALLS  ERRORS   RATE   P50   P95   P99   MAX  BYTES
      →  tools/call  read_file      2       1  50.0%  10ms  1.5s  1.5s  1.5s   600b
      →  tools/call  commit         1       0   0.0%  10ms  10ms  10ms  10ms   300b
         total                      3       1  33.3%  10ms  1.5s  1.5s  1.5s   900b
      "
    `);
  });

  test("prints every figure as one JSON object with --json", async () => {
    const { stdout } = await km(data, ["stats", "aaaaaaaa", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      sessions: ["20260102-030405-aaaaaaaa"],
      total: expect.objectContaining({
        calls: 4,
        ok: 1,
        errors: 2,
        unanswered: 1,
        bytes_request: 400,
        bytes_response: 600,
      }),
      others: { lifecycle: 2, malformed: 1 },
      methods: [
        {
          direction: "request",
          method: "tools/call",
          calls: 3,
          ok: 1,
          errors: 2,
          error_types: { tool_error: 1, "-32602": 1 },
          pending: 0,
          unanswered: 0,
          cancelled: 0,
          bytes_request: 300,
          bytes_response: 600,
          duration_ms: {
            count: 3,
            min: 10,
            mean: 506.667,
            p50: expect.closeTo(10, 1),
            p95: expect.closeTo(1500, -1),
            p99: expect.closeTo(1500, -1),
            max: 1500,
          },
        },
        expect.objectContaining({ method: "resources/read", calls: 1, duration_ms: null }),
      ],
      targets: [
        expect.objectContaining({ method: "tools/call", target: "read_file", calls: 2 }),
        expect.objectContaining({ method: "resources/read", target: "file:///a" }),
        expect.objectContaining({ method: "tools/call", target: "\x1b[31mevil" }),
      ],
    });
  });

  test("takes the latest session by default and all of them with --all", async () => {
    const calls = async (...words: string[]) =>
      JSON.parse((await km(data, ["stats", "--json", ...words])).stdout).total.calls;
    expect(await calls()).toBe(1);
    expect(await calls("--all")).toBe(5);
    expect(await calls("--all", "server:files", "is:ok")).toBe(1);
    expect(await calls("--all", "9007199254740993")).toBe(4);
    expect(await calls("--all", "--since", "1h")).toBe(0);
  });

  test("says so when no call matches", async () => {
    expect(await km(data, ["stats", "tool:none"])).toEqual({
      stdout: "",
      stderr: "km: No call matches\n",
      exitCode: 0,
    });
  });

  test("exits with 2 for a filter that it cannot understand", async () => {
    const { stdout, stderr, exitCode } = await km(data, ["stats", "is:eror"]);
    expect([stdout, exitCode]).toEqual(["", 2]);
    expect(stderr).toContain("    is:eror\n       ^\n    Did you mean is:error?");
  });
});
