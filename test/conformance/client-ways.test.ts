/** What the conformance suite finds most telling about clients: a client over stdio, and `km monitor --url` behind it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { KM } from "../e2e/km.ts";
import { ClientSession } from "../fixtures/conformance/client-session.ts";
import { type Fields, fields } from "../fixtures/conformance/message.ts";
import { MODERN } from "../fixtures/conformance/versions.ts";
import { makePlace, serveDirectly } from "./ways.ts";

const TIMEOUT = 30_000;

describe.each(["2025-11-25", MODERN])("km monitor --url, %s", (version) => {
  let session: ClientSession;
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    const { env } = stack.use(await makePlace(KM));
    const server = await serveDirectly(env);
    stack.defer(server.close);
    session = new ClientSession([KM, "monitor", "--url", server.target], version, env);
    stack.defer(async () => await session.close());
    await session.open();
  }, TIMEOUT);

  afterAll(async () => await stack.disposeAsync(), TIMEOUT);

  const call = async (name: string, given: Fields = {}): Promise<string> => {
    const { content } = await session.request("tools/call", { name, arguments: given });
    return String(fields((content as unknown[])[0])["text"]);
  };

  test("what is listed can be called, with parameters that travel as headers", async () => {
    const { tools } = await session.request("tools/list");
    expect((tools as Fields[]).map(({ name }) => name)).toContain("test_x_mcp_header");
    const given = { region: " größer ", priority: 7, verbose: false, place: { city: "=?base64?x?=" } };
    expect(JSON.parse(await call("test_x_mcp_header", given))).toEqual(given);
  });

  test("the server's questions reach the client, and its answers the server", async () => {
    expect(await call("test_sampling", { prompt: "?" })).toBe("LLM response: An answer of the client's model.");
    expect(await call("test_streaming_elicitation")).toBe("Hello, text!");
  });

  test("a connection that is closed before the answer is taken up again", async () => {
    expect(await call("test_reconnection")).toBe("Reconnection test completed successfully.");
  });

  test("an error of the server is an error of the call", async () => {
    await expect(call("no_such_tool")).rejects.toThrow("Unknown name: no_such_tool (-32602)");
    await expect(session.request("no/such/method")).rejects.toThrow("Method not found (-32601)");
  });
});
