/** Bytes in any pieces through a gate whose decisions are known: both ends get what line by line gives. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { AwaitedAnswers } from "../../../src/proxy/gate/awaited-answers.ts";
import { gatedLine } from "../../../src/proxy/gate/gated-line.ts";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import { settle } from "../../../src/proxy/gate/settle.ts";
import type { Deferral, HeldMessage, Verdict } from "../../../src/stream/verdict.ts";
import { gateFor } from "./gate-for.ts";
import { GatedEnds } from "./gated-ends.ts";

const PASS: Verdict = { action: "pass" };
const PLUGINS: Deferral = { action: "defer", question: { kind: "plugins" }, outOfOrder: false };

/** Tools are named for what is decided about them. */
function verdictOn({ tool, text }: HeldMessage): Verdict {
  switch (tool) {
    case "block":
      return { action: "block", by: "guard", reason: "because" };
    case "modify":
      return { action: "modify", by: "guard", text: text.replace("modify", "changed") };
    case "approve":
      return { action: "approve", by: "ann", waited_ms: 1 };
    case "answer":
      return { action: "answer", by: "km", result: "{}" };
    default:
      return PASS;
  }
}

const atOnce: Gate = { ...gateFor(["tools/call"]), decide: verdictOn };
/** The referee decides about two thirds. */
const deferring: Gate = {
  ...gateFor(["tools/call"]),
  decide: (held) => (held.text.length % 3 === 0 ? verdictOn(held) : PLUGINS),
};

const message = fc
  .tuple(
    fc.constantFrom("tools/call", "ping"),
    fc.constantFrom("block", "modify", "pass", "approve", "answer"),
    fc.nat(99),
    fc.string(),
  )
  .map(([method, name, id, text]) => JSON.stringify({ id, method, params: { name, text } }));
const line = fc.oneof(
  message,
  fc.array(message, { maxLength: 3 }).map((members) => `[${members.join(", ")}]`),
  message.map((json) => json.slice(0, json.length / 2)),
  fc.string({ unit: "binary" }),
  fc.nat(3000).map((length) => JSON.stringify({ id: 1, result: "é".repeat(length) })),
);
const stream = fc
  .tuple(
    fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")).map((parts) => parts.join(""))),
    fc.oneof(line, fc.constant("")),
  )
  .map(([lines, last]) => Buffer.from([...lines, last].join("")));
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(5000)), { minLength: 1, maxLength: 8 });

/** What one line after the other gives. */
function expected(bytes: Buffer): { forwarded: string; answers: string } {
  let forwarded = "";
  let answers = "";
  const watch = { direction: "request" as const, gate: atOnce, awaited: new AwaitedAnswers(), mayCancel: () => false };
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length;
    const piece = bytes.subarray(at, end);
    const read = gatedLine(piece, watch);
    const outcomes = read?.members.map(({ questions: [asked] }) => asked && { verdict: verdictOn(asked) }) ?? [];
    const settled = read && settle(read, outcomes, "request", atOnce);
    const isAsItCame = settled === undefined || settled.isUnchanged;
    forwarded += isAsItCame ? piece.toString("latin1") : Buffer.from(settled.forward ?? "").toString("latin1");
    answers += settled?.answer ?? "";
    at = end;
  }
  return { forwarded, answers };
}

function* piecesOf(bytes: Buffer, pieces: number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = pieces[turn % pieces.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test.each([
  ["at once", atOnce],
  ["by a referee, in order", deferring],
])(
  "however the bytes are cut, each line goes its way, and all is observed once: decided %s",
  (_how, gate) => {
    fc.assert(
      fc.property(stream, sizes, (bytes, pieces) => {
        const ends = new GatedEnds(gate);
        const { request, response } = ends.traffic;
        const decideAll = (): void => {
          for (let asked = ends.asked.shift(); asked !== undefined; asked = ends.asked.shift())
            asked.decide(verdictOn(asked));
        };
        for (const piece of piecesOf(bytes, pieces)) {
          ends.client(piece);
          decideAll();
        }
        ends.end(request);
        decideAll();
        ends.end(response);
        expect([request.isOver, response.isOver]).toEqual([true, true]);
        const { forwarded, answers } = expected(bytes);
        expect(ends.toServer).toBe(forwarded);
        expect(ends.toClient).toBe(Buffer.from(answers).toString("latin1"));
        expect(ends.observed("request")).toBe(bytes.toString("latin1"));
        expect(ends.observed("response")).toBe(ends.toClient);
      }),
      { numRuns: 500 },
    );
  },
  60_000,
);

test("what is decided out of order goes as soon as it may, whole, between two lines; the rest keeps its order", () => {
  const approval: Deferral = { ...PLUGINS, outOfOrder: true };
  const isDeferred = (text: string): boolean => text.length % 3 === 0;
  const gate: Gate = { ...gateFor(["tools/call"]), decide: ({ text }) => (isDeferred(text) ? approval : PASS) };
  const lines = fc.array(
    fc.oneof(
      message,
      fc.string({ unit: "binary-ascii" }).map((text) => text.replaceAll("\n", "")),
    ),
  );
  fc.assert(
    fc.property(lines, sizes, fc.array(fc.boolean(), { minLength: 1 }), (sent, pieces, decideNow) => {
      const bytes = Buffer.from(sent.map((text) => `${text}\n`).join(""));
      const ends = new GatedEnds(gate);
      let turn = 0;
      for (const piece of piecesOf(bytes, pieces)) {
        ends.client(piece);
        if (decideNow[turn++ % decideNow.length]) ends.asked.shift()?.decide(PASS);
      }
      ends.end(ends.traffic.request);
      for (const asked of ends.asked.reverse()) asked.decide(PASS);
      expect(ends.traffic.request.isOver).toBe(true);
      const split = (text: string): string[] => Buffer.from(text, "latin1").toString().split("\n");
      expect(split(ends.toServer).sort()).toEqual(split(bytes.toString("latin1")).sort());
      const inOrder = (texts: string[]): string[] => texts.filter((text) => !isDeferred(text));
      expect(inOrder(split(ends.toServer))).toEqual(inOrder(split(bytes.toString("latin1"))));
      expect(ends.observed("request")).toBe(ends.toServer);
    }),
    { numRuns: 500 },
  );
});

test("abandoned at any moment, all that was read has been observed once, and nothing is sent any more", () => {
  fc.assert(
    fc.property(stream, sizes, fc.nat(20), fc.boolean(), (bytes, pieces, patience, outOfOrder) => {
      let decided = 0;
      const ends = new GatedEnds({
        ...gateFor(["tools/call"]),
        decide: (held) => (decided++ < patience ? verdictOn(held) : { ...PLUGINS, outOfOrder }),
      });
      let read = 0;
      for (const piece of piecesOf(bytes, pieces)) {
        if (!ends.traffic.request.mayRead) break;
        ends.client(piece);
        read += piece.length;
      }
      const sent = ends.toServer;
      ends.traffic.abandon();
      ends.goOn();
      const observed = ends.observed("request");
      if (!outOfOrder) expect(observed).toBe(bytes.toString("latin1", 0, read));
      expect(Array.from(observed).sort()).toEqual(Array.from(bytes.toString("latin1", 0, read)).sort());
      expect(ends.toServer).toBe(sent);
      expect(ends.dropped).toHaveLength(ends.asked.length);
      for (const asked of ends.asked) asked.decide(PASS);
      expect(ends.toServer).toBe(sent);
      expect(ends.traffic.request.isOver).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a gate that breaks its word and throws blocks, and the passage goes on", () => {
  const ends = new GatedEnds({
    ...gateFor(["tools/call"]),
    decide: () => {
      throw new Error("broken");
    },
  });
  ends.client('{"id":1,"method":"tools/call"}\n{"id":2,"method":"ping"}\n');
  expect(ends.toServer).toBe('{"id":2,"method":"ping"}\n');
  expect(ends.toClient).toContain("Blocked by km");
});
