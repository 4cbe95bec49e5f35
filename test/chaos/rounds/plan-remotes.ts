/** `planRemotes`: MCP over HTTP on the far side of km, in front of it, or on both, with a network that breaks. */
import type { Random } from "../random.ts";

export interface RemotesPlan {
  kind: "remotes";
  /** `monitor-url`: HTTP behind km. `proxy`: in front of it. `proxy-url`: both. */
  way: "monitor-url" | "proxy" | "proxy-url";
  talks: TalkPlan[];
  /** Of one connection after the other, from the first again when all have been used. */
  faults: Fault[];
  kills: RemoteKill[];
}

export interface TalkPlan {
  /** After the first one's start. */
  startMs: number;
  era: Era;
  /** Calls that are made at once, and then those that follow when they are answered. */
  bursts: CallPlan[][];
  /** The last burst is left open: its client closes its end, as far as it has one. */
  leavesEarly: boolean;
}

/** `sse` is HTTP with SSE, before 2025-03-26: behind km alone. */
export type Era = "legacy" | "modern" | "sse";

export interface CallPlan {
  /** How a server over HTTP answers; one on stdio takes its time and says something before it, or not. */
  how: How;
  ms: number;
  /** Of the answer, beside the rest. */
  bytes: number;
}

export type How =
  | "json"
  | "events"
  /** Something else comes before it. */
  | "progress"
  /** The stream ends before it, and can be taken up. */
  | "resumed"
  /** 429 at first. */
  | "busy"
  | "unavailable"
  | "fails"
  /** The connection ends in the middle of it. */
  | "torn";

/** What becomes of a connection: `up` is towards the server. */
export type Fault =
  | { kind: "none" }
  | { kind: "refuse" }
  | { kind: "cut"; way: "up" | "down"; afterBytes: number; isReset: boolean }
  | { kind: "half-close"; way: "up" | "down"; afterBytes: number }
  | { kind: "delay"; ms: number }
  | { kind: "stall"; way: "up" | "down"; afterBytes: number; ms: number }
  | { kind: "pieces" };

export interface RemoteKill {
  atMs: number;
  /** `recorder` is a km monitor, `stand-in` the process that speaks HTTP for it, `server` the real one. */
  target: "recorder" | "stand-in" | "server" | "proxy";
  /** Which of several, from 0; as far as there are so many. */
  index: number;
}

const LATEST_MS = 3000;

export function planRemotes(random: Random, way: RemotesPlan["way"]): RemotesPlan {
  const isBehind = way === "monitor-url";
  const eras = isBehind ? (["legacy", "modern", "sse"] as const) : (["legacy", "modern"] as const);
  const talks = random.list(2, isBehind ? 5 : 12, (index) => planTalk(random, index, random.pick(eras)));
  const isCalm = random.chance(0.15);
  return {
    kind: "remotes",
    way,
    talks,
    faults: isCalm ? [{ kind: "none" }] : random.list(4, 20, () => planFault(random)),
    kills: random.chance(0.3) ? [] : random.list(1, 4, () => planKill(random, way)).sort((a, b) => a.atMs - b.atMs),
  };
}

function planTalk(random: Random, index: number, era: Era): TalkPlan {
  return {
    startMs: index === 0 ? 0 : random.integer(0, 1000),
    era,
    bursts: random.list(2, 8, () => random.list(1, random.pick([1, 4, 20]), () => planCall(random))),
    leavesEarly: random.chance(0.2),
  };
}

function planCall(random: Random): CallPlan {
  return {
    how: random.pick([
      "json",
      "json",
      "json",
      "events",
      "events",
      "progress",
      "resumed",
      "busy",
      "unavailable",
      "fails",
      "torn",
    ]),
    ms: random.pick([0, 0, 5, 50, 300]),
    bytes: random.pick([10, 10, 500, 20_000, 200_000]),
  };
}

function planFault(random: Random): Fault {
  const way = random.pick(["up", "down"]);
  const afterBytes = random.pick([0, 1, random.integer(0, 500), random.integer(0, 5000), random.integer(0, 100_000)]);
  switch (random.pick(["none", "none", "refuse", "cut", "cut", "half-close", "delay", "stall", "pieces"])) {
    case "none":
      return { kind: "none" };
    case "refuse":
      return { kind: "refuse" };
    case "cut":
      return { kind: "cut", way, afterBytes, isReset: random.chance(0.5) };
    case "half-close":
      return { kind: "half-close", way, afterBytes };
    case "delay":
      return { kind: "delay", ms: random.integer(1, 100) };
    case "stall":
      return { kind: "stall", way, afterBytes, ms: random.integer(100, 2000) };
    case "pieces":
      return { kind: "pieces" };
  }
}

function planKill(random: Random, way: RemotesPlan["way"]): RemoteKill {
  const others = way === "monitor-url" ? [] : (["proxy", "recorder"] as const);
  const target = random.pick(["server", "recorder", "stand-in", ...others]);
  return { atMs: random.integer(0, LATEST_MS), target, index: random.integer(0, 3) };
}
