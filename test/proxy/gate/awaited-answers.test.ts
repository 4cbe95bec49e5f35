/** Which requests are remembered for their answers, whatever their ids are. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Awaited, AwaitedAnswers } from "../../../src/proxy/gate/awaited-answers.ts";

/** So many newer ones must not make one forgotten. */
const LATEST = 10_000;

function unread(tool: string): Awaited {
  return { method: "tools/call", tool, text: "", leastBytes: Infinity };
}

function read(tool: string): Awaited {
  return { ...unread(tool), text: `a call of ${tool}`, leastBytes: 0 };
}

test.each([
  ["that follow each other", (index: number) => index],
  ["that stand at the same place in a table", (index: number) => index << 14],
  ["of which every other does so", (index: number) => (index % 2 === 0 ? index << 14 : index)],
  ["too large for a table", (index: number) => 2 ** 40 + index],
  ["that are texts", (index: number) => `"a-${index}"`],
  ["that read like numbers", (index: number) => `"${index}"`],
])("the latest requests are remembered, with ids %s", (_what, idAt) => {
  const asked = new AwaitedAnswers();
  for (let index = 0; index < 3 * LATEST; index++) {
    asked.add(idAt(index), unread(`${index}`));
    const oldest = Math.max(0, index - LATEST + 1);
    for (const one of [oldest, index]) expect(asked.answer(idAt(one))?.tool).toBe(`${one}`);
  }
  expect(asked.answer(idAt(0))).toBeUndefined();
  expect(asked.answer(idAt(3 * LATEST))).toBeUndefined();
});

test("an id that is used again stands for the later request, in whatever form it is, until it is forgotten", () => {
  const forms = fc.constantFrom<number | string>(
    7,
    "7",
    '"7"',
    "7.0",
    "7e0",
    16391,
    '"16391"',
    "-7",
    '"x"',
    2 ** 40 + 7,
  );
  const steps = fc.array(fc.tuple(forms, fc.constantFrom("unread", "read", "forget")), { maxLength: 30 });
  const keyOf = (id: number | string): string => {
    const text = typeof id === "string" && id.startsWith('"') ? id.slice(1, -1) : id;
    return Number.isNaN(Number(text)) ? `${text}` : `${Number(text)}`;
  };
  fc.assert(
    fc.property(steps, fc.array(forms), (all, answered) => {
      const asked = new AwaitedAnswers();
      const expected = new Map<string, Awaited>();
      for (const [index, [id, what]] of all.entries()) {
        if (what === "forget") {
          asked.forget(`${id}`);
          expected.delete(keyOf(id));
        } else {
          const request = what === "read" ? read(`${index}`) : unread(`${index}`);
          asked.add(id, request);
          expected.set(keyOf(id), request);
        }
        for (const one of answered) expect(asked.answer(one)).toEqual(expected.get(keyOf(one)) as Awaited);
      }
    }),
  );
});
