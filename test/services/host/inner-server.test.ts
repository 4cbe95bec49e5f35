/** A server within the process: whatever lines come, it answers what can be answered, and goes on. */
import { expect, test } from "bun:test";
import { OWNER } from "../../../src/services/caller.ts";
import { innerServer } from "../../../src/services/host/inner-server.ts";
import { openHost, type Said } from "./host-fixture.ts";

const TIMEOUT = 30_000;
const INITIALIZE = {
  jsonrpc: "2.0",
  id: "first",
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};

test(
  "lines that are no messages leave the connection as it is",
  async () => {
    await using opened = openHost();
    const said: Said[] = [];
    let isOver = false;
    const run = innerServer((transport) =>
      opened.host.serve(transport, { caller: OWNER, failed: () => undefined }),
    ).start({ line: (text) => void said.push(JSON.parse(text) as Said), ended: () => void (isOver = true) });
    await run.send(JSON.stringify(INITIALIZE));
    for (const line of [
      "no JSON",
      "",
      "null",
      "[]",
      '{"jsonrpc":"2.0"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"1.0","id":"old","method":"ping"}',
      '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}',
      '{"jsonrpc":"2.0","id":"listed","method":"ping","params":[1]}',
      '{"jsonrpc":"2.0","id":"unasked","result":{}}',
      '{"jsonrpc":"2.0","method":"notifications/unknown"}',
      '{"jsonrpc":"2.0","id":"unknown","method":"no/such"}',
      '{"jsonrpc":"2.0","id":"nameless","method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","id":"proto","method":"tools/call","params":{"name":"things_list","arguments":{"__proto__":{"a":1}}}}',
      '{"jsonrpc":"2.0","id":"constructor","method":"tools/call","params":{"name":"constructor"}}',
      '{"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"things_list"}}',
    ]) {
      await run.send(line);
    }
    while (!said.some(({ id }) => id === "last")) await Bun.sleep(5);
    const answers = new Map(said.map(({ id, error, result }) => [id, error?.code ?? result?.isError ?? "ok"]));
    expect(Object.fromEntries(answers)).toMatchObject({
      first: "ok",
      unknown: -32_601,
      nameless: -32_602,
      proto: "ok",
      constructor: -32_602,
      last: "ok",
    });
    // Of two HTTP requests the later one may be read first.
    await run.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"ahead"}}');
    for (const id of ["ahead", "behind"]) {
      await run.send(`{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":{"name":"things_list"}}`);
    }
    while (!said.some(({ id }) => id === "behind")) await Bun.sleep(5);
    expect(said.filter(({ id }) => id === "ahead")).toEqual([]);
    await run.end();
    expect([isOver, opened.host.connections]).toEqual([true, 0]);
    await run.send('{"jsonrpc":"2.0","id":"late","method":"ping"}');
    expect(said.some(({ id }) => id === "late")).toBe(false);
  },
  TIMEOUT,
);

test(
  "requests that were cancelled are not open any more",
  async () => {
    await using opened = openHost("limits: { caller_calls: 100000, service_calls: 100000 }\n");
    const run = innerServer((transport) =>
      opened.host.serve(transport, { caller: OWNER, failed: () => undefined }),
    ).start({ line: () => undefined, ended: () => undefined });
    await run.send(JSON.stringify(INITIALIZE));
    for (let id = 0; id < 1500; id++) {
      const params = { name: "things_slow", arguments: {} };
      await run.send(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }));
      const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } };
      await run.send(JSON.stringify(cancelled));
    }
    expect(run.isFull).toBe(false);
    await run.end();
    opened.things.release();
    while (opened.things.running > 0) await Bun.sleep(5);
  },
  TIMEOUT,
);

test(
  "more open requests than anybody has are said to be too many",
  async () => {
    await using opened = openHost("limits: { caller_calls: 100000, service_calls: 100000 }\n");
    const run = innerServer((transport) =>
      opened.host.serve(transport, { caller: OWNER, failed: () => undefined }),
    ).start({ line: () => undefined, ended: () => undefined });
    await run.send(JSON.stringify(INITIALIZE));
    for (let id = 0; id < 1000; id++) {
      const params = { name: "things_slow", arguments: {} };
      await run.send(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }));
    }
    expect(run.isFull).toBe(true);
    while (opened.things.running < 999) await Bun.sleep(5);
    opened.things.release();
    while (run.isFull) await Bun.sleep(5);
    await run.end();
    while (opened.things.running > 0) await Bun.sleep(5);
  },
  TIMEOUT,
);
