/** Rules about prompts and resources, and lists without what is denied. */
import { expect, test } from "bun:test";
import { allowedList, type ListMethod } from "../../../src/guard/policy/allowed-list.ts";
import { usesOf } from "../../../src/guard/policy/uses.ts";
import { call, engineOf, levelOf, outcome, request } from "./engine-of.ts";

const ROLE = `
default: deny
lists: allowed
rules:
  - { name: tools, action: allow, tool: [read_*, "!read_secret"] }
  - { name: prompts, action: allow, prompt: summarize }
  - { name: resources, action: allow, resource: "file:///srv/docs/*" }
  - { name: rest, action: deny, method: [completion/complete, resources/subscribe, resources/unsubscribe] }
`;
const engine = engineOf(ROLE);

test.each([
  ["file:///srv/docs/a.md", "pass"],
  ["file:///srv/docs/a/b%20c.md", "pass"],
  ["file:///srv/docs/../../etc/passwd", "block"],
  ["file:///srv/docs/%2e%2e/%2e%2e/etc/passwd", "block"],
  ["file:///srv/docs/%252e%252e/%252e%252e/etc/passwd", "block"],
  ["file:///srv/docs/..%2f..%2fetc/passwd", "block"],
  ["file:///srv/docs/..\\..\\etc/passwd", "block"],
  ["file:///srv/docs//../../etc/passwd", "block"],
  ["file:///srv/docs/.", "pass"],
  ["FILE:///srv/docs/a.md", "block"],
  ["file:///etc/passwd", "block"],
  ["file:///srv/Docs/a.md", "block"],
])("a rule about resources: %s gives %s", (uri, expected) => {
  expect(outcome(engine, request("resources/read", { uri }))).toBe(expected);
  expect(outcome(engine, request("resources/subscribe", { uri }))).toBe(expected);
  expect(outcome(engine, request("completion/complete", { ref: { type: "ref/resource", uri } }))).toBe(expected);
});

test("a rule about prompts is about getting and completing them", () => {
  const ref = (name: string) => ({ ref: { type: "ref/prompt", name }, argument: { name: "x", value: "" } });
  expect(outcome(engine, request("prompts/get", { name: "summarize" }))).toBe("pass");
  expect(outcome(engine, request("prompts/get", { name: "Summarize" }))).toBe("block");
  expect(outcome(engine, request("prompts/get", { name: "other" }))).toBe("block");
  expect(outcome(engine, request("completion/complete", ref("summarize")))).toBe("pass");
  expect(outcome(engine, request("completion/complete", ref("other")))).toBe("block");
  expect(outcome(engine, request("completion/complete", {}))).toBe("block");
});

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"summarize","name":"other"}}'],
  ['{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"summarize","Name":"other"}}'],
])("a name that stands twice is not allowed: %s", (text) => {
  expect(outcome(engine, { direction: "request", method: "prompts/get", text })).toBe("block");
});

test("a rule about prompts says nothing of tools, and the reverse", () => {
  expect(outcome(engine, call("summarize"))).toBe("block");
  expect(outcome(engine, call("read_file"))).toBe("pass");
  expect(outcome(engine, call("read_secret"))).toBe("block");
  expect(outcome(engine, request("prompts/get", { name: "read_file" }))).toBe("block");
});

test("a rule with conditions that no message has together is a mistake", () => {
  expect(() => levelOf("rules: [{ name: a, action: deny, tool: x, prompt: y }]")).toThrow("No message has both");
  expect(() => levelOf("rules: [{ name: a, action: deny, prompt: x, method: tools/call }]")).toThrow("leaves out");
});

test("a list is asked about where denied things are left out, whatever its size", () => {
  for (const method of ["tools/list", "prompts/list", "resources/list"]) {
    expect(engine.concernsAnswer(method, undefined)).toBe(true);
    expect(engine.passesUndecided("response", method)).toBe(false);
    const held = {
      direction: "response",
      method,
      text: '{"jsonrpc":"2.0","id":1,"result":{}}',
      request: "{}",
    } as const;
    expect(outcome(engine, held)).toBe(method === "tools/list" ? "definitions" : "list");
  }
});

function listed(yaml: string, method: ListMethod, text: string) {
  const levels = [levelOf(yaml)];
  return allowedList(text, method, { levels, uses: usesOf(levels) }, "files");
}

test("allowedList takes out what is denied and no other character", () => {
  const text =
    '{"jsonrpc":"2.0","id":9007199254740993,"result":{ "tools":[{"name":"write"} , {"name":"read_a","x":1.0},{"name":"\\u0072ead_b"}, {"name":"read_secret"}],"nextCursor":"n"}}';
  expect(listed(ROLE, "tools/list", text)).toEqual({
    text: '{"jsonrpc":"2.0","id":9007199254740993,"result":{ "tools":[ {"name":"read_a","x":1.0},{"name":"\\u0072ead_b"}],"nextCursor":"n"}}',
    count: 2,
  });
});

test("allowedList leaves out what nearly has an allowed name, and what has none", () => {
  const text = '{"id":1,"result":{"tools":[{"name":"Read_a"},{"title":"x"},{"name":"read_a"},7]}}';
  expect(listed(ROLE, "tools/list", text)).toEqual({
    text: '{"id":1,"result":{"tools":[{"name":"read_a"}]}}',
    count: 3,
  });
});

test("allowedList goes by URIs for resources, by names for prompts", () => {
  const resources = '{"id":1,"result":{"resources":[{"uri":"file:///srv/docs/a","name":"x"},{"uri":"file:///etc/x"}]}}';
  expect(listed(ROLE, "resources/list", resources)).toMatchObject({ count: 1 });
  const prompts = '{"id":1,"result":{"prompts":[{"name":"summarize"}]}}';
  expect(listed(ROLE, "prompts/list", prompts)).toEqual({ text: undefined, count: 0 });
});

test.each([
  ['{"id":1,"result":{"tools":[],"tools":[{"name":"write"}]}}'],
  ['{"id":1,"result":{"Tools":[{"name":"write"}]}}'],
  ['{"id":1,"result":{"tools":[{"name":"read_a","name":"write"}]}}'],
  ['{"id":1,"result":{"tools":[{"name":"read_a","NAME":"write"}]}}'],
  ["{"],
])("allowedList does not guess: %s", (text) => {
  expect(listed(ROLE, "tools/list", text)).toHaveProperty("unclear");
});

test("what is allowed or asked about under some circumstances is listed", () => {
  const text = '{"id":1,"result":{"tools":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]}}';
  const rules = `
lists: allowed
default: deny
rules:
  - { name: one, action: deny, tool: a, arguments: { x: 1 } }
  - { name: two, action: allow, tool: a }
  - { name: three, action: allow, tool: b, arguments: { x: 1 } }
  - { name: four, action: ask, tool: c }
`;
  expect(listed(rules, "tools/list", text)).toEqual({
    text: '{"id":1,"result":{"tools":[{"name":"a"},{"name":"b"},{"name":"c"}]}}',
    count: 1,
  });
});
