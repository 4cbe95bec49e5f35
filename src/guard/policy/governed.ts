/** Which methods a policy is about where its rules name none. */
import type { Direction } from "../../stream/event.ts";
import type { NamePatterns } from "./compiled.ts";
import type { Met } from "./met.ts";
import { folded, NameMatcher } from "./name-matcher.ts";

/** A session cannot do without these: only a rule that names one in full is about it. */
const VITAL = new Set([
  "initialize",
  "notifications/initialized",
  "server/discover",
  "ping",
  "notifications/cancelled",
  "notifications/progress",
]);

/** Values for what is typed: nothing that is done, but they have secrets as results have. */
export const COMPLETION = "completion/complete";

/** Lists and settings: what neither does nor reads anything. */
const HARMLESS = new Set([
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/subscribe",
  "resources/unsubscribe",
  "subscriptions/listen",
  COMPLETION,
  "logging/setLevel",
  "roots/list",
  "tasks/get",
  "tasks/result",
  "tasks/list",
  "tasks/update",
  "tasks/cancel",
]);

/** What the server tells in words, unasked. */
export function isTold(method: string): boolean {
  return TOLD.has(folded(method));
}

const TOLD = new Set(["notifications/message", "notifications/progress", "notifications/tasks/status"]);

/** What the server asks of the client. */
export const ASKED_BY_SERVER = ["sampling/createMessage", "elicitation/create", "roots/list"];

export const CALL = "tools/call";

/** Whether `default`, and rules without `method` and `tool`, are about it. Methods that nobody knows are. */
export function isGoverned(method: string): boolean {
  return !VITAL.has(method) && !HARMLESS.has(method) && !method.startsWith("notifications/");
}

/** Whether what travels in this direction under this method is the answer to it: as far as that alone can tell. */
export function isAnswer(direction: Direction, method: string): boolean {
  if (method.startsWith("notifications/")) return false;
  return (direction === "request") === ASKED_BY_SERVER.includes(method);
}

/** Answers to these carry the results of calls that became tasks. */
export function isOfTask(method: string): boolean {
  return method === "tasks/get" || method === "tasks/result";
}

/** The messages that name such a thing: what a rule about its name can be about. */
export const METHODS_WITH = {
  tool: [CALL],
  prompt: ["prompts/get", COMPLETION],
  resource: ["resources/read", "resources/subscribe", "resources/unsubscribe", COMPLETION],
} as const;

/** @param patterns those of a rule; a rule about tools is about calls */
export function methodTest(
  patterns: NamePatterns | undefined,
  about: keyof typeof METHODS_WITH | undefined,
): (method: string) => Met {
  const theirs = about && new NameMatcher({ any: [...METHODS_WITH[about]], none: [] });
  if (patterns === undefined) {
    return theirs === undefined
      ? (method) => isGoverned(method) || isGoverned(folded(method))
      : (method) => theirs.matches(method);
  }
  const named = new NameMatcher(patterns);
  const literal = new Set(patterns.any.filter((glob) => !/[*?]/.test(glob)));
  return (method) => {
    if (theirs?.matches(method) === false) return false;
    if (VITAL.has(method)) return literal.has(method);
    return named.matches(method);
  };
}
