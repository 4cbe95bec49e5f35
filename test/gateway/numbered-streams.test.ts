/** Streams that are resumed behind an event. */
import { expect, test } from "bun:test";
import { NumberedStreams } from "../../src/gateway/numbered-streams.ts";

async function textOf(response: Response | undefined): Promise<string> {
  return (await response?.text())?.replaceAll("event: message\n", "") ?? "none";
}

test("a stream that nobody reads keeps what comes for who comes back", async () => {
  const streams = new NumberedStreams();
  const [first, second] = [streams.create(), streams.create()];
  for (const text of ["a", "b", "c"]) void first.send(text);
  void second.send("of another");
  first.end();
  expect(await textOf(streams.resume("0-1", {}))).toBe(": open\n\nid: 0-2\ndata: b\n\nid: 0-3\ndata: c\n\n");
  expect(await textOf(streams.resume("0-3", {}))).toBe(": open\n\n");
  expect(streams.resume("0-4", {})).toBeUndefined();
  expect(streams.resume("5-0", {})).toBeUndefined();
  expect(streams.resume("0-1\n", {})).toBeUndefined();
});

test("what comes while a stream is resumed comes once, and who read it before reads no more", async () => {
  const streams = new NumberedStreams();
  const stream = streams.create();
  const before = stream.open({});
  void stream.send("a");
  const after = streams.resume("0-0", {});
  void stream.send("b");
  stream.end();
  expect(await textOf(after)).toBe(": open\n\nid: 0-1\ndata: a\n\nid: 0-2\ndata: b\n\n");
  expect(await textOf(before)).not.toContain("data: b");
});

test("what is kept has a bound, behind which a stream cannot be resumed", () => {
  const streams = new NumberedStreams();
  const stream = streams.create();
  for (let count = 0; count < 3000; count++) void stream.send("x");
  expect(streams.resume("0-1", {})).toBeUndefined();
  expect(streams.resume("0-2000", {})?.status).toBe(200);
  void stream.send("y".repeat(5 << 20));
  expect(streams.resume("0-3000", {})).toBeUndefined();
});

test("who sends waits for a reader that is behind, until it reads or leaves", async () => {
  const streams = new NumberedStreams();
  const stream = streams.create();
  const reader = stream.open({}).body?.getReader();
  const waiting = stream.send("z".repeat(2 << 20));
  expect(waiting).toBeInstanceOf(Promise);
  await reader?.read();
  await waiting;
  const again = stream.send("z".repeat(2 << 20));
  await reader?.cancel();
  await again;
  expect(stream.isRead).toBe(false);
});
