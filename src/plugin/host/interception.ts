/** Asks the plugins that were granted it what shall become of a message, one after the other, within a time for all. */
import { pause } from "../../process/pause.ts";
import { isObject, type JsonObject, memberText } from "../../wire/jsonrpc.ts";
import type { HeldMessage, Verdict } from "../../stream/verdict.ts";
import { MAX_LINE } from "../protocol.ts";
import type { Supervisor } from "./supervisor.ts";

export interface InterceptionRules {
  timeoutMs: number;
  /** What happens to a message about which nobody could decide. */
  onTimeout: "pass" | "block";
}

/**
 * A plugin that is still starting is waited for; one that failed, or does not answer in time, leaves the decision to the
 * rules. What one plugin has changed is what the next one is asked about.
 *
 * @param supervisors of the plugins that were granted this method
 */
export async function intercept(
  supervisors: Supervisor[],
  held: HeldMessage,
  { timeoutMs, onTimeout }: InterceptionRules,
): Promise<Verdict> {
  const deadline = performance.now() + timeoutMs;
  let verdict: Verdict = { action: "pass" };
  let { text } = held;
  for (const [index, supervisor] of supervisors.entries()) {
    const left = deadline - performance.now();
    // One that is silent must not use up the time of those behind it.
    const share = left / (supervisors.length - index);
    const decided = await decide(supervisor, { ...held, text }, Math.max(0, share)).catch(() => undefined);
    if (decided === undefined) {
      if (onTimeout === "pass") continue;
      return { action: "block", by: supervisor.name, reason: "it could not be checked in time" };
    }
    if (decided.action === "block") return { ...decided, by: supervisor.name };
    if (decided.action === "modify") {
      ({ text } = decided);
      verdict = { ...decided, by: supervisor.name };
    }
  }
  return verdict;
}

/** Undefined where there is no answer of use: the message cannot be asked about, or not be answered so. */
async function decide(supervisor: Supervisor, held: HeldMessage, ms: number): Promise<Decided | undefined> {
  if (!isObject(parse(held.text)) || Buffer.byteLength(held.text) > MOST_BYTES) return undefined;
  const decided = readAnswer(await ask(supervisor, held, performance.now() + ms), held.text, held.method);
  return decided?.action === "modify" && Buffer.byteLength(decided.text) > MOST_BYTES ? undefined : decided;
}

/** What is around the message in its line takes room too. */
const MOST_BYTES = MAX_LINE - 64 * 1024;
const MOST_REASON = 1000;

/** Undefined where there is no answer. */
async function ask(supervisor: Supervisor, asked: HeldMessage, deadline: number): Promise<unknown> {
  const late = pause(Math.max(0, deadline - performance.now())).then(() => undefined);
  const asking = async (): Promise<unknown> => {
    const connection = await supervisor.active();
    if (!supervisor.decides) return { action: "pass" }; // it only observes
    const left = Math.max(1, Math.round(deadline - performance.now()));
    return await connection?.requestIntercept(asked, left);
  };
  return await Promise.race([asking().catch(() => undefined), late]);
}

type Decided = { action: "pass" } | { action: "block"; reason: string } | { action: "modify"; text: string };

/** Undefined for what is no answer of the protocol. */
function readAnswer(answer: unknown, text: string, method: string): Decided | undefined {
  if (!isObject(answer)) return undefined;
  const { action, reason, message } = answer;
  if (action === "pass") return { action };
  if (action === "block")
    return { action, reason: typeof reason === "string" ? reason.slice(0, MOST_REASON) : "no reason given" };
  if (action !== "modify" || !isObject(message)) return undefined;
  return { action, text: withParams(text, method, message) };
}

/** Only the parameters change: id and method stay to the digit. */
function withParams(text: string, method: string, { params }: JsonObject): string {
  const id = memberText(text, "id");
  const members = [
    '"jsonrpc":"2.0"',
    ...(id === undefined ? [] : [`"id":${id}`]),
    `"method":${JSON.stringify(method)}`,
    ...(params === undefined ? [] : [`"params":${JSON.stringify(params)}`]),
  ];
  return `{${members.join(",")}}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
