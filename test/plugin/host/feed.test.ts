import { expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JournalWriter } from "../../../src/journal/append.ts";
import { Feed } from "../../../src/plugin/host/feed.ts";
import { Tail } from "../../../src/plugin/host/tail.ts";
import { type EventsParams, LIMITS, MAX_LINE } from "../../../src/plugin/protocol.ts";
import { SummaryFold } from "../../../src/stream/summary.ts";
import { makeEvent, makeLine, makeLines } from "./lines.ts";

/** A plugin in the same process: takes batches as bytes, acknowledges when it is told to. */
class Receiver {
  readonly batches: EventsParams[] = [];
  readonly sizes: number[] = [];
  readonly feed: Feed;
  #arrived = Promise.withResolvers<void>();

  constructor(tail: Tail, options: { journal?: string; acked?: number; acknowledges?: boolean } = {}) {
    this.feed = new Feed({
      tail,
      journal: options.journal,
      acked: options.acked ?? 0,
      acknowledged: () => undefined,
      write: async (bytes) => {
        const line = Buffer.from(bytes).toString();
        expect(line.endsWith("\n")).toBe(true);
        const message = JSON.parse(line) as { method: string; params: EventsParams };
        expect(message.method).toBe("km/events");
        this.batches.push(message.params);
        this.sizes.push(bytes.length);
        this.#arrived.resolve();
        this.#arrived = Promise.withResolvers<void>();
        if (options.acknowledges !== false) queueMicrotask(() => this.feed.ack(message.params.to));
        await Promise.resolve();
      },
    });
  }

  get seqs(): number[] {
    return this.batches.flatMap(({ events }) => events.map(({ seq }) => seq));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#arrived.promise;
  }
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

async function withJournal(last: number, use: (folder: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "km-feed-"));
  try {
    const folder = join(root, "session");
    const info = { format: 1, session_id: "s", started_at: "2026-01-02T03:04:05.000Z" } as const;
    const rest = { name: "n", command: [], cwd: "/", km_pid: 1, server_pid: 1, hostname: "h", platform: "p" };
    const journal = new JournalWriter({
      folder,
      info: { ...info, ...rest, km_version: "1", payloads: "full" },
      segmentBytes: 20_000,
      maxBytes: 1 << 30,
      onFailure: (reason) => expect(reason).toBe(""),
      onExpiry: () => undefined,
      onSegment: () => undefined,
    });
    for (let seq = 1; seq <= last; seq++) {
      journal.record(makeEvent(seq));
      if (seq % 100 === 0) journal.flush();
    }
    journal.close(new SummaryFold().summary({}));
    await use(folder);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test("Feed: delivers every event once and in order, in batches of at most 64", async () => {
  const tail = new Tail();
  const receiver = new Receiver(tail);
  const fed = receiver.feed.run();
  tail.append(makeLines(1, 300));
  await receiver.until(() => receiver.seqs.length === 300);
  tail.append(makeLines(301, 302));
  tail.end();
  await fed;
  expect(receiver.seqs).toEqual(numbers(1, 302));
  expect(Math.max(...receiver.batches.map(({ events }) => events.length))).toBe(LIMITS.batch.events);
  expect(receiver.batches.map(({ from, events }) => from === events[0]?.seq)).not.toContain(false);
  expect(receiver.batches.map(({ to, events }) => to === events.at(-1)?.seq)).not.toContain(false);
  expect(receiver.feed.acked).toBe(302);
  expect(receiver.feed.isDone).toBe(true);
});

test("Feed: no batch is larger than 64 KiB unless one event is", async () => {
  const tail = new Tail();
  const receiver = new Receiver(tail);
  tail.append([...makeLines(1, 10, 30_000), makeLine(11, 100_000), ...makeLines(12, 14, 30_000)]);
  tail.end();
  await receiver.feed.run();
  expect(receiver.seqs).toEqual(numbers(1, 14));
  const large = receiver.batches.filter((_, index) => (receiver.sizes[index] ?? 0) > LIMITS.batch.bytes + 256);
  expect(large.map(({ from, to }) => [from, to])).toEqual([[11, 11]]);
});

test("Feed: stops at 256 events without an ack, and goes on as far as acks go", async () => {
  const tail = new Tail();
  const receiver = new Receiver(tail, { acknowledges: false });
  const fed = receiver.feed.run();
  tail.append(makeLines(1, 600));
  await receiver.until(() => receiver.seqs.length === 256);
  await Bun.sleep(20); // nothing announces that nothing comes
  expect(receiver.seqs.length).toBe(256);
  receiver.feed.ack(63);
  await Bun.sleep(20);
  expect(receiver.seqs.length).toBe(256);
  receiver.feed.ack(64);
  await receiver.until(() => receiver.seqs.length === 320);
  receiver.feed.stop();
  await fed;
  expect(receiver.feed.acked).toBe(64);
});

test("Feed: stops at 4 MiB without an ack", async () => {
  const tail = new Tail();
  const receiver = new Receiver(tail, { acknowledges: false });
  const fed = receiver.feed.run();
  tail.append(makeLines(1, 7, 1 << 20));
  await receiver.until(() => receiver.seqs.length === 4);
  await Bun.sleep(20); // nothing announces that nothing comes
  expect(receiver.seqs.length).toBe(4);
  receiver.feed.stop();
  await fed;
});

test("Feed: an event that no line can hold goes without its message", async () => {
  const tail = new Tail();
  const receiver = new Receiver(tail);
  tail.append([makeLine(1), makeLine(2, MAX_LINE), makeLine(3)]);
  tail.append([
    {
      seq: 4,
      isStop: false,
      bytes: Buffer.from(`{"seq":4,"type":"request","message":{"x":"${"y".repeat(MAX_LINE)}"}}`),
    },
  ]);
  tail.end();
  await receiver.feed.run();
  // The tail keeps 8 MiB: what fell out of it and is in no journal is counted.
  expect(receiver.batches.at(-1)?.events).toMatchObject([{ seq: 4, type: "request", truncated: true }]);
  expect(receiver.batches.at(-1)?.events[0]).not.toHaveProperty("message");
  expect(receiver.feed.dropped).toBe(3);
});

test("Feed: acks of the past, of the future and of nothing change nothing and are counted", async () => {
  const tail = new Tail();
  const receiver = new Receiver(tail, { acknowledges: false });
  const fed = receiver.feed.run();
  tail.append(makeLines(1, 10));
  await receiver.until(() => receiver.seqs.length === 10);
  receiver.feed.ack(7);
  for (const seq of [7, 3, 0, -1, Number.NaN, 1.5, Infinity]) receiver.feed.ack(seq);
  expect(receiver.feed.acked).toBe(7);
  receiver.feed.ack(1000);
  receiver.feed.ack("9");
  receiver.feed.ack(null);
  expect(receiver.feed.acked).toBe(7);
  expect(receiver.feed.falseAcks).toBe(6);
  receiver.feed.stop();
  await fed;
});

test("Feed: begins behind the last ack, from the journal where the tail begins later", async () => {
  await withJournal(3000, async (journal) => {
    const tail = new Tail();
    tail.append(makeLines(2500, 3000));
    const receiver = new Receiver(tail, { journal, acked: 1234 });
    const fed = receiver.feed.run();
    await receiver.until(() => receiver.seqs.length === 3000 - 1234);
    tail.append(makeLines(3001, 3010));
    tail.end();
    await fed;
    expect(receiver.seqs).toEqual(numbers(1235, 3010));
    expect(receiver.feed.dropped).toBe(0);
  });
});

test("Feed: without a journal, what fell out of the tail is dropped and said so", async () => {
  const tail = new Tail();
  tail.append(makeLines(1, 1800));
  tail.end();
  const receiver = new Receiver(tail);
  await receiver.feed.run();
  expect(receiver.seqs).toEqual(numbers(801, 1800));
  expect(receiver.feed.dropped).toBe(800);
  expect(receiver.batches[0]?.dropped).toBe(800);
  expect(receiver.batches[1]?.dropped).toBe(0);
});

test("Feed: gaps that the journal itself has are dropped events, and nothing waits for them", async () => {
  await withJournal(100, async (journal) => {
    const tail = new Tail();
    tail.append(makeLines(2001, 2010));
    tail.end();
    const receiver = new Receiver(tail, { journal });
    await receiver.feed.run();
    expect(receiver.seqs).toEqual([...numbers(1, 100), ...numbers(2001, 2010)]);
    expect(receiver.feed.dropped).toBe(1900);
  });
});

test("Feed: whatever comes when, each event comes once and in order", async () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant("ack" as const)), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const tail = new Tail();
      const receiver = new Receiver(tail, { acknowledges: false });
      const fed = receiver.feed.run();
      let last = 0;
      for (const step of plan) {
        if (step === "ack") receiver.feed.ack(receiver.seqs.at(-1) ?? 0);
        else if (last + step - receiver.feed.acked <= 1000) {
          tail.append(makeLines(last + 1, last + step));
          last += step;
        }
        await Promise.resolve();
        expect(receiver.seqs.length - receiver.feed.acked).toBeLessThanOrEqual(LIMITS.window.events);
      }
      tail.end();
      while (!receiver.feed.isDone) {
        await Bun.sleep(0);
        receiver.feed.ack(receiver.seqs.at(-1) ?? 0);
      }
      await fed;
      expect(receiver.seqs).toEqual(numbers(1, last));
    }),
    { numRuns: 50 },
  );
});
