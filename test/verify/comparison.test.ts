/** What `km verify` compares, and what it leaves out. */
import { expect, test } from "bun:test";
import { comparisonOf } from "../../src/verify/comparison.ts";

const exactly = comparisonOf({ onlyShape: false, ignore: [] });

function answer(result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, result });
}

/** The paths of the differences. */
function paths(ignore: string[], recorded: unknown, replayed: unknown): string[] {
  const compare = comparisonOf({ onlyShape: false, ignore });
  return compare(answer(recorded), answer(replayed)).map(({ path }) => path);
}

test("definitions are compared by their names, in whatever order they come", () => {
  const tool = (name: string, description: string): object => ({ name, description });
  const recorded = { tools: [tool("a", "first"), tool("b", "second")] };
  expect(exactly(answer(recorded), answer({ tools: recorded.tools.toReversed() }))).toEqual([]);
  const changed = { tools: [tool("b", "other"), tool("c", "new")] };
  expect(exactly(answer(recorded), answer(changed)).map(({ path }) => path)).toEqual([
    "result.tools.a",
    "result.tools.b.description",
    "result.tools.c",
  ]);
});

test("definitions whose names are not clear are compared by their places", () => {
  const twice = { prompts: [{ name: "a" }, { name: "a", title: "x" }] };
  const other = { prompts: [{ name: "a" }, { name: "a", title: "y" }] };
  expect(exactly(answer(twice), answer(other)).map(({ path }) => path)).toEqual(["result.prompts[1].title"]);
});

test("ignore names a place, or all that lies in it", () => {
  const [recorded, replayed] = [
    { a: { b: 1, c: 1 }, "x y": 1 },
    { a: { b: 2, c: 2 }, "x y": 2 },
  ];
  expect(paths(["result.a.b"], recorded, replayed)).toEqual(["result.a.c", 'result["x y"]']);
  expect(paths(["result.a"], recorded, replayed)).toEqual(['result["x y"]']);
  expect(paths(['result["x y"]'], recorded, replayed)).toEqual(["result.a.b", "result.a.c"]);
  expect(paths(["result.a.bb", "a", "b"], recorded, replayed)).toHaveLength(3);
});

test("a star stands for one step, two for any number", () => {
  const at = (time: number) => ({ time, list: [{ time, deep: { time, name: time } }] });
  expect(paths(["result.*.time"], at(1), at(2))).toHaveLength(4);
  expect(paths(["result.list[*].time"], at(1), at(2))).toHaveLength(3);
  expect(paths(["**.time"], at(1), at(2))).toEqual(["result.list[0].deep.name"]);
  expect(paths(["**"], at(1), at(2))).toEqual([]);
});

test("a path that is none is an error of usage", () => {
  for (const text of ["", "a..b", "a[", "a[x]", '"']) {
    expect(() => comparisonOf({ onlyShape: false, ignore: [text] })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  }
});

const shapes = comparisonOf({ onlyShape: true, ignore: [] });

test("shape: values may differ, types and members may not", () => {
  const recorded = answer({ text: "a", n: 9_007_199_254_740_993n.toString(), list: [{ a: 1 }, { b: 1 }], none: [] });
  const alike = answer({ text: "b", n: "", list: [{ b: 2, a: 3 }], none: [1] });
  expect(shapes(recorded, alike)).toEqual([]);
  const other = answer({ text: null, n: "", list: [{ a: "1" }], none: [], more: true });
  expect(shapes(recorded, other)).toEqual([
    { path: "result.text", recorded: "string", replayed: "null" },
    { path: "result.list[].a", recorded: "number", replayed: "string" },
    { path: "result.list[].b", recorded: "number" },
    { path: "result.more", replayed: "boolean" },
  ]);
});

test("shape: a number of any size is a number, and ignore works on what is shown", () => {
  expect(shapes('{"result":{"n":9007199254740993}}', '{"result":{"n":1.5}}')).toEqual([]);
  const compare = comparisonOf({ onlyShape: true, ignore: ["result.list[*].a"] });
  expect(compare(answer({ list: [{ a: 1 }] }), answer({ list: [{ a: "x" }] }))).toEqual([]);
});
