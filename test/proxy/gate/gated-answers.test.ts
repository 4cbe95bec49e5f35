/** Answers that a gate wants to see, and what is held out of order: which are held, and what both ends get. */
import { describe, expect, test } from "bun:test";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import type { Deferral, HeldMessage, Verdict } from "../../../src/stream/verdict.ts";
import { gateFor } from "./gate-for.ts";
import { GatedEnds } from "./gated-ends.ts";

const PASS: Verdict = { action: "pass" };
const BLOCK: Verdict = { action: "block", by: "guard", reason: "no" };
const APPROVAL: Deferral = { action: "defer", question: { kind: "plugins" }, outOfOrder: true };
const IDS = ["1", '"2"', "9007199254740993", '"é"', "-1.50"];

function call(id: string, tool = "get"): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}"}}`;
}

function answer(id: string, text = "fine"): string {
  return `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}`;
}

/** Requests pass; answers to tool calls are decided about. */
function answersGate(decide: Gate["decide"], more: Partial<Gate> = {}): GatedEnds {
  return new GatedEnds({
    ...gateFor([], ["tools/call"]),
    decide: (held) => (held.request === undefined ? PASS : decide(held)),
    ...more,
  });
}

/** Tool calls wait for a person. */
function approvals(more: Partial<Gate> = {}): GatedEnds {
  return new GatedEnds({ ...gateFor(["tools/call"]), decide: () => APPROVAL, ...more });
}

describe("an answer", () => {
  test("is decided about with its request, whatever the id, and passes, is changed or replaced", () => {
    const questions: HeldMessage[] = [];
    const verdicts: Verdict[] = [];
    const ends = answersGate((held) => {
      questions.push(held);
      return verdicts.shift() ?? PASS;
    });
    for (const id of IDS) {
      ends.client(`${call(id)}\n`);
      ends.server(`${answer(id)}\r\n`);
      expect(questions.pop()).toEqual({
        direction: "response",
        method: "tools/call",
        tool: "get",
        text: answer(id),
        value: JSON.parse(answer(id)),
        request: call(id),
      });
      ends.client(`${call(id)}\n`);
      verdicts.push({ action: "modify", by: "mask", text: answer(id, "masked") });
      ends.server(`${answer(id)}\n`);
      ends.client(`${call(id)}\n`);
      verdicts.push(BLOCK);
      ends.server(`${answer(id)}\n`);
    }
    const [first = "", second = "", third = ""] = ends.toClient.split("\n");
    expect([`${first}\n`, second]).toEqual([`${answer("1")}\r\n`, answer("1", "masked")]);
    expect(JSON.parse(third)).toMatchObject({
      id: 1,
      result: { isError: true, content: [{ text: "Blocked by guard: no" }] },
    });
    expect(ends.notes.map(({ interceptions }) => interceptions[0]?.action).slice(0, 2)).toEqual([
      "modified",
      "blocked",
    ]);
    expect(ends.toServer).toBe(Buffer.from(IDS.map((id) => `${call(id)}\n`.repeat(3)).join("")).toString("latin1"));
  });

  test("before its request, to an unknown id or to none goes no further", () => {
    const ends = answersGate(() => PASS);
    ends.server(`${answer("1")}\n${answer("2")}\n`);
    ends.client(`${call("1")}\n`);
    ends.server(`${answer("3")}\n{"id":null,"error":{}}\n[${answer("1")},${answer("4")}]\n`);
    expect(ends.toClient).toBe(`[${answer("1")}]\n`);
    const reason = "it answers no request";
    expect(ends.notes.map(({ interceptions }) => interceptions.at(-1))).toEqual(
      Array.from({ length: 5 }, () => ({ action: "blocked", by: "km", reason })),
    );
  });

  test("is decided about again when another one comes, and by what a lenient client takes for its id", () => {
    const requests: unknown[] = [];
    const ends = answersGate((held) => (requests.push(held.request), PASS));
    ends.client(`${call("1", "a")}\n`);
    for (const id of ["1", "1.0", '"1"', '" 1"', '"0x1"', "1e0"]) ends.server(`${answer(id)}\n`);
    ends.client(`${call("1", "b")}\n`);
    ends.server(`${answer("1")}\n`);
    expect(requests).toEqual([...Array.from({ length: 6 }, () => call("1", "a")), call("1", "b")]);
  });

  test("to a request that never went on, or is held, goes no further", () => {
    const ends = answersGate(() => PASS, {
      concerns: () => true,
      decide: ({ tool, request }) => (request !== undefined ? PASS : tool === "ask" ? APPROVAL : BLOCK),
    });
    for (const tool of ["get", "ask"]) {
      ends.client(`${call("1", tool)}\n`);
      ends.server(`${answer("1", "early")}\n`);
    }
    expect(ends.toClient).not.toContain("early");
    ends.asked[0]?.decide(PASS);
    ends.server(`${answer("1", "now")}\n`);
    expect(ends.toClient).toContain("now");
  });

  test("that the gate does not want to see passes, under an id that is known", () => {
    const ends = answersGate(() => BLOCK);
    ends.client(`{"id":1,"method":"ping"}\n{"id":2,"method":"ping"}\n`);
    ends.server(`${answer("1")}\n[${answer("2")}]\n${answer("3")}\n`);
    expect(ends.toClient).toBe(`${answer("1")}\n[${answer("2")}]\n`);
  });

  test("of the client to a request of the server's is decided about too", () => {
    const ends = answersGate(() => BLOCK);
    ends.server(`${call('"s"')}\n`);
    ends.client(`{"id":"s","result":{"roots":[]}}\n{"id":"t","result":{}}\n`);
    expect(ends.toServer).toContain('"id":"s","error":{"code":-32010');
    expect(ends.toServer).toEndWith('{"id":"t","result":{}}\n');
  });

  test("that is short passes unread, also in pieces", () => {
    let asked = 0;
    const ends = answersGate(() => (asked++, BLOCK), { leastAnswerBytes: () => 200 });
    ends.client(`${call("1")}\n`);
    for (const byte of `${answer("1")}\n`) ends.server(byte);
    expect(asked).toBe(0);
    ends.server(`${answer("1", "x".repeat(300))}\n`);
    expect(asked).toBe(1);
  });

  test("held out of order lets later ones pass, and is forwarded when it is decided", () => {
    const ends = answersGate(() => APPROVAL);
    ends.client(`${call("1")}\n{"id":2,"method":"ping"}\n`);
    ends.server(`${answer("1")}\n${answer("2")}\nhalf a `);
    expect(ends.toClient).toBe(`${answer("2")}\n`);
    ends.asked[0]?.decide({ action: "modify", by: "km", text: answer("1", "cut") });
    ends.server("line\n");
    expect(ends.toClient).toBe(`${answer("2")}\n${answer("1", "cut")}\nhalf a line\n`);
  });

  test("is not awaited for ever: at least until 10,000 newer requests have come", () => {
    const asked: string[] = [];
    const ends = answersGate(({ request = "" }) => (asked.push(request), PASS));
    for (let id = 0; id <= 20_000; id++) ends.client(`${call(String(id))}\n`);
    ends.server(`${answer("0")}\n${answer("10000")}\n${answer("20000")}\n`);
    expect(asked).toEqual([call("10000"), call("20000")]);
    expect(ends.toClient).toBe(`${answer("10000")}\n${answer("20000")}\n`);
  });

  test("to a request whose text was given up for the sake of memory is decided about without it", () => {
    const texts: string[] = [];
    const ends = answersGate(({ request = "" }) => (texts.push(request.slice(-40)), PASS));
    const large = (id: number): string => call(String(id), `${"x".repeat(8 << 20)}${id}`);
    ends.client(`${call("0")}\n`);
    for (let id = 1; id <= 6; id++) {
      ends.client(`${large(id)}\n`);
      if (id === 2) ends.server(`${answer("2")}\n`);
    }
    for (const id of ["0", "2", "3", "6"]) ends.server(`${answer(id)}\n`);
    expect(texts.map((text) => text.length)).toEqual([40, 0, 0, 0, 40]);
  });
});

describe("a request held out of order", () => {
  test("waits alone; its answer is awaited once it is forwarded, with who approved it", () => {
    const ends = approvals();
    ends.client(`${call("1")}\n{"id":2,"method":"ping"}\n`);
    expect(ends.toServer).toBe('{"id":2,"method":"ping"}\n');
    ends.asked[0]?.decide({ action: "approve", by: "ann", waited_ms: 5 });
    expect(ends.toServer).toEndWith(`${call("1")}\n`);
    expect(ends.notes).toEqual([
      {
        direction: "request",
        text: `${call("1")}\n`,
        interceptions: [{ action: "approved", by: "ann", waited_ms: 5 }],
      },
    ]);
  });

  test("is dropped with its cancellation, and nobody is answered", () => {
    const ends = approvals();
    for (const [turn, id] of IDS.entries()) {
      const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`;
      ends.client(`${cancel}\n${call(id)}\n${cancel}\n`);
      expect(ends.dropped).toHaveLength(turn + 1);
      ends.asked[turn]?.decide(PASS);
    }
    const reason = "cancelled while it was held";
    expect(ends.notes.every(({ interceptions: [one] }) => one?.action === "blocked" && one.reason === reason)).toBe(
      true,
    );
    expect(ends.notes).toHaveLength(2 * IDS.length);
    expect(ends.toServer.split("\n").filter((text) => text.includes("tools/call"))).toEqual([]);
    expect(ends.toServer.split("\n").filter((text) => text.includes("cancelled"))).toHaveLength(IDS.length);
    expect(ends.toClient).toBe("");
  });

  test("in a batch is cancelled alone; the batch goes on when the rest is decided", () => {
    const ends = approvals();
    ends.client(`[${call("1")},${call("2")}]\n`);
    ends.client('{"method":"notifications/cancelled","params":{"requestId":1}}\n');
    expect(ends.toServer).toBe("");
    ends.asked[1]?.decide(PASS);
    expect(ends.toServer).toBe(`[${call("2")}]\n`);
    expect(ends.toClient).toBe("");
  });

  test("is decided before the input ends, and a last line without an end comes behind it", () => {
    const ends = approvals();
    ends.client(`${call("1")}\n{"id":2,"method":"ping"}`);
    ends.end(ends.traffic.request);
    expect(ends.traffic.request.isOver).toBe(false);
    expect(ends.toServer).toBe("");
    ends.asked[0]?.decide(PASS);
    expect(ends.toServer).toBe(`${call("1")}\n{"id":2,"method":"ping"}`);
    expect(ends.traffic.request.isOver).toBe(true);
  });

  test("lets reading pause when there are too many, or too large ones", () => {
    const many = approvals();
    for (let id = 0; id < 1000; id++) many.client(`${call(String(id))}\n`);
    expect(many.traffic.request.mayRead).toBe(false);
    many.asked[7]?.decide(PASS);
    expect(many.traffic.request.mayRead).toBe(true);
    const large = approvals();
    for (let id = 0; id < 3; id++) large.client(`${call(String(id), "x".repeat(12 << 20))}\n`);
    expect(large.traffic.request.mayRead).toBe(false);
  });
});

test("lines of km's own stand between two of the server's, and wait for the end of one", () => {
  const ends = approvals();
  ends.server("half a ");
  ends.traffic.tell({ kind: "insert", line: "own" });
  ends.goOn();
  expect(ends.toClient).toBe("half a ");
  ends.server("line\n");
  expect(ends.toClient).toBe("half a line\nown\n");
});

test("an answer of km's is observed behind its request, whichever direction goes first", () => {
  const ends = new GatedEnds({ ...gateFor(["roots/list"]), decide: () => BLOCK });
  ends.server('{"id":"s","method":"roots/list"}\n');
  expect(ends.notes.map(({ direction }) => direction)).toEqual(["response", "request"]);
  expect(ends.toServer).toContain('"id":"s","error"');
});

describe("a line over 16 MiB", () => {
  const long = "x".repeat(17 << 20);
  const pieces = (text: string): string[] => text.match(/[^]{1,1000000}/g) ?? [];

  test("passes undecided where the gate lets it, and km says so", () => {
    const ends = new GatedEnds(gateFor(["tools/call"], ["tools/call"]));
    for (const piece of pieces(`${call("1", long)}\n`)) ends.client(piece);
    expect(ends.toServer).toBe(`${call("1", long)}\n`);
    expect(ends.said).toHaveLength(1);
  });

  test("is blocked and answered where the gate does not, and observed; what comes behind it passes", () => {
    const ends = new GatedEnds({ ...gateFor(["tools/call"]), isStrict: true, passesUndecided: () => false });
    const text = `{"params":{"name":"rm","x":"${long}"},"jsonrpc":"2.0","method":"tools/call","id":"late"}\n`;
    for (const piece of pieces(text)) ends.client(piece);
    ends.client('{"id":2,"method":"ping"}\n');
    expect(ends.toServer).toBe('{"id":2,"method":"ping"}\n');
    expect(JSON.parse(ends.toClient)).toMatchObject({ id: "late", result: { isError: true } });
    expect(ends.observed("request").length).toBe(text.length + 25);
    expect(ends.notes[0]?.interceptions).toMatchObject([{ action: "blocked" }]);
  });

  test("as an answer is replaced by an error to its receiver", () => {
    const first = `{"jsonrpc":"2.0","id":1,"result":"${long}"}`;
    for (const text of [answer("1", long), first, `{"result":{"x":"${long}"},"jsonrpc":"2.0","id":1}`]) {
      const ends = answersGate(() => PASS, { passesUndecided: () => false });
      ends.client(`${call("1")}\n${call("2")}\n`);
      for (const piece of pieces(`${text}\n${answer("2")}\n`)) ends.server(piece);
      const [replaced = "", second] = ends.toClient.split("\n");
      expect(JSON.parse(replaced)).toMatchObject({ id: 1, result: { isError: true } });
      expect(second).toBe(answer("2"));
    }
  });

  test("is blocked by a strict gate whatever it begins as", () => {
    const ends = answersGate(() => PASS, { passesUndecided: () => false });
    for (const text of [`{"id":1,"method":"ping","x":"${long}","method":"tools/call"}`, `${long}\r${call("1")}`]) {
      for (const piece of pieces(`${text}\n`)) ends.client(piece);
    }
    expect(ends.toServer).toBe("");
  });

  test("that passed undecided may be answered", () => {
    const ends = answersGate(() => PASS);
    for (const piece of pieces(`${call("1", long)}\n`)) ends.client(piece);
    ends.server(`${answer("1")}\n`);
    expect(ends.toClient).toBe(`${answer("1")}\n`);
  });

  test("that does not concern the gate passes one that is not strict", () => {
    const ends = new GatedEnds(gateFor(["tools/call"]));
    for (const text of [`{"id":1,"method":"ping","params":{"x":"${long}"}}\n`, `{"result":{"x":"${long}"},"id":1}\n`]) {
      for (const piece of pieces(text)) ends.client(piece);
    }
    expect(ends.toServer.length).toBeGreaterThan(2 * long.length);
    expect(ends.said).toEqual([]);
  });
});

test("of a flood of 100,000 lines the gate is asked about its own alone", () => {
  let asked = 0;
  const ends = new GatedEnds({ ...gateFor(["tools/call"]), decide: () => (asked++, PASS) });
  const line = `{"jsonrpc":"2.0","id":1,"method":"ping"}\n`;
  const hundred = line.repeat(99) + `${call("1")}\n`;
  for (let turn = 0; turn < 1000; turn++) ends.client(hundred);
  expect(asked).toBe(1000);
  expect(ends.toServer.length).toBe(1000 * hundred.length);
});
