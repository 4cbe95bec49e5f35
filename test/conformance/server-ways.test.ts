/**
 * What the conformance suite finds most telling about servers, on every way to the fixture server. The suite itself
 * (run-conformance.ts) comes from npm and is no part of the ordinary tests.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { KM } from "../e2e/km.ts";
import { type Fields, fields } from "../fixtures/conformance/message.ts";
import { CAPABILITIES_KEY, MODERN, SUBSCRIPTION_KEY, TASKS, VERSION_KEY } from "../fixtures/conformance/versions.ts";
import { HttpSpeaker, messagesOf, type Said } from "./http-speaker.ts";
import { makePlace, type Opened, WAYS } from "./ways.ts";

const TIMEOUT = 30_000;

const whole = WAYS.filter(({ side, except }) => side === "server" && except === undefined);

describe.each(whole.map((way) => [way.name, way] as const))("%s", (_, way) => {
  let opened: Opened;
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    opened = await way.open(stack.use(await makePlace(KM)));
    stack.defer(opened.close);
  }, TIMEOUT);

  afterAll(async () => await stack.disposeAsync(), TIMEOUT);

  test("a Host or Origin that is not local: 403, in both eras and for each method", async () => {
    const speaker = new HttpSpeaker(opened.target);
    for (const headers of [{ host: "evil.example.com" }, { origin: "http://evil.example.com" }]) {
      expect((await speaker.call("tools/list", {}, headers)).status).toBe(403);
      expect((await speaker.send({ jsonrpc: "2.0", id: 1, method: "initialize" }, headers)).status).toBe(403);
      expect((await speaker.plain("GET", headers)).status).toBe(403);
      expect((await speaker.plain("DELETE", headers)).status).toBe(403);
    }
    const { port } = new URL(opened.target);
    const local = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
    expect((await speaker.call("tools/list", {}, local)).status).toBe(200);
  });

  test("legacy: a session has an id, and is no more once it is deleted", async () => {
    const speaker = new HttpSpeaker(opened.target);
    expect((await speaker.ask("tools/list")).status).toBe(400);
    await speaker.initialize();
    expect((await speaker.ask("tools/list")).status).toBe(200);
    const unknown = { "mcp-session-id": "no-such-session" };
    expect((await speaker.send({ jsonrpc: "2.0", id: 1, method: "ping" }, unknown)).status).toBe(404);
    expect([200, 202, 204]).toContain((await speaker.plain("DELETE")).status);
    expect((await speaker.ask("tools/list")).status).toBe(404);
  });

  test("legacy: progress and questions come on the stream of their call, and the result after them", async () => {
    const speaker = new HttpSpeaker(opened.target);
    await speaker.initialize();
    const { messages } = await speaker.ask("tools/call", {
      name: "test_tool_with_progress",
      _meta: { progressToken: "p" },
    });
    expect(messages.map(({ params }) => params?.["progress"])).toEqual([0, 50, 100, undefined]);
    const answer = (): Fields => ({ role: "assistant", content: { type: "text", text: "yes" }, model: "m" });
    const asked = await speaker.ask("tools/call", { name: "test_sampling", arguments: { prompt: "?" } }, answer);
    expect(asked.messages.map(({ method }) => method)).toEqual(["sampling/createMessage", undefined]);
    expect(textOf(asked)).toBe("LLM response: yes");
  });

  test("modern: what a header says and the body does not is refused, with the id of the request", async () => {
    const speaker = new HttpSpeaker(opened.target);
    const wrong = await speaker.call("tools/list", {}, { "mcp-method": "prompts/list" });
    expect([wrong.status, wrong.messages[0]?.error?.code, wrong.messages[0]?.id]).toEqual([400, -32020, 1]);
    const named = await speaker.call("tools/call", { name: "test_simple_text" }, { "mcp-name": "greet" });
    expect([named.status, named.messages[0]?.error?.code]).toEqual([400, -32020]);
    const withHeader = { name: "test_x_mcp_header", arguments: { region: "eu west", priority: 7 } };
    const right = { "mcp-param-region": "eu west", "mcp-param-priority": "7" };
    expect((await speaker.call("tools/call", withHeader, right)).status).toBe(200);
    const other = await speaker.call("tools/call", withHeader, { ...right, "mcp-param-region": "us" });
    expect([other.status, other.messages[0]?.error?.code]).toEqual([400, -32020]);
  });

  test("modern: a revision nobody knows, and methods of the older ones, are refused as the specification has it", async () => {
    const speaker = new HttpSpeaker(opened.target);
    const params = { _meta: { [VERSION_KEY]: "1999-01-01", [CAPABILITIES_KEY]: {} } };
    const unknown = await speaker.send(
      { jsonrpc: "2.0", id: 1, method: "tools/list", params },
      { "mcp-protocol-version": "1999-01-01", "mcp-method": "tools/list" },
    );
    expect([unknown.status, unknown.messages[0]?.error?.code]).toEqual([400, -32022]);
    expect(unknown.messages[0]?.error?.data).toMatchObject({ requested: "1999-01-01" });
    const ping = await speaker.call("ping");
    expect([ping.status, ping.messages[0]?.error?.code]).toEqual([404, -32601]);
    expect((await speaker.plain("GET", { "mcp-protocol-version": MODERN })).status).toBe(405);
  });

  test("modern: a second round of a call reaches the server that sealed its state", async () => {
    const speaker = new HttpSpeaker(opened.target);
    const name = "test_input_required_result_request_state";
    const first = resultOf(await speaker.call("tools/call", { name }));
    expect(first["resultType"]).toBe("input_required");
    const inputResponses = { confirm: { action: "accept", content: { ok: true } } };
    const { requestState } = first;
    expect(textOf(await speaker.call("tools/call", { name, inputResponses, requestState }))).toBe("state-ok");
    const tampered = await speaker.call("tools/call", {
      name,
      inputResponses,
      requestState: `${String(requestState)}x`,
    });
    expect(tampered.messages[0]?.error?.code).toBe(-32602);
  });

  test("modern: a task is known to the server that began it, whoever asks", async () => {
    const extensions = { [TASKS]: {} };
    const call = { name: "slow_compute", arguments: { seconds: 0 } };
    const begun = resultOf(await new HttpSpeaker(opened.target).call("tools/call", call, {}, extensions));
    const { taskId } = begun;
    expect(begun["resultType"]).toBe("task");
    const asked = await new HttpSpeaker(opened.target).call("tasks/get", { taskId }, {}, extensions);
    expect(resultOf(asked)["taskId"]).toBe(taskId as string);
  });

  test("modern: two clients that listen each hear of a change under their own id", async () => {
    const open = async (id: string) => {
      const params = {
        notifications: { toolsListChanged: true },
        _meta: { [VERSION_KEY]: MODERN, [CAPABILITIES_KEY]: {} },
      };
      const response = await fetch(opened.target, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": MODERN,
          "mcp-method": "subscriptions/listen",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id, method: "subscriptions/listen", params }),
      });
      const messages = messagesOf(response);
      const next = async () => (await messages.next()).value;
      expect((await next())?.method).toBe("notifications/subscriptions/acknowledged");
      return { next, close: async () => void (await messages.return(undefined)) };
    };
    const [one, other] = [await open("same"), await open("same")];
    await new HttpSpeaker(opened.target).call("tools/call", { name: "test_trigger_tool_change" });
    for (const { next, close } of [one, other]) {
      const message = await next();
      expect(message?.method).toBe("notifications/tools/list_changed");
      expect(fields(message?.params?.["_meta"])[SUBSCRIPTION_KEY]).toBe("same");
      await close();
    }
  });
});

function resultOf({ messages }: Said): Fields {
  return fields(messages.at(-1)?.result);
}

function textOf(said: Said): unknown {
  const [first] = (resultOf(said)["content"] ?? []) as Fields[];
  return first?.["text"];
}
