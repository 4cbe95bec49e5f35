import { expect, test } from "bun:test";
import { HeldMessages } from "../../src/gateway/held-messages.ts";

test("HeldMessages keeps the latest 1000, in their order, and gives them once", () => {
  const held = new HeldMessages();
  for (let count = 0; count < 1500; count++) held.hold(String(count));
  const texts = held.take();
  expect([texts.length, texts[0], texts.at(-1)]).toEqual([1000, "500", "1499"]);
  expect(held.take()).toEqual([]);
});

test("HeldMessages keeps no more than 4 MB, however long a message is", () => {
  const held = new HeldMessages();
  for (let count = 0; count < 20; count++) held.hold(`${count}${"x".repeat(1_000_000)}`);
  expect(held.take().map((text) => Number.parseInt(text))).toEqual([16, 17, 18, 19]);
  held.hold("x".repeat(5 << 20));
  held.hold("small");
  expect(held.take()).toEqual(["small"]);
});
