/** `km policy`: checking, showing and trying policies. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { validate } from "@cfworker/json-schema";
import { parse } from "yaml";
import { km, recordSession, toolCall } from "./record-session.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "km-policy-")));
  mkdirSync(join(folder, ".git"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const policy = (text: string, name = "policy.yaml"): string => {
  writeFileSync(join(folder, name), `version: 1\n${text}`);
  return join(folder, name);
};

describe("km policy check", () => {
  test("prints what each policy says in words", async () => {
    const file = policy("rules: [{ name: no-writes, tool: write_*, action: deny }]\n");
    expect(await km(folder, ["policy", "check"])).toEqual({
      stdout: `${file}: ok, 1 rule (user)\n  1. no-writes: deny calls of write_*\n  Whatever no rule decides is allowed.\n`,
      stderr: "",
      exitCode: 0,
    });
  });

  test("prints every problem with its place and exits with 3", async () => {
    const file = policy("defualt: deny\nrules: [{ name: a, action: alow }]\n", "draft.yaml");
    const checked = await km(folder, ["policy", "check", "draft.yaml"]);
    expect(checked.exitCode).toBe(3);
    expect(checked.stdout).toBe(
      `${file}:2:1: Unknown key "defualt". Did you mean default?\n${file}:3:28: rules[0].action cannot be "alow". Allowed: allow, deny, ask, redact, limit.\n`,
    );
    const { problems } = JSON.parse((await km(folder, ["policy", "check", "draft.yaml", "--json"])).stdout);
    expect(problems).toMatchObject([
      { code: "CFG_003", line: 2, column: 1 },
      { code: "CFG_002", line: 3, column: 28, key: "rules[0].action" },
    ]);
  });

  test("warns of an expression that may take long, which is no problem", async () => {
    const file = policy(
      "rules: [{ name: a, action: deny, arguments: { q: { not: { matches: 'x.*foo.*bar' } } } },\n" +
        "  { name: b, action: redact, redact: { result: ['T-\\d+', '\\w+@'] } }]\n",
    );
    const checked = await km(folder, ["policy", "check"]);
    expect(checked.exitCode).toBe(0);
    const [first, second, third] = checked.stdout.split("\n");
    expect(first).toStartWith(
      `${file}:2:68: warning: rules[0].arguments.q.not.matches: "x.*foo.*bar" may take long for some texts: two parts`,
    );
    expect(second).toStartWith(`${file}:3:58: warning: rules[1].redact.result[1]: "\\\\w+@" may take long`);
    expect(third).toBe(`${file}: ok, 2 rules (user)`);
    expect((await km(folder, ["policy", "show"])).stdout).not.toContain("warning");
  });

  test("without a policy says that there is none", async () => {
    expect(await km(folder, ["policy", "check"])).toMatchObject({
      stdout: "",
      exitCode: 0,
      stderr: expect.stringContaining("There is no policy"),
    });
  });
});

describe("km policy init, trust and show", () => {
  test("init writes a policy that is valid, and none over another", async () => {
    const made = await km(folder, ["policy", "init"]);
    expect(made).toMatchObject({ exitCode: 0, stdout: `${join(folder, "policy.yaml")}\n` });
    expect((await km(folder, ["policy", "check"])).exitCode).toBe(0);
    const again = await km(folder, ["policy", "init"]);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain("there is a policy already");
  });

  test("a project's policy counts once it is trusted", async () => {
    policy("default: ask\n");
    const file = policy("default: deny\n", ".km-policy.yaml");
    const sources = async (): Promise<string[]> => {
      const { levels } = JSON.parse((await km(folder, ["policy", "show", "--json"])).stdout);
      return levels.map(({ source }: { source: string }) => source);
    };
    expect(await sources()).toEqual(["user"]);
    expect((await km(folder, ["policy", "show"])).stderr).toContain(`${file} does not count`);
    expect((await km(folder, ["policy", "trust"])).exitCode).toBe(2); // no terminal to ask on
    const trusted = await km(folder, ["policy", "trust", "--yes"]);
    expect(trusted.stdout).toContain("Whatever no rule decides is denied.");
    expect(await sources()).toEqual(["user", "project"]);
    expect((await km(folder, ["policy", "untrust"])).stderr).toContain("No longer trusted");
    expect(await sources()).toEqual(["user"]);
  });

  test("show and test stop at a broken policy with the exit code 2", async () => {
    policy("defualt: deny\n");
    await recordSession(folder, "20260102-030405-aaaa", "files", []);
    for (const words of [["show"], ["test", "last"]]) {
      const shown = await km(folder, ["policy", ...words]);
      expect(shown).toMatchObject({ exitCode: 2, stdout: "" });
      expect(shown.stderr).toContain(`policy.yaml:2:1: Unknown key "defualt"`);
    }
  });
});

test("km policy schema takes what km takes, and refuses what km refuses", async () => {
  const schema = JSON.parse((await km(folder, ["policy", "schema"])).stdout);
  await km(folder, ["policy", "init"]);
  const starter = parse(readFileSync(join(folder, "policy.yaml"), "utf8"));
  const isValid = (value: object): boolean => validate(value, schema, "7").valid;
  expect(isValid(starter)).toBe(true);
  expect(
    isValid({
      version: 1,
      rules: [
        { name: "a", action: "deny", arguments: { p: { not: { equals: 1 } }, q: ["x"], r: true }, findings: "high" },
      ],
    }),
  ).toBe(true);
  for (const wrong of [
    {},
    { version: 1, x: 1 },
    { version: 1, rules: [{ name: "a", action: "stop" }] },
    { version: 1, rules: [{ name: "a", action: "deny", arguments: { p: { outsid: "/" } } }] },
  ]) {
    expect(isValid(wrong)).toBe(false);
  }
});

describe("km monitor", () => {
  test("with a broken policy starts no server and exits with 2", async () => {
    policy("defualt: deny\n");
    const started = join(folder, "started");
    const monitored = await km(folder, ["monitor", "--", "touch", started]);
    expect(monitored).toMatchObject({ exitCode: 2, stdout: "" });
    expect(monitored.stderr).toContain(`policy.yaml:2:1: Unknown key "defualt"`);
    expect(existsSync(started)).toBe(false);
  });

  test("names a project's policy that does not count, and runs the server", async () => {
    const file = policy("defualt: deny\n", ".km-policy.yaml");
    const started = join(folder, "started");
    const monitored = await km(folder, ["monitor", "--", "touch", started]);
    expect(monitored.exitCode).toBe(0);
    expect(monitored.stderr).toContain(`${file} does not count`);
    expect(existsSync(started)).toBe(true);
  });
});

describe("km policy test", () => {
  const CALL =
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file","arguments":{"path":"/etc/x","password":"p"}}}';

  async function record(payloads?: "metadata"): Promise<void> {
    const answer = {
      message: '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"ticket T-123456"}]}}',
    };
    const [call, reply] = toolCall(1, "write_file", answer);
    const [other, otherReply] = toolCall(3, "read_file", answer);
    const [masked] = toolCall(5, "write_file", {});
    const events = [
      { ...call, message: CALL },
      reply,
      other,
      otherReply,
      { ...masked, call: 5, redacted: 1, message: CALL.replace("/etc/x", "/home/[redacted:token]") },
    ];
    const kept = payloads === undefined ? events : events.map(withoutMessage);
    await recordSession(folder, "20260102-030405-aaaa", "files", kept);
  }

  function withoutMessage(event: { message?: string }) {
    const kept = { ...event };
    delete kept.message;
    return kept;
  }

  const rows = async (...words: string[]) => {
    const { stdout, stderr, exitCode } = await km(folder, ["policy", "test", "last", "--json", ...words]);
    return { exitCode, stderr, rows: stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)])) };
  };

  test("tells what would have been blocked, by which rule, and exits with 3", async () => {
    await record();
    policy(
      "mode: observe\nrules: [{ name: no-etc, server: files, tool: write_*, arguments: { path: { inside: /etc } }, action: deny, reason: Not there. }]\n",
    );
    expect(await km(folder, ["policy", "test", "last"])).toEqual({
      stdout:
        "#1     03:04:05  blocked  tools/call write_file  policy: no-etc: Not there.\n" +
        "The policy is about 3 messages: 1 would be blocked, the rest would pass.\n",
      stderr: "km: 1 message was recorded with secrets masked: conditions on these saw the masks\n",
      exitCode: 3,
    });
    const {
      rows: [row],
    } = await rows();
    expect(row).toEqual({
      session_id: "20260102-030405-aaaa",
      seq: 1,
      timestamp: "2026-01-02T03:04:05.000000Z",
      direction: "request",
      kind: "request",
      method: "tools/call",
      tool: "write_file",
      outcome: "blocked",
      by: "policy: no-etc",
      reason: "Not there.",
    });
  });

  test("tells what would have been asked, changed and cut", async () => {
    await record();
    policy(`
results: { max_tokens: 5 }
rules:
  - { name: mask, action: redact, redact: { arguments: [password], result: ['T-\\d+'] } }
  - { name: person, tool: read_*, action: ask }
`);
    const { rows: found, exitCode } = await rows();
    expect(exitCode).toBe(3);
    expect(found.map(({ seq, outcome, by, masked }) => [seq, outcome, by, masked])).toEqual([
      [1, "changed", "policy: mask", undefined],
      [2, "cut", "policy: mask", undefined],
      [3, "asked", "policy: person", undefined],
      [4, "cut", "policy: mask", undefined],
      [5, "changed", "policy: mask", true],
    ]);
    expect(found[0].forwarded).toContain('"password":"[redacted:mask]"');
  });

  test("looks at what each side sent, not at what a policy made of it then", async () => {
    const [call, reply] = toolCall(1, "a", { message: '{"id":1,"result":{"text":"T-1"}}' });
    const [blocked, reason] = toolCall(3, "b", { message: '{"id":3,"result":{"text":"T-2"}}' });
    const by = "policy: before";
    await recordSession(folder, "20260102-030405-aaaa", "files", [
      call,
      { ...reply, intercepted: { action: "modified", by, forwarded: '{"id":1,"result":{}}' } },
      { ...blocked, intercepted: { action: "blocked", by } },
      { ...reason, intercepted: { action: "blocked", by } },
    ]);
    policy("rules: [{ name: mask, action: redact, redact: { result: ['T-\\d'] } }]\n");
    const { rows: found } = await rows();
    expect(found.map(({ seq, outcome }) => [seq, outcome])).toEqual([[2, "changed"]]);
  });

  test("of a session without payloads tells what no argument decides, and says what it cannot tell", async () => {
    await record("metadata");
    policy(`
rules:
  - { name: path, tool: write_*, arguments: { path: { inside: /etc } }, action: deny }
  - { name: reads, tool: read_*, action: deny }
`);
    const { rows: found, stderr, exitCode } = await rows();
    expect(found.map(({ seq, outcome, by }) => [seq, outcome, by])).toEqual([
      [1, "unknown", "policy: path"],
      [3, "blocked", "policy: reads"],
      [5, "unknown", "policy: path"],
    ]);
    expect(stderr).toContain("3 messages were not recorded in full");
    expect(exitCode).toBe(3);
  });

  test("with --policy tries only that file; without any there is nothing to try", async () => {
    await record();
    policy("default: deny\n");
    policy("rules: [{ name: a, tool: nothing, action: deny }]\n", "draft.yaml");
    expect(await km(folder, ["policy", "test", "files", "--policy", "draft.yaml"])).toMatchObject({
      stdout: "The policy is about 3 messages: all of them would pass.\n",
      exitCode: 0,
    });
    rmSync(join(folder, "policy.yaml"));
    const none = await km(folder, ["policy", "test", "last"]);
    expect(none).toMatchObject({ exitCode: 1, stdout: "" });
    expect(none.stderr).toContain("There is no policy to test");
  });
});
