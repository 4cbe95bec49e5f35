/** `LineOutput`: one write for what is said in one step, never two at once, and an end when nobody reads. */
import { expect, test } from "bun:test";
import { LineOutput, type Sink } from "../../../src/plugin/sdk/line-output.ts";

const throwing: Sink = () => {
  throw new Error("closed");
};

const rejecting: Sink = async () => {
  throw new Error("closed");
};

test("lines of one step become one write", async () => {
  const writes: string[] = [];
  const output = new LineOutput((text) => void writes.push(text), fail);
  output.write("a");
  output.write("b");
  expect(writes).toEqual([]);
  await output.drained();
  output.write("c");
  await Promise.resolve();
  expect(writes).toEqual(["a\nb\n", "c\n"]);
});

test("while a write is under way lines wait, and go in one write behind it", async () => {
  const writes: string[] = [];
  const taken: (() => void)[] = [];
  const sink = (text: string): Promise<void> => {
    writes.push(text);
    return new Promise((resolve) => taken.push(resolve));
  };
  const output = new LineOutput(sink, fail);
  output.write("a");
  output.flush();
  output.write("b");
  output.flush();
  output.write("c");
  await Promise.resolve();
  expect(writes).toEqual(["a\n"]);
  expect(output.congested).toBe(false);
  output.write("x".repeat(2 << 20));
  expect(output.congested).toBe(true);
  taken[0]?.();
  const drained = output.drained();
  await Promise.resolve();
  await Promise.resolve();
  taken[1]?.();
  await drained;
  expect(writes.map((text) => text.slice(0, 5))).toEqual(["a\n", "b\nc\nx"]);
  expect(output.congested).toBe(false);
});

test("a sink that fails, at once or later, breaks it once; what comes after is dropped", async () => {
  for (const sink of [throwing, rejecting]) {
    let broken = 0;
    let calls = 0;
    const output = new LineOutput(
      (text) => {
        calls++;
        return sink(text);
      },
      () => broken++,
    );
    output.write("a");
    await output.drained();
    output.write("b");
    await output.drained();
    expect([broken, calls]).toEqual([1, 1]);
  }
});

function fail(): never {
  throw new Error("not broken");
}
