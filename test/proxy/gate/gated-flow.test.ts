/** A direction of the poll pump with a gate, between real pipes, beside an observer that is made to stand still. */
import { expect } from "bun:test";
import fc from "fast-check";
import { GatedFlow } from "../../../src/proxy/gate/gated-flow.ts";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import { GatedTraffic } from "../../../src/proxy/gate/gated-traffic.ts";
import { REQUEST, type Channel } from "../../../src/proxy/pump.ts";
import { allocateRing, RingReader, RingWriter, viewRing } from "../../../src/proxy/ring.ts";
import type { Interceptions } from "../../../src/proxy/gate/settle.ts";
import { openLibc, openPipe, ownPipe } from "../../../src/process/libc.ts";
import { test } from "../../e2e/linux-test.ts";
import { readSync, writeSync } from "node:fs";
import type { HeldMessage } from "../../../src/stream/verdict.ts";
import { gateFor } from "./gate-for.ts";

const gate: Gate = {
  ...gateFor(["tools/call"]),
  decide: () => ({ action: "block", by: "guard", reason: "because" }),
};

/** Of requests. */
const RING_BYTES = 4 << 20;

function call(id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call"}\n`;
}

/** The observer makes room just after it was found that there is none. */
class LateRoom extends RingWriter {
  onNone = (): void => undefined;

  override room(channel: Channel, limit: number): number {
    const room = super.room(channel, limit);
    if (room === 0) this.onNone();
    return room;
  }
}

function makeFlow(by = gate) {
  const libc = openLibc();
  const ring = viewRing(allocateRing());
  const writer = new LateRoom(ring);
  const reader = new RingReader(ring);
  const { request, response } = new GatedTraffic(by, () => undefined);
  const source = openPipe(libc, true);
  const sink = openPipe(libc, true);
  const flow = new GatedFlow(libc, ring, writer, request, source.readEnd, ownPipe(sink.writeEnd));
  const seen: ({ text: string } | { note: Interceptions })[] = [];
  let gaps = 0;
  const drain = (): void => {
    while (
      reader.drain({
        chunk: (_channel, bytes) => seen.push({ text: Buffer.from(bytes).toString() }),
        note: (_channel, note) => seen.push({ note }),
        gap: () => gaps++,
      })
    );
  };
  return {
    flow,
    response,
    writer,
    drain,
    seen,
    gaps: () => gaps,
    client: (text: string) => void writeSync(source.writeEnd, text),
    sent: (length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.toString("utf8", 0, readSync(sink.readEnd, bytes));
    },
    [Symbol.dispose]() {
      for (const fd of [source.readEnd, source.writeEnd, sink.readEnd, sink.writeEnd]) libc.close(fd);
    },
  };
}

/** Of the ring so much that `left` bytes of it are free. */
function fill(writer: RingWriter, left: number): void {
  for (let room = writer.room(REQUEST, Infinity); room > left; room = writer.room(REQUEST, Infinity)) {
    writer.publish(REQUEST, room - left, 1);
  }
}

test("half a note that the observer was too slow for does not become part of the next", () => {
  using one = makeFlow();
  const { flow, writer, drain, seen } = one;
  fill(writer, 10);
  one.client(call(1));
  expect(flow.read()).toBe("going on");
  expect(flow.starved).toBe(true); // behind ten bytes of the note
  writer.onNone = drain;
  flow.goOnUnobserved();
  flow.prepare();
  drain();
  one.client(call(2));
  flow.read();
  drain();
  const interceptions = [{ action: "blocked", by: "guard", reason: "because" }];
  expect(seen.slice(1)).toEqual([{ text: call(1) }, { note: interceptions as Interceptions }, { text: call(2) }]);
  expect(one.gaps()).toBe(1);
});

test("a call that surely passes is observed and sent as it came, wherever the ring is, and its answer is decided about with it", () => {
  const asked: HeldMessage[] = [];
  const strict: Gate = {
    ...gateFor(["tools/call"], ["tools/call"]),
    shortcut: (tool) => (tool === "get" ? { passes: () => true } : undefined),
    decide: (held) => {
      asked.push(held);
      return { action: "pass" };
    },
  };
  using one = makeFlow(strict);
  const { flow, writer, drain, seen, response } = one;
  const line = (id: number, tool = "get", more = ""): string =>
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":{"text":"${more}"}}}\n`;
  const lines = [line(1), line(2, "put"), line(3, "get", "é語"), line(4) + line(5), line(6).trimEnd(), "\n", line(7)];
  for (const [index, bytes] of lines.entries()) {
    // The last is read where the ring ends soon, and so to elsewhere first.
    if (index === lines.length - 1) fillTo(writer, RING_BYTES - 1000, drain);
    one.client(bytes);
    expect(flow.read()).toBe("going on");
    flow.prepare();
    drain();
  }
  const all = lines.join("");
  expect(one.sent(10_000)).toBe(all);
  const texts = seen.flatMap((part) => ("text" in part && !part.text.startsWith("\0") ? [part.text] : []));
  expect(texts.join("")).toBe(all);
  expect(asked.map(({ tool }) => tool)).toEqual(["put"]);
  response.push(Buffer.from('{"jsonrpc":"2.0","id":3,"result":{}}\n'), 1);
  expect(asked[1]?.request).toBe(line(3, "get", "é語").trimEnd());
});

test("however lines come, all go on in their order, and those are decided about that have to be", () => {
  const tools = fc.constantFrom("get", "put", "cancel", "log", "blank");
  const pieces = fc.array(fc.tuple(tools, fc.boolean(), fc.nat(60)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(pieces, (lines) => {
      const asked: HeldMessage[] = [];
      using one = makeFlow({
        ...gateFor(["tools/call"], ["tools/call"]),
        shortcut: (tool) => (tool === "get" ? { passes: () => true } : undefined),
        decide: (held) => {
          asked.push(held);
          return { action: "pass" };
        },
      });
      const text = (tool: string, id: number): string => {
        if (tool === "blank") return "\n";
        if (tool === "log") return `{"jsonrpc":"2.0","method":"notifications/x","params":{"text":"é"}}\n`;
        if (tool === "cancel") return `{"method":"notifications/cancelled","params":{"requestId":1}}\r\n`;
        return `{"id":${id},"method":"tools/call","params":{"name":"${tool}"}}\n`;
      };
      const put = (bytes: string): void => {
        if (bytes === "") return;
        one.client(bytes);
        expect(one.flow.read()).toBe("going on");
        expect(one.flow.prepare()).toBe("reads");
      };
      let waiting = "";
      for (const [id, [tool, isRead, cut]] of lines.entries()) {
        waiting += text(tool, id);
        if (!isRead) continue;
        put(waiting.slice(0, cut));
        waiting = waiting.slice(cut);
      }
      put(waiting);
      one.drain();
      const all = lines.map(([tool], id) => text(tool, id)).join("");
      expect(one.sent(10_000)).toBe(all);
      expect(one.seen.map((part) => ("text" in part ? part.text : "")).join("")).toBe(all);
      const decided = lines.flatMap(([tool], id) => (tool === "put" ? [text(tool, id).trimEnd()] : []));
      expect(asked.map((held) => held.text)).toEqual(decided);
    }),
    { numRuns: 200 },
  );
});

/** With what is no part of any line. */
function fillTo(writer: RingWriter, offset: number, drain: () => void): void {
  for (let at = writer.offset(REQUEST); at < offset; at = writer.offset(REQUEST)) {
    writer.publish(REQUEST, Math.min(offset - at, 1 << 17), 1);
    drain();
  }
}
