/** When requests are kept from a backend, and who may try again. */
import { describe, expect, test } from "bun:test";
import { type Attempt, BackendBreaker } from "../../../src/services/backend/backend-breaker.ts";

function allowed(attempt: Attempt): Attempt & { isAllowed: true } {
  if (attempt.isAllowed) return attempt;
  throw new Error("it is kept from the backend");
}

/** @returns the breaker after five failures, and how to let time pass */
function opened() {
  let now = 1_000_000;
  const breaker = new BackendBreaker(() => now);
  for (let failures = 0; failures < 5; failures++) allowed(breaker.begin()).settled("unreachable");
  return { breaker, pass: (ms: number) => void (now += ms) };
}

describe("BackendBreaker", () => {
  test("opens after failures in a row", () => {
    const { breaker } = opened();
    expect(breaker.begin()).toEqual({ isAllowed: false, failures: 5, waitMs: 5000 });
  });

  test("lets one try when its rest is over, and no other", () => {
    const { breaker, pass } = opened();
    pass(5000);
    const trial = allowed(breaker.begin());
    for (let count = 0; count < 10; count++) expect(breaker.begin().isAllowed).toBe(false);
    trial.settled("reached");
    expect([breaker.phase, breaker.begin().isAllowed, breaker.begin().isAllowed]).toEqual(["closed", true, true]);
  });

  test("a try that fails opens it for longer", () => {
    const { breaker, pass } = opened();
    pass(5000);
    allowed(breaker.begin()).settled("unreachable");
    expect(breaker.begin()).toEqual({ isAllowed: false, failures: 6, waitMs: 10_000 });
  });

  test("what was sent before neither closes it nor lets others try", () => {
    let now = 1_000_000;
    const breaker = new BackendBreaker(() => now);
    const early = allowed(breaker.begin());
    const other = allowed(breaker.begin());
    for (let failures = 0; failures < 5; failures++) allowed(breaker.begin()).settled("unreachable");
    early.settled("reached");
    expect(breaker.begin().isAllowed).toBe(false);
    now += 5000;
    const trial = allowed(breaker.begin());
    other.settled("unreachable");
    expect(breaker.begin().isAllowed).toBe(false);
    trial.settled("reached");
    expect(breaker.phase).toBe("closed");
  });

  test("a try that was broken off says nothing: the next one may", () => {
    const { breaker, pass } = opened();
    pass(5000);
    allowed(breaker.begin()).settled("unknown");
    expect(breaker.begin().isAllowed).toBe(true);
  });
});
