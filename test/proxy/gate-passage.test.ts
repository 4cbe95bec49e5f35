/** Bytes in any pieces through a gate whose decisions are known: both ends get what line by line gives. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Backlog } from "../../src/proxy/backlog.ts";
import { heldLine, settle } from "../../src/proxy/gate-line.ts";
import type { Gate } from "../../src/proxy/gate.ts";
import type { HeldMessage, Verdict } from "../../src/stream/verdict.ts";
import { type Channel, REQUEST } from "../../src/proxy/pump.ts";
import { gatedPassages } from "../../src/proxy/pump-gated.ts";

/** Tools are named for what is decided about them. */
function verdictOn({ tool, text }: HeldMessage): Verdict {
  if (tool === "block") return { action: "block", by: "guard", reason: "because" };
  return tool === "modify"
    ? { action: "modify", by: "guard", text: text.replace("modify", "changed") }
    : { action: "pass" };
}

const gate: Gate = {
  concerns: (_direction, method) => method === "tools/call",
  decide: async (message) => {
    if (message.text.length % 3 === 0) await new Promise((resolve) => void setImmediate(resolve));
    return verdictOn(message);
  },
};

const message = fc
  .tuple(fc.constantFrom("tools/call", "ping"), fc.constantFrom("block", "modify", "pass"), fc.nat(99), fc.string())
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

function expected(bytes: Buffer): { forwarded: Buffer; answers: string } {
  const forwarded: Buffer[] = [];
  let answers = "";
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length;
    const piece = bytes.subarray(at, end);
    const held = heldLine(piece, "request", gate);
    const verdicts = held?.members.map(({ asked }): Verdict =>
      asked ? verdictOn(asked.question) : { action: "pass" },
    );
    const settled = held && settle(held, verdicts ?? []);
    forwarded.push(settled === undefined ? piece : Buffer.from(settled.forward ?? ""));
    answers += settled?.answer ?? "";
    at = end;
  }
  return { forwarded: Buffer.concat(forwarded), answers };
}

test("however the bytes are cut, each line goes its way, and all is observed once and in order", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km-gate-"));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(stream, sizes, async (bytes, pieces) => {
        run++;
        const [toServer, toClient] = [join(folder, `server-${run}`), join(folder, `client-${run}`)];
        const sinks = [Bun.file(toServer).writer(), Bun.file(toClient).writer()] as const;
        const backlog = new Backlog(() => undefined);
        const [request, response] = gatedPassages(gate, backlog, ...sinks);
        let turn = 0;
        for (let at = 0; at < bytes.length;) {
          const size = pieces[turn++ % pieces.length] ?? 1;
          await request.pass(new Uint8Array(bytes.subarray(at, at + size)));
          at += size;
        }
        await request.end();
        await response.end();
        for (const sink of sinks) await sink.end();
        const { forwarded, answers } = expected(bytes);
        const seen: Buffer[][] = [[], [], []];
        backlog.drain({
          chunk: (channel: Channel, chunk) => void seen[channel]?.push(Buffer.from(chunk)),
          gap: () => expect.unreachable(),
        });
        expect(readFileSync(toServer).toString("latin1")).toBe(forwarded.toString("latin1"));
        expect(readFileSync(toClient, "utf8")).toBe(answers);
        expect(Buffer.concat(seen[0] ?? []).toString("latin1")).toBe(bytes.toString("latin1"));
        expect(Buffer.concat(seen[1] ?? []).toString()).toBe(answers);
      }),
      { numRuns: 150 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

test("abandoned at any moment, all that was read has been observed once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km-gate-"));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(stream, sizes, fc.nat(20), async (bytes, pieces, patience) => {
        run++;
        const sinks = ["server", "client"].map((name) => Bun.file(join(folder, `${name}-${run}`)).writer());
        const [toServer, toClient] = sinks as [Bun.FileSink, Bun.FileSink];
        let decided = 0;
        const held = Promise.withResolvers<void>();
        const stuck: Gate = {
          concerns: gate.concerns,
          decide: (asked) => {
            if (decided++ < patience) return gate.decide(asked);
            held.resolve();
            return Promise.withResolvers<Verdict>().promise;
          },
        };
        const seen: Buffer[] = [];
        const backlog = new Backlog(() => undefined);
        const [request] = gatedPassages(stuck, backlog, toServer, toClient);
        let read = 0;
        for (let turn = 0, goesOn = true; read < bytes.length && goesOn; turn++) {
          const piece = new Uint8Array(bytes.subarray(read, read + (pieces[turn % pieces.length] ?? 1)));
          read += piece.length;
          goesOn = await Promise.race([request.pass(piece).then(() => true), held.promise.then(() => false)]);
        }
        request.abandon();
        backlog.drain({
          chunk: (channel, chunk) => void (channel === REQUEST && seen.push(Buffer.from(chunk))),
          gap: () => expect.unreachable(),
        });
        for (const sink of sinks) await sink.end();
        expect(Buffer.concat(seen).toString("latin1")).toBe(bytes.toString("latin1", 0, read));
      }),
      { numRuns: 150 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

test("a gate that breaks its word and rejects blocks, and the passage goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km-gate-"));
  try {
    const sinks = [Bun.file(join(folder, "server")).writer(), Bun.file(join(folder, "client")).writer()] as const;
    const broken: Gate = { concerns: gate.concerns, decide: () => Promise.reject(new Error("broken")) };
    const [request, response] = gatedPassages(broken, new Backlog(() => undefined), ...sinks);
    await request.pass(Buffer.from('{"id":1,"method":"tools/call"}\n{"id":2,"method":"ping"}\n'));
    await response.end();
    for (const sink of sinks) await sink.end();
    expect(readFileSync(join(folder, "server"), "utf8")).toBe('{"id":2,"method":"ping"}\n');
    expect(readFileSync(join(folder, "client"), "utf8")).toContain("Blocked by km");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
