/** How long answers are waited for when the client has closed its end. */
import { expect, test } from "bun:test";
import { lastAnswers, type Output } from "../../src/commands/last-answers.ts";
import { monotonic } from "../../src/process/monotonic.ts";

const never = new Promise<void>(() => {});

test("until all is answered", async () => {
  const settled = Promise.withResolvers<void>();
  const waiting = lastAnswers(settled.promise, { lastMs: monotonic(), isWaiting: false });
  settled.resolve();
  await waiting;
});

test("a server that is silent for too long is waited for no more", async () => {
  const since = monotonic();
  await lastAnswers(never, { lastMs: since - 5000, isWaiting: false }, 100, 60_000);
  expect(monotonic() - since).toBeWithin(90, 30_000);
});

test("one that says something, or whose words the client does not take, gets more time, and that has an end", async () => {
  const output: Output = { lastMs: monotonic(), isWaiting: false };
  const talking = setInterval(() => (output.lastMs = monotonic()), 20);
  const since = monotonic();
  await lastAnswers(never, output, 200, 600);
  clearInterval(talking);
  expect(monotonic() - since).toBeGreaterThanOrEqual(590);
  const later = monotonic();
  await lastAnswers(never, { lastMs: 0, isWaiting: true }, 100, 400);
  expect(monotonic() - later).toBeGreaterThanOrEqual(390);
});
