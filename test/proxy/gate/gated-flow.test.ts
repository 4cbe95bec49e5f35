/** A direction of the poll pump with a gate, between real pipes, beside an observer that is made to stand still. */
import { expect } from "bun:test";
import { GatedFlow } from "../../../src/proxy/gate/gated-flow.ts";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import { GatedTraffic } from "../../../src/proxy/gate/gated-traffic.ts";
import { REQUEST, type Channel } from "../../../src/proxy/pump.ts";
import { allocateRing, RingReader, RingWriter, viewRing } from "../../../src/proxy/ring.ts";
import type { Interceptions } from "../../../src/proxy/gate/settle.ts";
import { openLibc, openPipe, ownPipe } from "../../../src/process/libc.ts";
import { test } from "../../e2e/linux-test.ts";
import { writeSync } from "node:fs";
import { gateFor } from "./gate-for.ts";

const gate: Gate = {
  ...gateFor(["tools/call"]),
  decide: () => ({ action: "block", by: "guard", reason: "because" }),
};

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

function makeFlow() {
  const libc = openLibc();
  const ring = viewRing(allocateRing());
  const writer = new LateRoom(ring);
  const reader = new RingReader(ring);
  const { request } = new GatedTraffic(gate, () => undefined);
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
    writer,
    drain,
    seen,
    gaps: () => gaps,
    client: (text: string) => void writeSync(source.writeEnd, text),
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
