/** Recordings played as a server. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { encodeLine } from "../../src/journal/line.ts";
import { playFile, readSteps } from "../../src/mock/play-file.ts";
import { km } from "../commands/record-session.ts";
import { TemporaryData } from "../journal/make-journal.ts";
import { makeEvent } from "../stream/make-entry.ts";

describe("readSteps", () => {
  test("reads messages, delays, comments and blank lines", () => {
    const text = '# a comment\r\n\n  {"id":1,"result":{}}\r\nDELAY: 1.5s\ndelay:20ms\n{"method":"m"}\nnoise';
    expect(readSteps(text, "x.jsonl")).toEqual([
      { kind: "send", text: '{"id":1,"result":{}}', after: "1" },
      { kind: "delay", ms: 1500 },
      { kind: "delay", ms: 20 },
      { kind: "send", text: '{"method":"m"}', after: undefined },
      { kind: "send", text: "noise", after: undefined },
    ]);
  });

  test("of journal lines, takes what the server sent, verbatim", () => {
    const direction = "response" as const;
    const lines = [
      makeEvent({ type: "server_start", direction, bytes: 0, message: '{"name":"files"}' }),
      makeEvent({ message: '{"id":1,"method":"ping"}' }),
      makeEvent({ type: "response", direction, message: '{"id":1,"result":{"n":9007199254740993}}' }),
      makeEvent({ type: "stderr", direction, text: "words" }),
      makeEvent({ type: "request", direction, message: '{"id":1,"method":"roots/list"}' }),
    ];
    expect(readSteps(lines.map(encodeLine).join(""), "x")).toEqual([
      { kind: "send", text: '{"id":1,"result":{"n":9007199254740993}}', after: "1" },
      { kind: "send", text: '{"id":1,"method":"roots/list"}', after: undefined },
    ]);
  });

  test("says which line has a delay that is none", () => {
    expect(() => readSteps("\nDELAY: soon", "x.jsonl")).toThrow(
      expect.objectContaining({ code: "RPL_001", message: 'Cannot play x.jsonl: line 2: not a duration: "soon"' }),
    );
  });
});

/** A client whose lines come when the test says. */
function makeClient() {
  const { readable, writable } = new TransformStream<string, string>();
  const writer = writable.getWriter();
  const sent: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  return {
    requests: readable,
    ask: (message: object) => void writer.write(JSON.stringify(message)),
    leave: () => void writer.close(),
    sent,
    send: async (line: string) => {
      sent.push(line);
      for (const one of waiting) if (sent.length >= one.count) one.resolve();
    },
    /** Resolves when so many lines were played. */
    async received(count: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      if (sent.length >= count) resolve();
      await promise;
    },
  };
}

test("km __play: ends with its client, also in the middle of a delay", async () => {
  await using data = await TemporaryData.create();
  const file = join(data.folder, "recording.jsonl");
  await Bun.write(file, 'DELAY: 1h\n{"method":"bye"}\n');
  const { stdout, exitCode } = await km(data.folder, ["__play", file]);
  expect([stdout, exitCode]).toEqual(['{"method":"bye"}\n', 0]);
  expect(await km(data.folder, ["__play", `${file}.not`])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("Cannot play"),
  });
});

describe("playFile", () => {
  test("an answer waits for its request, everything else goes at once and in order", async () => {
    const client = makeClient();
    const steps = readSteps('{"method":"hello"}\n{"id":1,"result":1}\n{"method":"m"}\n{"id":"1","error":{}}', "x");
    const playing = playFile(steps, client.requests, client.send);
    await client.received(1);
    expect(client.sent).toEqual(['{"method":"hello"}']);
    client.ask({ id: 2, method: "ping" });
    client.ask({ id: 1, method: "ping" });
    await client.received(3);
    expect(client.sent.slice(1)).toEqual(['{"id":1,"result":1}', '{"method":"m"}']);
    client.ask([{ method: "m" }, { id: "1", method: "ping" }]);
    await client.received(4);
    client.leave();
    await playing;
  });

  test("ends when the client leaves: answers to what it never asked are left out, the rest is sent", async () => {
    const client = makeClient();
    const steps = readSteps('{"id":1,"result":1}\nDELAY: 1h\n{"method":"bye"}', "x");
    const playing = playFile(steps, client.requests, client.send);
    client.leave();
    await playing;
    expect(client.sent).toEqual(['{"method":"bye"}']);
  });

  test("stays until the client leaves", async () => {
    const client = makeClient();
    let ended = false;
    const playing = playFile(readSteps('{"id":1,"result":1}', "x"), client.requests, client.send).then(
      () => (ended = true),
    );
    client.ask({ id: 1, method: "ping" });
    await client.received(1);
    await Bun.sleep(20);
    expect(ended).toBe(false);
    client.leave();
    await playing;
  });
});
