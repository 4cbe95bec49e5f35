/** Lines that pass without being decided about: only such as would pass if they were, with the same left behind. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CompiledLevel } from "../../../src/guard/policy/compiled.ts";
import { PolicyEngine } from "../../../src/guard/policy/engine.ts";
import { usesOf } from "../../../src/guard/policy/uses.ts";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import { args, level, word } from "../../guard/policy/any-level.ts";
import { engineOf, levelOf } from "../../guard/policy/engine-of.ts";
import { GatedEnds } from "./gated-ends.ts";

const PATH = "{ inside: [/srv/secret, ~/.ssh] }";
const RULES = `rules: [{ name: secret, tool: ["read_*"], arguments: { path: ${PATH} }, action: deny }]`;

function call(tool: string, json: string, id = "7"): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":${json}}}\n`;
}

/** How many of the lines the gate decided about, and what went to the server. */
function decidedAbout(gate: Gate, ...lines: string[]) {
  let decided = 0;
  const decide: Gate["decide"] = (held) => {
    decided++;
    return gate.decide(held);
  };
  const counting: Gate = { ...methodsOf(gate), decide };
  const ends = new GatedEnds(counting);
  for (const line of lines) ends.client(line);
  return { decided, ends };
}

/** Those of a class do not go along with a spread. */
function methodsOf(gate: Gate): Gate {
  return {
    isStrict: gate.isStrict,
    concerns: (direction, method) => gate.concerns(direction, method),
    concernsAnswer: (method, tool) => gate.concernsAnswer(method, tool),
    leastAnswerBytes: (method, tool) => gate.leastAnswerBytes(method, tool),
    passesUndecided: (direction, method) => gate.passesUndecided(direction, method),
    shortcut: (tool) => gate.shortcut(tool),
    decide: (held) => gate.decide(held),
    learn: (facts) => gate.learn(facts),
  };
}

describe("not decided about is a plain call", () => {
  test.each([
    ["of which no rule is about the tool", RULES, call("write", '{"path":"/srv/secret"}')],
    ["of any length", RULES, call("read_file", `{"path":"/srv/app","text":"${"x".repeat(1 << 20)}"}`)],
    ["without the argument that the rules look at", RULES, call("read_file", '{"Path_":"/srv/secret"}')],
    ["without arguments", RULES, '{"id":1,"method":"tools/call","params":{"name":"read_file"}}\n'],
    ["with a path far from the folders", RULES, call("read_file", '{"depth":1,"path":"/srv/app/main.ts"}')],
    ["with a relative one", RULES, call("read_file", '{"path":"src/main.ts"}')],
    [
      "that a rule allows whatever its arguments",
      "default: deny\nrules: [{ name: it, tool: read_file, action: allow }]",
      call("read_file", "{}"),
    ],
    ["of a level that only observes", `mode: observe\n${RULES}`, call("read_file", '{"path":"/srv/secret"}')],
    [
      "whose result alone is masked",
      "rules: [{ name: it, tool: a, action: redact, redact: { result: [x] } }]",
      call("a", "{}"),
    ],
  ])("%s", (_what, policy, line) => {
    const { decided, ends } = decidedAbout(engineOf(policy), line);
    expect([decided, ends.toServer]).toEqual([0, line]);
  });
});

describe("decided about is a call", () => {
  test.each([
    ["with a path in a folder", RULES, call("read_file", '{"path":"/srv/secret/x"}')],
    ["with one that has to be resolved", RULES, call("read_file", '{"path":"/srv/app/../secret"}')],
    ["with the argument twice", RULES, call("read_file", '{"path":"/a","path":"/a"}')],
    ["with it in another case", RULES, call("read_file", '{"Path":"/a"}')],
    ["with it in other letters", RULES, call("read_file", '{"p\\u0061th":"/a"}')],
    ["with it as a list", RULES, call("read_file", '{"path":["/a"]}')],
    [
      "with it as a mapping",
      `rules: [{ name: it, tool: a, arguments: { 'path.to': ${PATH} }, action: deny }]`,
      call("a", '{"path":{}}'),
    ],
    ["of a tool whose name is nearly one of the rules'", RULES, call("Read_file", '{"path":"~/.ssh"}')],
    ["that is counted", "rules: [{ name: it, tool: a, action: limit, limit: { calls: 5, per: 1h } }]", call("a", "{}")],
    ["of which a person is asked", "rules: [{ name: it, tool: a, action: ask }]", call("a", "{}")],
    [
      "whose arguments are masked",
      "rules: [{ name: it, tool: a, action: redact, redact: { arguments: [x] } }]",
      call("a", "{}"),
    ],
    ["that no rule allows", "default: deny", call("a", "{}")],
    [
      "whose arguments may be any",
      `rules: [{ name: it, tool: a, arguments: { '*': ${PATH} }, action: deny }]`,
      call("a", '{"x":"/a"}'),
    ],
    [
      "that the rules ask to have an argument",
      "rules: [{ name: it, tool: a, arguments: { x: { present: false } }, action: deny }]",
      call("a", "{}"),
    ],
    ["at some hours", "rules: [{ name: it, tool: a, hours: ['00:00-12:00'], action: deny }]", call("a", "{}")],
  ])("%s", (_what, policy, line) => {
    expect(decidedAbout(engineOf(policy), line).decided).toBe(1);
  });
});

test("a tool that has to be accepted is decided about until it is", () => {
  const engine = engineOf("tools: { new: block }");
  const { decided } = decidedAbout(engine, call("get", "{}"));
  engine.learn({ tools: { get: { status: "accepted" }, put: { status: "changed" } } });
  const gate = decidedAbout(engine, call("get", "{}"), call("other", "{}", "8"));
  expect([decided, gate.decided]).toEqual([1, 1]);
  engine.learn({ tools: { get: { status: "new" } } });
  gate.ends.client(call("get", "{}", "9"));
  expect(gate.ends.asked.map(({ tool }) => tool)).toEqual(["other", "get"]);
});

test("the answer to a call that was not decided about passes once it is asked for, and only then", () => {
  const { ends } = decidedAbout(engineOf(RULES), call("write", "{}"), call("write", "{}", '"a"'));
  const answer = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":{}}\n`;
  for (const id of ["7", '"7"', "8", '"a"']) ends.server(answer(id));
  expect(ends.toClient).toBe([answer("7"), answer('"7"'), answer('"a"')].join(""));
  expect(ends.notes).toMatchObject([{ interceptions: [{ action: "blocked", reason: "it answers no request" }] }]);
});

test("a call whose answer is looked at is remembered as it was sent, whatever stands around it", () => {
  const engine = engineOf("rules: [{ name: it, arguments: { x: é }, action: redact, redact: { result: [secret] } }]");
  const { ends, decided } = decidedAbout(engine, `  ${call("a", '{"x":"é"}').trimEnd()}\r\n`, call("a", "{}", "8"));
  expect(decided).toBe(0);
  for (const id of [7, 8]) ends.server(`{"jsonrpc":"2.0","id":${id},"result":{"text":"a secret"}}\n`);
  expect(ends.toClient).toMatch(/"id":7,"result":\{"text":"a \[.*"id":8,"result":\{"text":"a secret"/s);
});

/** With something behind the first brace of an object that is not empty. */
function withBeginning(line: string, beginning: string): string {
  if (!line.startsWith("{")) return line;
  try {
    return Object.keys(JSON.parse(line)).length > 0 ? `{${beginning}${line.slice(1)}` : line;
  } catch {
    return line;
  }
}

/** A member that no plain message has, and blanks of the same length: neither means anything to anybody. */
const STRANGER = '"~~":0,';
const BLANKS = " ".repeat(STRANGER.length);

test("with or without a shortcut, the same passes, is blocked, changed, asked and noted", () => {
  const id = fc.constantFrom("7", "8", '"7"', '"a"', "7.0", "-1", "9007199254740993", "null", '"\\u0061"');
  const tool = fc.oneof(word, fc.constantFrom("km_read_result", "ad", "x y", "\\u0061"));
  const usual = fc.dictionary(
    fc.constantFrom("a", "b", "path", "Path", "max_depth"),
    fc.constantFrom("/home/x", "/homes/b", "/homes/a/c", "src/x", "../x", "/etc/passwd/", "~/x", "", "x"),
  );
  const calls = fc
    .tuple(
      id,
      tool,
      fc.oneof(
        usual.map((one) => JSON.stringify(one)),
        args,
      ),
    )
    .map(([one, name, given]) => ["client", call(name, given, one).trimEnd()] as const);
  const answers = fc
    .tuple(id, fc.constantFrom("{}", "null", '{"content":[{"type":"text","text":"a secret 123"}]}', "NaN", '{"a":1}'))
    .map(([one, result]) => ["server", `{"jsonrpc":"2.0","id":${one},"result":${result}}`] as const);
  const methods = fc.constantFrom("progress", "message", "cancelled", "Progress", "x");
  const notifications = fc
    .tuple(
      fc.constantFrom("client", "server"),
      methods,
      fc.constantFrom('{"progressToken":7}', '{"data":"secret"}', "[]"),
    )
    .map(([side, name, params]) => [side, `{"method":"notifications/${name}","params":${params}}`] as const);
  const piece = fc.constantFrom(
    '"id":7,',
    '"method":"x",',
    '"ID":8,',
    "\\",
    '"',
    "{",
    "}",
    ",",
    "\r",
    "é",
    "\u0000",
    "0",
    "ſ",
    "",
  );
  const line = fc
    .tuple(fc.oneof(calls, answers, notifications), fc.option(fc.tuple(fc.nat(120), fc.nat(2), piece), { freq: 2 }))
    .map(([[side, text], change]) => {
      if (change === null) return [side, `${text}\n`] as const;
      const [at, removed, added] = change;
      return [side, `${text.slice(0, at)}${added}${text.slice(at + removed)}\n`] as const;
    });
  let shortened = 0;
  const outcome = (levels: CompiledLevel[], lines: (readonly [string, string])[], isShort: boolean) => {
    const inspect = { arguments: () => [], result: () => [] };
    const redact = (text: string): string => text.replaceAll("secret", "[redacted:x]");
    const policy = structuredClone({ levels, uses: usesOf(levels) });
    const engine = new PolicyEngine(policy, { server: "files", now: () => 0, inspect, redact });
    engine.learn({ tools: { a: { status: "accepted" }, read: { status: "accepted" }, b: { status: "changed" } } });
    const shortcut: Gate["shortcut"] = (name) => {
      const found = engine.shortcut(name);
      return found && { passes: (one) => (found.passes(one) ? ++shortened > 0 : false) };
    };
    const ends = new GatedEnds({ ...methodsOf(engine), shortcut: isShort ? shortcut : () => undefined });
    const beginning = isShort ? BLANKS : STRANGER;
    for (const [side, bytes] of lines) {
      const passage = ends.traffic[side === "client" ? "request" : "response"];
      if (passage.mayRead) ends.put(passage, withBeginning(bytes, beginning));
    }
    const asked = ends.asked.map(({ decide: _decide, value: _value, ...question }) => question);
    const all = JSON.stringify({ toServer: ends.toServer, toClient: ends.toClient, notes: ends.notes, asked });
    return all.replaceAll(isShort ? BLANKS : JSON.stringify(STRANGER).slice(1, -1), "");
  };
  const plainLevel = fc.constantFrom(
    levelOf(RULES),
    levelOf(`default: deny\nrules: [{ name: r, tool: '*', action: allow }]`),
    levelOf("rules: [{ name: r, method: notifications/progress, action: deny }]"),
    levelOf("rules: [{ name: r, action: redact, redact: { result: [secret] } }]"),
  );
  const levels = fc.array(fc.oneof(level, plainLevel), { maxLength: 2 });
  fc.assert(
    fc.property(levels, fc.array(line, { minLength: 1, maxLength: 8 }), (policy, lines) => {
      expect(outcome(policy, lines, true)).toEqual(outcome(policy, lines, false));
    }),
    { numRuns: 700 },
  );
  expect(shortened).toBeGreaterThan(70);
}, 60_000);
