/** What is remembered of servers that cannot be reached, in one process and in several. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BreakerState, CLOSED, MOST_FAILURES, nextBreaker, phaseOf } from "../../src/resilience/breaker.ts";
import { breakerStates, sharedBreaker } from "../../src/resilience/breaker-file.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "km-breaker-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a breaker opens after failures in a row, longer each time, and closes with the first success", () => {
  let state: BreakerState = CLOSED;
  for (let n = 1; n < MOST_FAILURES; n++) state = nextBreaker(state, "unreachable", 1000);
  expect(phaseOf(state, 1000)).toBe("closed");
  expect(nextBreaker(state, "reached", 1000)).toEqual(CLOSED);
  const open = nextBreaker(state, "unreachable", 1000);
  expect([phaseOf(open, 1001), phaseOf(open, open.openUntil)]).toEqual(["open", "half-open"]);
  const longer = nextBreaker(open, "unreachable", open.openUntil);
  expect(longer.openUntil - open.openUntil).toBe(2 * (open.openUntil - 1000));
  expect(nextBreaker(longer, "unknown", 5000)).toBe(longer);
  expect(nextBreaker(longer, "reached", 5000)).toEqual(CLOSED);
});

test("a clock that was set back keeps a breaker open no longer", () => {
  expect(phaseOf({ failures: 9, openUntil: 10_000_000 }, 0)).toBe("half-open");
});

function failing(name: string, clock: { now: number }) {
  const breaker = sharedBreaker(folder, name, "https://host/mcp", () => clock.now);
  for (let n = 0; n < MOST_FAILURES; n++) {
    expect(breaker.refusal()).toBeUndefined();
    breaker.settled("unreachable");
  }
  return breaker;
}

test("what one process found out holds for the others, and one of them may try", () => {
  const clock = { now: Date.now() };
  const one = failing("shared", clock);
  const two = sharedBreaker(folder, "shared", "https://host/mcp", () => clock.now);
  expect(one.refusal()?.reason).toContain(`${MOST_FAILURES} times`);
  expect(two.refusal()?.reason).toBe(one.refusal()?.reason ?? "");
  expect(breakerStates(folder, clock.now)).toContainEqual({ server: "shared", state: 1 });
  expect(statSync(join(folder, "breakers")).mode & 0o777).toBe(0o700);
  clock.now += 5000;
  expect(breakerStates(folder, clock.now)).toContainEqual({ server: "shared", state: 0.5 });
  expect(two.refusal()).toBeUndefined();
  expect(one.refusal()).toBeDefined();
  two.settled("reached");
  clock.now += 1000;
  expect(one.refusal()).toBeUndefined();
  expect(breakerStates(folder, clock.now).filter(({ server }) => server === "shared")).toEqual([]);
});

test("a trial that fails opens it again; one that says nothing lets another try", () => {
  const clock = { now: Date.now() };
  const one = failing("trial", clock);
  clock.now += 5000;
  expect(one.refusal()).toBeUndefined();
  one.settled("unknown");
  expect(one.refusal()).toBeUndefined();
  one.settled("unreachable");
  expect(one.phase()).toBe("open");
  expect(readdirSync(join(folder, "breakers")).filter((file) => file.endsWith(".trial"))).toEqual([]);
});

test("servers of one name at two places have two breakers", () => {
  const clock = { now: Date.now() };
  failing("moved", clock);
  expect(sharedBreaker(folder, "moved", "https://other/mcp", () => clock.now).refusal()).toBeUndefined();
});

test("a file that is no breaker's counts for nothing", () => {
  for (const file of readdirSync(join(folder, "breakers"))) writeFileSync(join(folder, "breakers", file), "{");
  expect(breakerStates(folder)).toEqual([]);
  expect(breakerStates(join(folder, "none"))).toEqual([]);
  expect(existsSync(join(folder, "none"))).toBe(false);
});
