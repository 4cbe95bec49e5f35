/** `instructionRules`: texts that tell the model what its user did not ask for, told by wordings that stand together. */
import { around } from "../evidence.ts";
import { SEVERITIES, type Severity } from "../finding.ts";
import type { Kind } from "../kind.ts";
import type { Aim } from "../phrase.ts";
import { eachText, type Rule } from "../rule.ts";
import { type Signal, weightOf } from "../signals.ts";

/** How heavy a group of wordings has to be. */
const ENOUGH = { definition: 3, arguments: 4, result: 4 };
/** How far apart they may stand. */
const REACH = 320;
/** Who has something sent says so in one sentence or two. */
const NEAR = 120;

/** Of which another wording of the same makes it more certain. */
const ADDS_UP: ReadonlySet<Aim> = new Set(["override", "conceal", "rights"]);

/** Wordings of `lead`, together with those of `support`. */
interface Combination {
  lead: Aim;
  support: readonly Aim[];
  /** At least one of these must be there; none where the lead is enough if it weighs enough. */
  needs?: readonly Aim[];
  /** What one of those has to weigh; 0.5 unless given. */
  leastNeeded?: number;
  /** How far apart they may stand, in characters; 320 unless given. */
  reach?: number;
  /** What the lead itself has to weigh. */
  least?: number;
  /** By how much it weighs more than enough; `HIGH` unless given. */
  severities?: Severities;
}

/** The heaviest first. */
type Severities = readonly [more: number, severity: Severity][];

const HIGH: Severities = [
  [3, "critical"],
  [0, "high"],
];
const MEDIUM: Severities = [
  [3, "critical"],
  [0, "medium"],
];
const BY_SIGNS: Severities = [
  [4, "critical"],
  [2, "high"],
  [0, "medium"],
];

const STEPS: readonly Aim[] = ["read", "send", "pass", "act", "task", "shadow"];
/** What tells that a text is for a model, which its people do not read. */
const FOR_A_MODEL: readonly Aim[] = ["cue", "field", "address", "conceal", "tag", "hidden", "override"];
const PRESSURE: readonly Aim[] = ["demand", "tag", "hidden", "address"];

export const instructionRules: readonly Rule[] = [
  {
    id: "instruction-override",
    severity: "high",
    title: "Tells the model to set its instructions aside",
    owasp: { definition: "MCP03", result: "MCP06" },
    kinds: ["definition", "result"],
    detect: combined({ lead: "override", support: ["conceal", "secret", ...STEPS, ...PRESSURE], least: 2 }),
  },
  {
    id: "concealment",
    severity: "high",
    title: "Tells the model to keep something from the user",
    owasp: { definition: "MCP03", result: "MCP06" },
    kinds: ["definition", "result"],
    detect: combined({ lead: "conceal", support: ["override", ...STEPS, "tag", "hidden", "address"], least: 2 }),
  },
  {
    id: "data-request",
    severity: "high",
    title: "Has the model fetch secrets or hand data on",
    owasp: { definition: "MCP03", result: "MCP10" },
    kinds: ["definition", "result"],
    detect: both(
      combined({
        lead: "read",
        support: ["send", "pass", "demand", "tag", "hidden", "address", "conceal", "override"],
        reach: NEAR,
      }),
      combined({
        lead: "send",
        support: ["read", "secret", "demand", "tag", "hidden", "address", "conceal", "override"],
        needs: ["read", "secret", "tag", "hidden", "address", "conceal", "override"],
        reach: NEAR,
      }),
      combined({ lead: "pass", support: ["read", "demand", "tag", "conceal", "override"], reach: NEAR }),
    ),
  },
  {
    id: "tool-shadowing",
    severity: "high",
    title: "Tells the model how to use other tools",
    owasp: { definition: "MCP03", result: "MCP06" },
    kinds: ["definition", "result"],
    detect: combined({ lead: "shadow", support: ["conceal", "send", "read", "pass", "tag", "override", "demand"] }),
  },
  {
    id: "model-instruction",
    severity: "medium",
    title: "Speaks to the model as its user or its system does",
    owasp: { definition: "MCP03", result: "MCP06" },
    kinds: ["definition", "result"],
    detect: both(
      combined({
        lead: "address",
        support: [...STEPS, "demand", "tag", "hidden", "conceal", "override"],
        needs: [...STEPS, "tag", "hidden", "conceal", "override"],
        severities: MEDIUM,
      }),
      combined({
        lead: "tag",
        support: [...STEPS, "demand", "hidden", "conceal", "override", "address"],
        severities: MEDIUM,
      }),
      combined({ lead: "act", support: ["demand", "hidden", "tag", "address", "conceal"], severities: MEDIUM }),
      combined({
        lead: "task",
        support: ["owner", "demand", "hidden", "tag", "address"],
        reach: NEAR,
        severities: MEDIUM,
      }),
    ),
  },
  {
    id: "privilege-claim",
    severity: "high",
    title: "Claims rights for itself, or has the model take some that nobody gave it",
    owasp: "MCP02",
    kinds: ["definition", "result"],
    detect: combined({ lead: "rights", support: ["demand", ...FOR_A_MODEL], severities: HIGH }),
  },
  {
    id: "direct-request",
    severity: "medium",
    title: "Asks whoever reads it for an action, as something that is for a model",
    owasp: "MCP06",
    kinds: ["result"],
    detect: combined({
      lead: "ask",
      support: ["demand", ...FOR_A_MODEL],
      needs: FOR_A_MODEL,
      leastNeeded: 1.5,
      reach: 200,
      severities: BY_SIGNS,
    }),
  },
];

function combined(combination: Combination): Rule["detect"] {
  return eachText((text, { kind }) => {
    if (text.role === "name") return undefined;
    const group = heaviest(text.signals, kind, combination) ?? heaviest(text.quotedSignals, kind, combination);
    if (group === undefined) return undefined;
    const { start, end, weight, says, aims } = group;
    const { severities = HIGH } = combination;
    const severity = severities.find(([more]) => weight >= ENOUGH[kind] + more)?.[1] ?? "low";
    const isExample = !text.signals.includes(group.lead);
    const evidence = `${around(text.plain, start, Math.min(end, start + 260))} (${says.join("; ")})`;
    return { evidence, severity: isExample ? ofExample(severity, aims) : severity };
  });
}

/** One severity less; an order of one kind alone is what an example consists of. */
function ofExample(severity: Severity, aims: number): Severity {
  return aims === 1 ? "low" : (SEVERITIES[SEVERITIES.indexOf(severity) + 1] ?? "info");
}

function both(...detectors: Rule["detect"][]): Rule["detect"] {
  return function* detectBoth(subject) {
    const places = new Set<string>();
    for (const detect of detectors) {
      for (const hit of detect(subject)) {
        if (places.has(hit.place)) continue;
        places.add(hit.place);
        yield hit;
      }
    }
  };
}

interface Group {
  start: number;
  end: number;
  weight: number;
  /** What its wordings do. */
  says: string[];
  /** How many different things. */
  aims: number;
  lead: Signal;
}

/** The first group that weighs enough, with what stands near it. */
function heaviest(
  signals: readonly Signal[],
  kind: Kind,
  { lead, support, needs, leastNeeded = 0.5, reach = REACH, least = 0.5 }: Combination,
): Group | undefined {
  let from = 0;
  let last: Signal | undefined;
  for (const signal of signals) {
    if (signal.aim !== lead || weightOf(signal, kind) < least) continue;
    // A text of nothing but leads would make each of them look at all others within reach.
    if (last !== undefined && signal.start - last.start < 24 && weightOf(signal, kind) <= weightOf(last, kind))
      continue;
    last = signal;
    while ((signals[from]?.start ?? Number.POSITIVE_INFINITY) < signal.start - reach) from++;
    const best = new Map<Aim, Signal>([[lead, signal]]);
    let second: Signal | undefined; // another wording of the lead's own aim
    for (let i = from; i < signals.length; i++) {
      const other = signals[i] as Signal; // `i` is below the length
      if (other.start > signal.end + reach) break;
      const isSecond = ADDS_UP.has(lead) && other.aim === lead && other.phrase.says !== signal.phrase.says;
      if (isSecond && weightOf(other, kind) > (second === undefined ? 0 : weightOf(second, kind))) second = other;
      if (!support.includes(other.aim) || isElsewhere(other, signal)) continue;
      const known = best.get(other.aim);
      if (known === undefined || weightOf(other, kind) > weightOf(known, kind)) best.set(other.aim, other);
    }
    const members = [...best.values()].filter((one) => weightOf(one, kind) > 0);
    const half = second === undefined ? 0 : weightOf(second, kind) / 2;
    const weight = members.reduce((sum, one) => sum + weightOf(one, kind), half);
    if (weight < ENOUGH[kind]) continue;
    if (needs?.some((aim) => weighs(best.get(aim), kind) >= leastNeeded) === false) continue;
    if (second !== undefined) members.push(second);
    members.sort((a, b) => a.start - b.start);
    return {
      start: members[0]?.start ?? signal.start,
      end: Math.max(...members.map(({ end }) => end)),
      weight,
      says: members.map(({ phrase }) => phrase.says),
      aims: best.size,
      lead: signal,
    };
  }
  return undefined;
}

/** Whether it is a comment that ends before the other begins, or begins behind it: pages and changelogs have marks of generators. */
function isElsewhere({ aim, start, end }: Signal, lead: Signal): boolean {
  return aim === "hidden" && end - start > LONGEST_STYLE && (lead.start >= end || lead.end <= start);
}

/** What hides a text by its style is not longer; a comment is. */
const LONGEST_STYLE = 24;

function weighs(signal: Signal | undefined, kind: Kind): number {
  return signal === undefined ? 0 : weightOf(signal, kind);
}
