import { expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import type { LogEntry } from "../../src/stream/entry.ts";
import { exportHar } from "../../src/stream/export-har.ts";
import { makeEntry, makeEvent } from "./make-entry.ts";

/** The fields HAR 1.2 requires. */
const har = v.object({
  log: v.object({
    version: v.literal("1.2"),
    creator: v.object({ name: v.string(), version: v.string() }),
    entries: v.array(
      v.object({
        startedDateTime: v.pipe(v.string(), v.isoTimestamp()),
        time: v.pipe(v.number(), v.minValue(0)),
        request: v.object({
          method: v.string(),
          url: v.pipe(v.string(), v.url()),
          httpVersion: v.string(),
          cookies: v.array(v.never()),
          headers: v.array(v.never()),
          queryString: v.array(v.never()),
          postData: v.optional(v.object({ mimeType: v.string(), params: v.array(v.never()), text: v.string() })),
          headersSize: v.number(),
          bodySize: v.number(),
        }),
        response: v.object({
          status: v.number(),
          statusText: v.string(),
          httpVersion: v.string(),
          cookies: v.array(v.never()),
          headers: v.array(v.never()),
          content: v.object({ size: v.number(), mimeType: v.string(), text: v.optional(v.string()) }),
          redirectURL: v.string(),
          headersSize: v.number(),
          bodySize: v.number(),
        }),
        cache: v.object({}),
        timings: v.object({ send: v.number(), wait: v.number(), receive: v.number() }),
        _mcp: v.looseObject({ session_id: v.string(), seq: v.number(), state: v.string() }),
      }),
    ),
  }),
});

test("exportHar writes what HAR 1.2 requires, payloads verbatim", async () => {
  const { log } = await exported([makeEntry()]);
  const [entry] = log.entries;
  expect(entry?.request.url).toBe("mcp://files/tools/call/read_file");
  expect(entry?.request.postData?.text).toContain('"path":"Über.txt"');
  expect(entry?.response.content.text).toContain("9007199254740993");
  expect(entry?.response.status).toBe(200);
  expect(entry?.timings).toEqual({ send: 0, wait: 100, receive: 0 });
  expect(entry?.time).toBe(100);
});

test("exportHar writes a valid document without entries", async () => {
  expect((await exported([])).log.entries).toEqual([]);
});

test("exportHar gives errors status 500 and calls without an answer status 0", async () => {
  const { duration_ms: _, ...unanswered } = makeEntry({ state: "unanswered", events: [makeEvent()] });
  const { log } = await exported([makeEntry({ state: "error", error_type: "tool_error" }), unanswered]);
  expect(log.entries.map(({ response, time }) => [response.status, time])).toEqual([
    [500, 100],
    [0, 0],
  ]);
  expect(log.entries[0]?._mcp).toMatchObject({ state: "error", error_type: "tool_error" });
});

test("exportHar leaves out what is not a call", async () => {
  const { log } = await exported([
    makeEntry({ kind: "notification" }),
    makeEntry({ seq: 9 }),
    makeEntry({ kind: "stderr" }),
  ]);
  expect(log.entries.map((entry) => entry._mcp.seq)).toEqual([9]);
});

test("exportHar shows the first request and the last answer of a call of several rounds", async () => {
  const answer = { type: "response", direction: "response" } as const;
  const events = [
    makeEvent({ message: "1" }),
    makeEvent({ ...answer, message: "2" }),
    makeEvent({ message: "3" }),
    makeEvent({ ...answer, message: "4" }),
  ];
  const [entry] = (await exported([makeEntry({ rounds: 2, events })])).log.entries;
  expect([entry?.request.postData?.text, entry?.response.content.text]).toEqual(["1", "4"]);
});

test("exportHar is valid for any names", async () => {
  const name = fc.string({ unit: "binary", minLength: 1 });
  await fc.assert(
    fc.asyncProperty(name, name, name, async (server, method, tool) => {
      expect((await exported([makeEntry({ server, method, tool })])).log.entries).toHaveLength(1);
    }),
  );
});

async function exported(entries: LogEntry[]): Promise<v.InferOutput<typeof har>> {
  const text = (await Array.fromAsync(exportHar(stream(entries), "1.2.3"))).join("");
  return v.parse(har, JSON.parse(text));
}

async function* stream(entries: LogEntry[]): AsyncGenerator<LogEntry> {
  yield* entries;
}
