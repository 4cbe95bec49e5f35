import { expect, test } from "bun:test";
import { KINDS, planRound } from "./plan.ts";

const ROUNDS = Array.from({ length: 50 }, (_, index) => index + 1);

test("planRound: the same seed and round give the same plan, others another", () => {
  const plans = (seed: number) => ROUNDS.map((round) => JSON.stringify(planRound(seed, round)));
  expect(plans(7)).toEqual(plans(7));
  expect(new Set([...plans(7), ...plans(8)]).size).toBe(2 * ROUNDS.length);
});

test("planRound: a round is planned without those before it", () => {
  const last = planRound(7, 50);
  for (const round of ROUNDS) planRound(7, round);
  expect(planRound(7, 50)).toEqual(last);
});

const IN_TURN = ROUNDS.slice(0, KINDS.length);

test("planRound: as many rounds as there are kinds have some of each, and many rounds every trouble", () => {
  expect(new Set(IN_TURN.map((round) => planRound(1, round).kind)).size).toBe(4);
  const ways = IN_TURN.map((round) => planRound(1, round)).flatMap((plan) =>
    plan.kind === "remotes" ? [plan.way] : [],
  );
  expect(ways).toEqual(["monitor-url", "proxy", "proxy-url"]);
  const troubles = ROUNDS.flatMap((round) => {
    const plan = planRound(1, round);
    return plan.kind === "sessions" ? plan.troubles : [];
  });
  const words = troubles.map((trouble) => ("target" in trouble ? `${trouble.kind} ${trouble.target}` : trouble.kind));
  expect([...new Set(words)].toSorted()).toEqual([
    "clock",
    "full-disk",
    "kill client",
    "kill gatekeeper",
    "kill host",
    "kill km",
    "kill maintenance",
    "kill plugin",
    "kill server",
    "kill watchdog",
    "kill-api",
    "stop api",
    "stop client",
    "stop gatekeeper",
    "stop host",
    "stop km",
    "stop plugin",
    "stop server",
  ]);
});

test("planRound: where only some kinds are wanted, there are no others", () => {
  const plans = ROUNDS.map((round) => planRound(1, round, ["proxy", "wraps"]));
  expect([...new Set(plans.map(({ kind }) => kind))].toSorted()).toEqual(["remotes", "wraps"]);
});

test("planRound: every fault of a network, every way to answer and every process to kill is met", () => {
  const plans = ROUNDS.flatMap((round) => {
    const plan = planRound(1, round, ["monitor-url", "proxy", "proxy-url"]);
    return plan.kind === "remotes" ? [plan] : [];
  });
  const words = (found: string[]): string => [...new Set(found)].toSorted().join(" ");
  expect(words(plans.flatMap(({ faults }) => faults.map(({ kind }) => kind)))).toBe(
    "cut delay half-close none pieces refuse stall",
  );
  expect(words(plans.flatMap(({ talks }) => talks.flatMap(({ bursts }) => bursts.flat().map(({ how }) => how))))).toBe(
    "busy events fails json progress resumed torn unavailable",
  );
  expect(words(plans.flatMap(({ kills }) => kills.map(({ target }) => target)))).toBe("proxy recorder server stand-in");
});

test("planRound: of a turn one has a plugin that is asked, with a trouble of its own, and one PostgreSQL", () => {
  for (const seed of ROUNDS) {
    const plans = IN_TURN.map((round) => planRound(seed, round));
    const sessions = plans.filter((plan) => plan.kind === "sessions");
    const gated = sessions.filter(({ gate }) => gate !== undefined);
    expect(gated.length).toBeGreaterThan(0);
    for (const { troubles } of gated) {
      const targets = troubles.map((one) => ("target" in one ? one.target : undefined));
      expect(targets.some((target) => target === "gatekeeper" || target === "host")).toBe(true);
    }
    expect(sessions.some(({ database }) => database === "postgres")).toBe(true);
  }
});

test("planRound: a plugin that is asked is asked about everything or calls alone, and each rule decides for it", () => {
  const gates = ROUNDS.flatMap((one) => [planRound(1, one), planRound(1, one + ROUNDS.length)]).flatMap((plan) =>
    plan.kind === "sessions" && plan.gate !== undefined ? [plan.gate] : [],
  );
  const rules = gates.map(({ methods, onTimeout }) => `${String(methods)} ${onTimeout}`);
  expect([...new Set(rules)].toSorted()).toEqual(["tools/call block", "tools/call pass", "true block", "true pass"]);
});

test("planRound: where nobody is left to end what a server has left running, nothing is", () => {
  for (const round of ROUNDS.flatMap((one) => [one, one + 50, one + 100])) {
    const plan = planRound(1, round);
    if (plan.kind !== "sessions") continue;
    for (const [index, session] of plan.sessions.entries()) {
      const kills = plan.troubles.filter((one) => one.kind === "kill" && one.session === index);
      const killed = new Set(kills.map((one) => ("target" in one ? one.target : undefined)));
      if (killed.has("km") && killed.has("watchdog")) expect(session.leavesChild).toBe(false);
    }
  }
});
