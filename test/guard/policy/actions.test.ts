/** What rules do: allow, deny, ask, redact, limit, and what holds besides them. */
import { describe, expect, test } from "bun:test";
import type { Finding } from "../../../src/guard/findings/finding.ts";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import { answer, call, engineOf, levelOf, outcome, request } from "./engine-of.ts";

const finding = (severity: Finding["severity"], rule = "hidden-text"): Finding => {
  return { rule, severity, title: "", place: "", evidence: "", owasp: "MCP03", key: "" };
};

describe("allow, deny and ask", () => {
  test("the first rule that matches decides", () => {
    const engine = engineOf(`
rules:
  - { name: one, tool: read_secret, action: allow }
  - { name: two, tool: "*secret*", action: deny, reason: No secrets. }
  - { name: three, tool: "*secret*", action: allow }`);
    expect(engine.decide(call("read_secret"))).toEqual({ action: "pass" });
    expect(engine.decide(call("list_secrets"))).toEqual({ action: "block", by: "policy: two", reason: "No secrets." });
    expect(engine.decide(call("other"))).toEqual({ action: "pass" });
  });

  test("what no rule decides is as default says, but for what a session cannot do without", () => {
    const engine = engineOf("default: deny\nrules: [{ name: one, tool: ok, action: allow }]");
    expect(outcome(engine, call("ok"))).toBe("pass");
    expect(engine.decide(call("no"))).toEqual({
      action: "block",
      by: "policy: default",
      reason: 'no rule allows the tool "no"',
    });
    for (const method of [
      "resources/read",
      "prompts/get",
      "sampling/createMessage",
      "elicitation/create",
      "x/unheard-of",
    ]) {
      expect(outcome(engine, request(method))).toBe("block");
    }
    for (const method of ["initialize", "tools/list", "ping", "notifications/initialized", "roots/list", "tasks/get"]) {
      expect(engine.concerns("request", method)).toBe(false);
      expect(outcome(engine, request(method))).toBe("pass");
    }
  });

  test("ask defers with what the rule, or else the file, says of asking", () => {
    const engine = engineOf(`
ask: { timeout: 30s, remember: once }
rules:
  - { name: one, tool: a, action: ask, reason: Costs money. }
  - { name: two, tool: b, action: ask, ask: { timeout: 2m, on_timeout: pass, remember: tool } }`);
    expect(engine.decide(call("a"))).toEqual({
      action: "defer",
      question: {
        kind: "approval",
        rule: "one",
        reason: "Costs money.",
        timeout_ms: 30_000,
        default: "block",
        remember: "once",
      },
      outOfOrder: true,
    });
    const second = {
      kind: "approval",
      rule: "two",
      reason: "",
      timeout_ms: 120_000,
      default: "pass",
      remember: "tool",
    } as const;
    expect(engine.decide(call("b"))).toEqual({ action: "defer", question: second, outOfOrder: true });
  });

  test("a notification is not asked about: nobody waits for it", () => {
    const engine = engineOf("rules: [{ name: one, method: notifications/message, action: ask }]");
    const text = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}';
    expect(engine.decide({ direction: "response", method: "notifications/message", text }).action).toBe("block");
  });

  test("a method with a glob leaves alone what a session cannot do without, unless it is named", () => {
    const all = engineOf("rules: [{ name: one, method: '*', action: deny }]");
    expect(outcome(all, request("initialize"))).toBe("pass");
    expect(outcome(all, request("tools/list"))).toBe("block");
    expect(outcome(engineOf("rules: [{ name: one, method: ping, action: deny }]"), request("ping"))).toBe("block");
  });

  test("requests of the server are decided about by their parameters", () => {
    const engine = engineOf(`
rules:
  - { name: one, method: sampling/createMessage, arguments: { maxTokens: { above: 1000 } }, action: deny }
  - { name: two, method: resources/read, arguments: { uri: { outside: ["\${cwd}"] } }, action: deny }`);
    expect(outcome(engine, request("sampling/createMessage", { maxTokens: 2000 }, "response"))).toBe("block");
    expect(outcome(engine, request("sampling/createMessage", { maxTokens: 200 }, "response"))).toBe("pass");
    expect(outcome(engine, request("resources/read", { uri: "file:///etc/passwd" }))).toBe("block");
    expect(outcome(engine, request("resources/read", { uri: "file:///home/ada/shop/a" }))).toBe("pass");
  });

  test("what a server asks for in an answer is decided about as if it had sent a request", () => {
    const engine = engineOf("rules: [{ name: one, method: sampling/createMessage, action: deny, reason: No. }]");
    const asked = call("t");
    expect(engine.concernsAnswer("tools/call", undefined)).toBe(true);
    const inputRequests = { a: { method: "sampling/createMessage", params: {} } };
    expect(engine.decide(answer(asked, { resultType: "input_required", inputRequests }))).toEqual({
      action: "block",
      by: "policy: one",
      reason: "the server asked for sampling/createMessage: No.",
    });
    // Whoever reads the answer may not mind the letters, or take the first of two.
    const ask = '"a":{"method":"sampling/createMessage","params":{}}';
    for (const result of [
      `{"InputRequests":{${ask}}}`,
      `{"inputReque\u017ft\u017f":{${ask}}}`,
      `{"input\\u0052equests":{${ask}}}`,
      `{"inputRequests":{${ask}},"inputRequests":{}}`,
      '{"inputRequests":{"a":{"Method":"sampling/createMessage"}}}',
      '{"inputRequests":{"a":{"method":"sampling/createMessage","method":"elicitation/create"}}}',
    ]) {
      expect([result, outcome(engine, answer(asked, `{"id":7,"result":${result}}`))]).toEqual([result, "block"]);
    }
    const other = { a: { method: "elicitation/create", params: {} } };
    expect(outcome(engine, answer(asked, { resultType: "input_required", inputRequests: other }))).toBe("pass");
    expect(outcome(engine, answer(asked, { content: [] }))).toBe("pass");
  });

  test("server, hours and days", () => {
    expect(outcome(engineOf("rules: [{ name: one, server: git*, action: deny }]"), call("t"))).toBe("pass");
    expect(outcome(engineOf("rules: [{ name: one, server: ['!git*'], action: deny }]"), call("t"))).toBe("block");
    const at = (time: string, rule: string): string => {
      return outcome(
        engineOf(`rules: [{ name: one, zone: Europe/Berlin, action: deny, ${rule} }]`, { now: () => Date.parse(time) }),
        call("t"),
      );
    };
    expect(at("2026-03-06T16:29:59Z", "hours: 09:00-17:30")).toBe("block"); // 17:29:59, a Friday
    expect(at("2026-03-06T16:30:00Z", "hours: 09:00-17:30")).toBe("pass");
    expect(at("2026-07-06T16:00:00Z", "hours: 09:00-17:30")).toBe("pass"); // summer time: 18:00
    expect(at("2026-03-06T23:30:00Z", "hours: 22:00-06:00")).toBe("block"); // over midnight
    expect(at("2026-03-06T23:30:00Z", "days: fri")).toBe("pass"); // Saturday in Berlin
    expect(at("2026-03-06T23:30:00Z", "days: [sat-mon]")).toBe("block");
    expect(at("2026-03-06T12:00:00Z", "days: mon-fri, hours: [00:00-01:00, 12:30-14:00]")).toBe("block");
  });

  test("annotations are as the server gave them, or as the specification has it", () => {
    const engine = engineOf(
      "rules: [{ name: one, annotations: { destructiveHint: true, readOnlyHint: false }, action: deny }]",
    );
    expect(engine.concernsAnswer("tools/list", undefined)).toBe(true);
    expect(outcome(engine, call("unknown"))).toBe("block");
    engine.learn({ tools: { safe: { annotations: { readOnlyHint: true }, status: "accepted" } } });
    expect(outcome(engine, call("safe"))).toBe("pass");
  });

  test("definition is what the referee found out, and unclear before", () => {
    const rule = (more: string): string => `rules: [{ name: one, definition: [new, changed], action: deny ${more} }]`;
    const engine = engineOf(rule(""));
    expect(outcome(engine, call("t"))).toBe("block");
    expect(outcome(engineOf(rule(", on_error: pass")), call("t"))).toBe("pass");
    engine.learn({ tools: { t: { status: "accepted" }, other: { status: "changed" } } });
    expect(outcome(engine, call("t"))).toBe("pass");
    expect(outcome(engine, call("other"))).toBe("block");
    expect(outcome(engine, call("unlisted"))).toBe("block");
  });

  test("nothing is held back that no rule is about, nor where a policy only observes", () => {
    const engine = engineOf("rules: [{ name: one, tool: t, action: deny }]");
    expect(engine.concerns("request", "tools/call")).toBe(true);
    expect(engine.concerns("request", "resources/read")).toBe(false);
    expect(engine.concernsAnswer("tools/call", "t")).toBe(false);
    const observing = engineOf("mode: observe\ndefault: deny\ntools: { changed: block }\nresults: { max_tokens: 1 }");
    expect(observing.concerns("request", "tools/call")).toBe(false);
    expect(observing.concernsAnswer("tools/call", "t")).toBe(false);
    expect(observing.passesUndecided("request", "tools/call")).toBe(true);
  });
});

describe("findings", () => {
  const inspect = {
    arguments: ({ arguments: args }: { arguments: unknown }) =>
      JSON.stringify(args).includes("bad") ? [finding("high")] : [],
    result: ({ result }: { result: unknown }) => (JSON.stringify(result).includes("bad") ? [finding("medium")] : []),
  };

  test("deny looks at arguments and results, from its severity on", () => {
    const engine = engineOf("rules: [{ name: one, findings: medium, action: deny }]", { inspect });
    expect(outcome(engine, call("t", { a: "bad" }))).toBe("block");
    expect(outcome(engine, call("t", { a: "good" }))).toBe("pass");
    expect(engine.concernsAnswer("tools/call", "t")).toBe(true);
    expect(outcome(engine, answer(call("t"), { content: ["bad"] }))).toBe("block");
    expect(outcome(engine, answer(call("t"), { content: ["good"] }))).toBe("pass");
    const error = '{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"bad"}}';
    expect(outcome(engine, answer(call("t"), error))).toBe("block");
    const high = engineOf("rules: [{ name: one, findings: high, action: deny }]", { inspect });
    expect(outcome(high, answer(call("t"), { content: ["bad"] }))).toBe("pass");
  });

  test("where and which can be said, and a rule before may allow", () => {
    const only = engineOf(
      "rules: [{ name: one, findings: { at_least: low, in: result, rules: [hidden-*] }, action: deny }]",
      { inspect },
    );
    expect(outcome(only, call("t", '{"a":"bad"}'))).toBe("pass");
    expect(outcome(only, answer(call("t"), ["bad"]))).toBe("block");
    const other = engineOf("rules: [{ name: one, findings: { at_least: low, rules: secret }, action: deny }]", {
      inspect,
    });
    expect(outcome(other, answer(call("t"), ["bad"]))).toBe("pass");
    const allowed = engineOf("rules: [{ name: a, tool: t, action: allow }, { name: b, findings: low, action: deny }]", {
      inspect,
    });
    expect(outcome(allowed, answer(call("t"), ["bad"]))).toBe("pass");
    expect(outcome(allowed, answer(call("u"), ["bad"]))).toBe("block");
  });

  test("what cannot be looked at is unclear", () => {
    const engine = engineOf("rules: [{ name: one, findings: high, action: deny }]", { inspect });
    expect(outcome(engine, call("t", '{"a":1,"a":2}'))).toBe("block");
    expect(outcome(engine, answer(call("t"), '{"id":7,"result":{"a":1,"a":2}}'))).toBe("block");
    expect(outcome(engine, answer(call("t"), '{"id":7,"result":NaN}'))).toBe("block");
    expect(outcome(engineOf("rules: [{ name: one, findings: high, action: deny }]"), call("t"))).toBe("block");
  });
});

describe("redact", () => {
  test("masks values in the arguments and leaves every other character", () => {
    const engine = engineOf(
      "rules: [{ name: Keys.1, tool: t, action: redact, redact: { arguments: [password, 'items.*.key', gone] } }]",
    );
    const held = call(
      "t",
      '{ "password" : "geheim", "n": 9007199254740993, "items":[{"key":5},{"key":null,"x":"\\u00e9"}] }',
    );
    expect(engine.decide(held)).toEqual({
      action: "modify",
      by: "policy: Keys.1",
      text: held.text
        .replace('"geheim"', '"[redacted:keys-1]"')
        .replace('"key":5', '"key":"[redacted:keys-1]"')
        .replace('"key":null', '"key":"[redacted:keys-1]"'),
    });
    expect(outcome(engine, call("t", { other: 1 }))).toBe("pass");
    expect(outcome(engine, call("u", { password: "x" }))).toBe("pass");
  });

  test("masks each member of a name, in whatever letters", () => {
    const engine = engineOf("rules: [{ name: k, action: redact, redact: { arguments: [password] } }]");
    const held = call("t", '{"password":"a","password":"b","Password":"c"}');
    const verdict = engine.decide(held);
    expect(verdict.action === "modify" ? verdict.text : "").toBe(held.text.replaceAll(/"[abc]"/g, '"[redacted:k]"'));
  });

  test("masks expressions and secrets in results", () => {
    const redactor = createRedactor();
    const redact = (json: string): string => redactor.redact(json).text;
    const engine = engineOf(
      `
rules:
  - { name: cards, action: redact, redact: { result: ['\\d{4}-\\d{4}'] } }
  - { name: secrets, action: redact, redact: { result: true } }`,
      { redact },
    );
    const verdict = engine.decide(
      answer(
        call("t"),
        '{"id":7,"result":{"content":[{"text":"card \\n1234-5678!"}],"n":1,"token":"ghp_0123456789abcdefghijABCDEFGHIJ012345"}}',
      ),
    );
    expect(verdict).toEqual({
      action: "modify",
      by: "policy: cards, secrets",
      text: '{"id":7,"result":{"content":[{"text":"card \\n[redacted:cards]!"}],"n":1,"token":"[redacted:github-token]"}}',
    });
    expect(outcome(engine, answer(call("t"), { content: [] }))).toBe("pass");
  });

  test("masks names of members as it masks values", () => {
    const engine = engineOf("rules: [{ name: k, action: redact, redact: { result: ['T-\\d+'] } }]");
    const result = (text: string) => {
      const verdict = engine.decide(answer(call("t"), `{"id":7,"result":${text}}`));
      return verdict.action === "modify" ? verdict.text.slice('{"id":7,"result":'.length, -1) : verdict.action;
    };
    expect(result('{"T-1":{"a\\" \\u0054-2" : "\\\\"},"":[{"T-3" :1}]}')).toBe(
      '{"[redacted:k]":{"a\\" [redacted:k]" : "\\\\"},"":[{"[redacted:k]" :1}]}',
    );
    // Two that would have the same name are blocked with the message.
    expect(result('{"T-1":1,"T-2":2}')).toBe("block");
    expect(result('{"T-1":1,"x T-2":2}')).toBe('{"[redacted:k]":1,"x [redacted:k]":2}');
    expect(result('{"T-1":1,"a":{"T-2":2}}')).toBe('{"[redacted:k]":1,"a":{"[redacted:k]":2}}');
    expect(result('{"a":1,"a":"T-1"}')).toBe('{"a":1,"a":"[redacted:k]"}');
    expect(result('{"T":1}')).toBe("pass");
  });

  test("masks the names that are secrets by their looks, but not two alike", () => {
    const redactor = createRedactor();
    const redact = (json: string): string => redactor.redact(json).text;
    const engine = engineOf("rules: [{ name: k, action: redact, redact: { result: true } }]", { redact });
    const key = (end: string): string => `ghp_0123456789abcdefghijABCDEFGHIJ0123${end}`;
    expect(outcome(engine, answer(call("t"), { [key("45")]: 1 }))).toBe("modify");
    expect(outcome(engine, answer(call("t"), { [key("45")]: 1, [key("54")]: 1 }))).toBe("block");
  });

  test("expressions find what is hidden by characters that nobody sees", () => {
    const engine = engineOf("rules: [{ name: k, action: redact, redact: { result: ['T-\\d+'] } }]");
    const verdict = engine.decide(
      answer(call("t"), '{"id":7,"result":{"x":"ü T\u200b-\\u00ad1\u20602\u200b T-3","y":"\u200b"}}'),
    );
    expect(verdict).toMatchObject({
      text: '{"id":7,"result":{"x":"ü [redacted:k]\u200b [redacted:k]","y":"\u200b"}}',
    });
    expect(outcome(engine, answer(call("t"), { x: "T\u200b-" }))).toBe("pass");
  });

  test("masks what is sent beside the arguments of a call, and leaves its ids", () => {
    const redactor = createRedactor();
    const redact = (json: string): string => redactor.redact(json).text;
    const rule = "rules: [{ name: k, action: redact, redact: { arguments: ";
    const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    const text = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":{"progressToken":"${secret}","by":"${secret}"},"name":"t","arguments":{}}}`;
    const held = { ...call("t"), text };
    const masked = text.replace(`"by":"${secret}"`, '"by":"[redacted:github-token]"');
    expect(engineOf(`${rule} true } }]`, { redact }).decide(held)).toMatchObject({ action: "modify", text: masked });
    const named = text.replace(`"by":"${secret}"`, '"by":"[redacted:k]"');
    expect(engineOf(`${rule} ['**.by', '**.progressToken'] } }]`).decide(held)).toMatchObject({ text: named });
    expect(outcome(engineOf(`${rule} ['**.progressToken'] } }]`), held)).toBe("pass");
    // A place without ** is one in the arguments.
    expect(outcome(engineOf(`${rule} [by] } }]`), held)).toBe("pass");
  });

  test("masks what a server tells unasked, and what it proposes while somebody types", () => {
    const engine = engineOf("rules: [{ name: k, tool: t, action: redact, redact: { result: ['T-\\d+'] } }]");
    const tell = (method: string, params: unknown, direction: "request" | "response" = "response") => {
      return { direction, method, text: JSON.stringify({ jsonrpc: "2.0", method, params }) };
    };
    for (const [method, params] of [
      ["notifications/message", { level: "info", data: { "T-1": "T-2" } }],
      ["notifications/progress", { progressToken: "T-1", progress: 1, message: "at T-2" }],
      ["notifications/tasks/status", { taskId: "T-1", status: "working", statusMessage: "T-2" }],
    ] as const) {
      expect(engine.concerns("response", method)).toBe(true);
      const text = JSON.stringify(params).replace("T-2", "[redacted:k]").replace('{"T-1"', '{"[redacted:k]"');
      const verdict = engine.decide(tell(method, params));
      expect(verdict).toMatchObject({ action: "modify", by: "policy: k" });
      expect(verdict.action === "modify" ? verdict.text : "").toContain(text);
      expect(outcome(engine, tell(method, params, "request"))).toBe("pass");
      expect(outcome(engine, tell(method, { progress: 1 }))).toBe("pass");
    }
    const open = engineOf("rules: [{ name: k, action: redact, redact: { result: ['T-\\d+'] } }]");
    expect(open.concernsAnswer("completion/complete", undefined)).toBe(true);
    const completion = { completion: { values: ["T-1"] } };
    expect(outcome(open, answer(request("completion/complete"), completion))).toBe("modify");
    expect(outcome(open, answer(request("prompts/get", { name: "p" }), { messages: ["T-1"] }))).toBe("modify");
    expect(outcome(open, answer(request("resources/read", { uri: "x" }), { contents: ["T-1"] }))).toBe("modify");
    expect(outcome(engine, answer(request("completion/complete"), completion))).toBe("pass");
    expect(open.passesUndecided("response", "notifications/message")).toBe(false);
    expect(outcome(open, tell("Notifications/Message", { data: "T-1" }))).toBe("modify");
    // Rules about something else leave them alone.
    const other = engineOf("rules: [{ name: k, method: prompts/get, action: redact, redact: { result: [x] } }]");
    expect(other.concerns("response", "notifications/message")).toBe(false);
    expect(other.concernsAnswer("completion/complete", undefined)).toBe(false);
  });

  test("what cannot be masked is blocked, unless the rule says otherwise", () => {
    const rule = (more = ""): string =>
      `rules: [{ name: k, action: redact, redact: { arguments: [a.b], result: [x] } ${more} }]`;
    expect(outcome(engineOf(rule()), call("t", '{"a":NaN}'))).toBe("block");
    expect(outcome(engineOf(rule()), call("t", { a: '{"b":1}' }))).toBe("block");
    expect(outcome(engineOf(rule(", on_error: pass")), call("t", '{"a":NaN}'))).toBe("pass");
    expect(outcome(engineOf(rule()), answer(call("t"), '{"id":7,"result":x}'))).toBe("block");
  });

  test("a masked call is asked about as it will be forwarded", () => {
    const engine = engineOf("default: ask\nrules: [{ name: k, action: redact, redact: { arguments: [p] } }]");
    const verdict = engine.decide(call("t", { p: "x" }));
    expect(verdict).toMatchObject({ action: "defer", text: call("t", { p: "[redacted:k]" }).text, by: "policy: k" });
  });

  test("the result of a task is that of the call which became it", () => {
    const engine = engineOf("rules: [{ name: k, tool: t, action: redact, redact: { result: [geheim] } }]");
    const poll = (taskId: string) => answer(request("tasks/result", { taskId }), { content: [{ text: "geheim" }] });
    engine.decide(answer(call("t"), { task: { taskId: "one" } }));
    engine.decide(answer(call("u"), { resultType: "task", taskId: "two" }));
    expect(engine.concernsAnswer("tasks/result", undefined)).toBe(true);
    expect(outcome(engine, poll("one"))).toBe("modify");
    expect(outcome(engine, poll("two"))).toBe("pass");
    expect(outcome(engine, poll("of an earlier session"))).toBe("modify");
  });
});

describe("limit", () => {
  test("calls in a sliding window, those that were blocked not counted", () => {
    let now = 0;
    const engine = engineOf("rules: [{ name: k, tool: t, action: limit, limit: { calls: 2, per: 10s } }]", {
      now: () => now,
    });
    const at = (seconds: number): string => ((now = seconds * 1000), outcome(engine, call("t")));
    expect([at(0), at(5), at(6), at(9.9)]).toEqual(["pass", "pass", "block", "block"]);
    expect([at(10), at(11), at(15)]).toEqual(["pass", "block", "pass"]);
    expect(outcome(engine, call("u"))).toBe("pass");
    now = 16_000;
    expect(engine.decide(call("t"))).toMatchObject({ reason: "at most 2 calls in 10 seconds: again in 4 seconds" });
  });

  test("bytes of calls and of their results", () => {
    const engine = engineOf("rules: [{ name: k, tool: t, action: limit, limit: { bytes: 1kb, per: 1m } }]", {
      now: () => 0,
    });
    expect(outcome(engine, call("t"))).toBe("pass");
    expect(outcome(engine, answer(call("t"), { text: "é".repeat(500) }))).toBe("pass");
    expect(outcome(engine, call("t"))).toBe("block");
    expect(outcome(engine, call("u"))).toBe("pass");
  });

  test("tokens of a result: those of the first rule that says so, or else the file's", () => {
    const engine = engineOf(`
results: { max_tokens: 100 }
rules:
  - { name: more, tool: export, action: limit, limit: { max_tokens: none } }
  - { name: less, tool: log_*, action: limit, limit: { max_tokens: 10 } }`);
    const sized = (tool: string, characters: number) =>
      engine.decide(answer(call(tool), { text: "x".repeat(characters) }));
    expect(sized("read", 200)).toEqual({ action: "pass" });
    expect(sized("read", 500)).toEqual({
      action: "defer",
      question: { kind: "large result", max_tokens: 100 },
      outOfOrder: true,
    });
    expect(sized("log_a", 100)).toMatchObject({ question: { max_tokens: 10 } });
    expect(sized("export", 5000)).toEqual({ action: "pass" });
    expect(engine.leastAnswerBytes("tools/call", "read")).toBe(10);
    expect(outcome(engine, call("km_read_result", { handle: "x" }))).toBe("read on");
    expect(outcome(engine, answer(request("tools/list"), { tools: [] }))).toBe("definitions");
  });
});

describe("tools", () => {
  test("a call to a tool that was not accepted is left to the referee, where it is to be blocked", () => {
    const engine = engineOf("tools: { new: warn, changed: block }\nrules: [{ name: k, tool: asked, action: ask }]");
    engine.learn({
      tools: {
        a: { status: "changed" },
        b: { status: "new" },
        c: { status: "accepted" },
        asked: { status: "changed" },
      },
    });
    expect(outcome(engine, call("a"))).toBe("definitions");
    expect(outcome(engine, call("b"))).toBe("pass");
    expect(outcome(engine, call("c"))).toBe("pass");
    expect(outcome(engine, call("asked"))).toBe("approval"); // of which the referee asks about the definition first
    expect(outcome(engine, answer(request("tools/list"), { tools: [] }))).toBe("definitions");
    const strict = engineOf("tools: { new: block }");
    expect(outcome(strict, call("hidden"))).toBe("definitions"); // the referee may know, or cannot tell
    expect(outcome(engineOf("tools: { new: warn }"), call("hidden"))).toBe("pass");
    strict.learn({ tools: { c: { status: "accepted" } } });
    expect(outcome(strict, call("hidden"))).toBe("definitions");
  });
});

describe("several levels", () => {
  test("the strictest counts, whoever says it", () => {
    const user = levelOf(
      "rules: [{ name: u, tool: [a, b], action: allow }, { name: v, tool: c, action: deny }, { name: w, tool: d, action: ask }]",
    );
    const project = levelOf(
      "rules: [{ name: p, tool: [a, c], action: allow }, { name: q, tool: [b, d], action: deny }]",
      "project",
    );
    const engine = engineOf([user, project]);
    expect(["a", "b", "c", "d"].map((tool) => outcome(engine, call(tool)))).toEqual([
      "pass",
      "block",
      "block",
      "block",
    ]);
  });

  test("of two that ask, the strictest way of asking counts", () => {
    const user = levelOf("default: ask\nask: { timeout: 1m, on_timeout: pass, remember: tool }");
    const project = levelOf("default: ask\nask: { timeout: 30s, on_timeout: pass, remember: session-call }", "project");
    const question = { timeout_ms: 30_000, default: "pass", remember: "session-call" };
    expect(engineOf([user, project]).decide(call("t"))).toMatchObject({ question });
  });
});

test("messages too long to be looked at pass only where nothing fails closed", () => {
  const denies = engineOf("rules: [{ name: k, tool: t, action: deny }]");
  expect(denies.passesUndecided("request", "tools/call")).toBe(false);
  expect(denies.passesUndecided("response", "tools/call")).toBe(true);
  const open = engineOf("rules: [{ name: k, tool: t, action: deny, on_error: pass }]");
  expect(open.passesUndecided("request", "tools/call")).toBe(true);
  const masks = engineOf("rules: [{ name: k, action: redact, redact: { result: [x] } }]");
  expect(masks.passesUndecided("request", "tools/call")).toBe(true);
  expect(masks.passesUndecided("response", "tools/call")).toBe(false);
  expect(masks.passesUndecided("response", "tasks/result")).toBe(false);
  expect([denies, open, masks].map((engine) => engine.passesUndecided("request", undefined))).toEqual([
    false,
    true,
    false,
  ]);
});
