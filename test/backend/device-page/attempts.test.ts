/** How often somebody may be wrong, without a service. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Attempts, type Guessed } from "../../../src/backend/device-page/attempts.ts";

setDefaultTimeout(60_000);

const SECOND = 1000;

/** Wrong ones until it refuses, and how long it wants to be left alone then. */
function wrongUntilRefused(
  attempts: Attempts,
  guessed: Guessed,
  who: (time: number) => { account: string; address: string },
  now = 0,
) {
  for (let time = 0; time < 10_000; time++) {
    const attempt = attempts.begin(guessed, who(time), now);
    if (attempt.state === "refused") return { times: time, waitSeconds: attempt.waitSeconds };
  }
  throw new Error("It never refuses");
}

describe("Attempts", () => {
  test.each([
    ["an account from everywhere", "password", () => "a", (time: number) => `192.0.2.${time}`, 20, 180],
    ["an address at every account", "password", String, () => "192.0.2.1", 10, 360],
    ["everybody together", "password", String, (time: number) => `10.0.${time >> 8}.${time & 255}`, 300, 1],
    ["an account from everywhere", "code", () => "a", (time: number) => `192.0.2.${time}`, 5, 120],
    ["an address with many accounts", "code", String, () => "192.0.2.1", 10, 60],
    ["everybody together", "code", String, (time: number) => `10.0.${time >> 8}.${time & 255}`, 100, 2],
  ] as const)("%s is refused a wrong %s in the end", (_, guessed, account, address, times, waitSeconds) => {
    const who = (time: number) => ({ account: account(time), address: address(time) });
    expect(wrongUntilRefused(new Attempts(), guessed, who)).toEqual({ times, waitSeconds });
  });

  test("one more is allowed after the wait, not two", () => {
    const attempts = new Attempts();
    const who = () => ({ account: "a", address: "192.0.2.1" });
    wrongUntilRefused(attempts, "code", who);
    expect(wrongUntilRefused(attempts, "code", who, 119 * SECOND)).toEqual({ times: 0, waitSeconds: 1 });
    expect(wrongUntilRefused(attempts, "code", who, 120 * SECOND).times).toBe(1);
    expect(wrongUntilRefused(attempts, "code", who, 3600 * SECOND).times).toBe(5);
  });

  test("within the ten minutes that a code lives an account tries ten at most, all together 400", () => {
    const alone = new Attempts();
    const together = new Attempts();
    let [one, all] = [0, 0];
    for (let now = 0; now < 600 * SECOND; now += SECOND) {
      one += wrongUntilRefused(alone, "code", () => ({ account: "a", address: `192.0.2.${now % 251}` }), now).times;
      all += wrongUntilRefused(
        together,
        "code",
        (time) => ({ account: `${now} ${time}`, address: `${now} ${time}` }),
        now,
      ).times;
    }
    expect(one).toBeLessThanOrEqual(10);
    expect(all).toBeLessThanOrEqual(400);
  });

  test("one address cannot keep an account's owner out", () => {
    const attempts = new Attempts();
    const attacker = () => ({ account: "a", address: "203.0.113.1" });
    for (let now = 0; now < 3600 * SECOND; now += SECOND) wrongUntilRefused(attempts, "password", attacker, now);
    const owner = { account: "a", address: "192.0.2.1" };
    expect(attempts.begin("password", owner, 3600 * SECOND).state).toBe("allowed");
  });

  test("what was right is not counted, but many at once are, before that is known", () => {
    const attempts = new Attempts();
    const who = { account: "a", address: "192.0.2.1" };
    for (let time = 0; time < 100; time++) {
      const attempt = attempts.begin("code", who, 0);
      if (attempt.state === "allowed") attempt.wasRight();
    }
    const open = Array.from({ length: 7 }, () => attempts.begin("code", who, 0).state);
    expect(open.filter((state) => state === "allowed")).toHaveLength(5);
  });

  test("a network of IPv6 is one address; another one is not", () => {
    const attempts = new Attempts();
    const inNetwork = (time: number) => ({ account: String(time), address: `2001:db8:0:1:${time.toString(16)}::1` });
    expect(wrongUntilRefused(attempts, "password", inNetwork).times).toBe(10);
    expect(attempts.begin("password", { account: "b", address: "2001:db8:0:2::1" }, 0).state).toBe("allowed");
  });

  test("a clock that is set back neither gives more nor locks for ever", () => {
    const attempts = new Attempts();
    const who = () => ({ account: "a", address: "192.0.2.1" });
    wrongUntilRefused(attempts, "code", who, 1_000_000 * SECOND);
    expect(wrongUntilRefused(attempts, "code", who, 0)).toEqual({ times: 0, waitSeconds: 120 });
    expect(wrongUntilRefused(attempts, "code", who, 120 * SECOND).times).toBe(1);
  });

  test("memory is bounded, whatever names come", () => {
    const attempts = new Attempts();
    for (let time = 0; time < 26_000; time++) {
      attempts.begin("code", { account: String(time), address: `a ${time}` }, time * 10 * SECOND);
    }
    expect(attempts.size).toBeLessThanOrEqual(50_000);
  });

  test("who tries ever new accounts does not make it forget the wrong attempts at one", () => {
    const attempts = new Attempts();
    const atOne = (time: number) => ({ account: "a", address: `192.0.2.${time}` });
    expect(wrongUntilRefused(attempts, "password", atOne).times).toBe(20);
    // Five in a second, of which one is allowed.
    for (let now = 0; now < 3000 * SECOND; now += 200) {
      attempts.begin("password", { account: String(now), address: `a ${now}` }, now);
      attempts.begin("password", { account: `${now} too`, address: `a ${now} too` }, now);
    }
    expect(wrongUntilRefused(attempts, "password", atOne, 3010 * SECOND).times).toBe(16);
  });
});
