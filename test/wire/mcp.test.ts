/** What messages of MCP say of themselves, in both eras. */
import { describe, expect, test } from "bun:test";
import { type Message, readLine } from "../../src/wire/jsonrpc.ts";
import { clientOf, failureOf, serverOf, targetOf, toolOf, traceOf } from "../../src/wire/mcp.ts";

function failure(text: string) {
  return failureOf(readLine(text) as Message);
}

test("toolOf: the name of a tools/call and of nothing else", () => {
  expect(toolOf("tools/call", { name: "read" })).toBe("read");
  expect(toolOf("tools/call", { name: 5 })).toBeUndefined();
  expect(toolOf("tools/call", undefined)).toBeUndefined();
  expect(toolOf("prompts/get", { name: "read" })).toBeUndefined();
});

test.each([
  ["prompts/get", { name: "greet" }, "greet"],
  ["resources/read", { uri: "file:///a" }, "file:///a"],
  ["resources/subscribe", { uri: "file:///a" }, "file:///a"],
  ["notifications/resources/updated", { uri: "file:///a" }, "file:///a"],
  ["completion/complete", { ref: { type: "ref/prompt", name: "greet" } }, "greet"],
  ["completion/complete", { ref: { type: "ref/resource", uri: "file:///{x}" } }, "file:///{x}"],
  ["completion/complete", { ref: "greet" }, undefined],
  ["tasks/get", { taskId: "t1" }, "t1"],
  ["tasks/cancel", { taskId: "t1" }, "t1"],
  ["notifications/tasks/status", { taskId: "t1" }, "t1"],
  ["tools/call", { name: "read" }, undefined],
  ["resources/read", { uri: ["file:///a"] }, undefined],
])("targetOf: %s %j is about %s", (method, params, target) => expect(targetOf(method, params)).toBe(target));

describe("failureOf", () => {
  test("a JSON-RPC error has its code as type", () => {
    expect(failure('{"id":1,"error":{"code":-32601,"message":"no such"}}')).toEqual({
      type: "-32601",
      message: "no such",
    });
    expect(failure('{"id":1,"error":{"message":5}}')).toEqual({ type: "error", message: "" });
  });

  test("a tool's result that says so of itself is a failure, with its first text", () => {
    const content = '[{"type":"image"},{"type":"text","text":"went wrong"},{"type":"text","text":"badly"}]';
    const tool_error = { type: "tool_error", message: "went wrong" };
    expect(failure(`{"id":1,"result":{"isError":true,"content":${content}}}`)).toEqual(tool_error);
    expect(failure('{"id":1,"result":{"isError":true}}')).toEqual({ type: "tool_error", message: "" });
    expect(failure(`{"id":1,"result":{"isError":"true","content":${content}}}`)).toBeUndefined();
  });

  test("a failed task is a failure", () => {
    const text = '{"id":1,"result":{"taskId":"t","status":"failed","error":{"code":-1,"message":"out of paper"}}}';
    expect(failure(text)).toEqual({ type: "task_failed", message: "out of paper" });
    // A legacy poll says no more than that; the failure itself comes with tasks/result.
    expect(failure('{"id":1,"result":{"taskId":"t","status":"failed"}}')).toBeUndefined();
  });

  test("anything else is none", () => {
    expect(failure('{"id":1,"result":{}}')).toBeUndefined();
    expect(failure('{"id":1,"result":null}')).toBeUndefined();
  });
});

describe("clientOf and serverOf", () => {
  const one = { name: "desk", version: "2" };

  test("legacy: the handshake", () => {
    expect(clientOf("initialize", { clientInfo: { ...one, title: "Desk" } })).toEqual(one);
    expect(serverOf("initialize", { serverInfo: { name: "desk" } })).toEqual({ name: "desk", version: "" });
    expect(clientOf("ping", { clientInfo: one })).toBeUndefined();
    expect(serverOf("tools/call", { serverInfo: one })).toBeUndefined();
    expect(clientOf("initialize", { clientInfo: { name: 5 } })).toBeUndefined();
  });

  test("modern: every message's _meta, and server/discover", () => {
    expect(clientOf("tools/call", { _meta: { "io.modelcontextprotocol/clientInfo": one } })).toEqual(one);
    expect(serverOf("tools/call", { _meta: { "io.modelcontextprotocol/serverInfo": one } })).toEqual(one);
    expect(serverOf("server/discover", { serverInfo: one })).toEqual(one);
  });
});

test("traceOf: the unprefixed traceparent", () => {
  expect(traceOf({ _meta: { traceparent: "00-a-b-01" } })).toBe("00-a-b-01");
  expect(traceOf({ _meta: [] })).toBeUndefined();
  expect(traceOf(undefined)).toBeUndefined();
});
