/** `settle`: a request until its end, through the rounds in which the server asks for more, and the life of a task. */
import { pause } from "../process/pause.ts";
import { isObject, type JsonObject, memberText } from "../wire/jsonrpc.ts";
import type { Answer } from "./answer.ts";
import type { Conversation, Reply, RequestOptions, ServerRequest } from "./conversation.ts";

export interface RoundOptions extends RequestOptions {
  /** Answers what the server asks in between. */
  answer(request: ServerRequest, signal: AbortSignal | undefined): Promise<Reply>;
  onTask?(task: { id: string; status: string; message: string | undefined }): void;
}

/** A server that asks more often than that comes to no end. */
const MOST_ROUNDS = 100;
/** A URL elicitation is required. */
const PAGE_REQUIRED = -32042;
/** Where a server names no interval, and where it wants to be asked again without having asked anything. */
const POLL_MS = 1000;
const SHORTEST_POLL_MS = 50;
const LONGEST_POLL_MS = 30_000;

/** @param params the text of an object, which goes into each round as it is */
export async function settle(
  conversation: Conversation,
  method: string,
  params: string,
  options: RoundOptions,
): Promise<Answer> {
  let answer = await conversation.request(method, params, options);
  for (let round = 0; answer.kind === "result"; round++) {
    const { resultType, inputRequests, task } = answer.value;
    if (resultType === "task") return await finishTask(conversation, answer.value, options);
    // Of the revision 2025-11-25, where the client asks for a task.
    if (isObject(task) && typeof task["taskId"] === "string" && memberText(params, "task") !== undefined) {
      return await finishLegacyTask(conversation, task, options);
    }
    if (resultType !== "input_required") return answer;
    if (round === MOST_ROUNDS) return { kind: "none", reason: "it asks for input without end" };
    const responses = await responsesTo(inputRequests, options);
    if ("kind" in responses) return responses;
    if (!isObject(inputRequests)) await waitFor(POLL_MS, options.signal);
    const state = memberText(answer.text, "requestState");
    const members = [
      ...(isObject(inputRequests) ? [`"inputResponses":${responses.text}`] : []),
      ...(state === undefined ? [] : [`"requestState":${state}`]),
    ];
    answer = await conversation.request(method, withMembers(params, members), options);
  }
  return answer.kind === "error" && answer.code === PAGE_REQUIRED ? await showPages(answer, options) : answer;
}

/** Of 2025-11-25: what is to be done in the browser before the same is asked for again. */
async function showPages(refusal: Extract<Answer, { kind: "error" }>, options: RoundOptions): Promise<Answer> {
  const { data } = refusal;
  const pages: unknown[] = isObject(data) && Array.isArray(data["elicitations"]) ? data["elicitations"] : [];
  for (const page of pages) {
    const params = { ...(isObject(page) ? page : {}), mode: "url" };
    const reply = await options.answer({ method: "elicitation/create", params }, options.signal);
    if (!("result" in reply) || !reply.result.includes('"accept"')) return refusal;
  }
  return pages.length === 0 ? refusal : { kind: "none", reason: "it goes on when the page is done: ask again then" };
}

async function finishTask(conversation: Conversation, created: JsonObject, options: RoundOptions): Promise<Answer> {
  const { taskId } = created;
  if (typeof taskId !== "string") return { kind: "none", reason: "its task has no id" };
  const params = JSON.stringify({ taskId });
  const answered = new Set<string>();
  for (let task = created; ;) {
    tell(options, taskId, task);
    await waitFor(intervalOf(task["pollIntervalMs"]), options.signal);
    if (options.signal?.aborted) return await cancelTask(conversation, params);
    const answer = await conversation.request("tasks/get", params, options);
    if (answer.kind !== "result") return await orCancelled(conversation, params, answer, options);
    task = answer.value;
    switch (task["status"]) {
      case "completed":
      case "failed": {
        tell(options, taskId, task);
        return endOfTask(task, answer.text);
      }
      case "cancelled":
        return { kind: "none", reason: statusOf(task) ?? "the server has cancelled the task" };
      case "input_required": {
        const { inputRequests } = task;
        const open = isObject(inputRequests)
          ? Object.fromEntries(Object.entries(inputRequests).filter(([key]) => !answered.has(key)))
          : {};
        if (Object.keys(open).length === 0) break;
        const responses = await responsesTo(open, options);
        if ("kind" in responses) return await orCancelled(conversation, params, responses, options);
        for (const key of Object.keys(open)) answered.add(key);
        await conversation.request(
          "tasks/update",
          withMembers(params, [`"inputResponses":${responses.text}`]),
          options,
        );
        break;
      }
      default: // it works on it
    }
  }
}

async function finishLegacyTask(
  conversation: Conversation,
  created: JsonObject,
  options: RoundOptions,
): Promise<Answer> {
  const { taskId } = created;
  const id = String(taskId);
  const params = JSON.stringify({ taskId });
  for (let task = created; ;) {
    tell(options, id, task);
    // What it asks for then comes as requests of its own, while its result is waited for.
    if (task["status"] !== "working" && task["status"] !== "submitted") break;
    await waitFor(intervalOf(task["pollInterval"]), options.signal);
    if (options.signal?.aborted) return await cancelTask(conversation, params);
    const answer = await conversation.request("tasks/get", params, options);
    if (answer.kind !== "result") return await orCancelled(conversation, params, answer, options);
    task = answer.value;
  }
  // A person may be thinking about the answer.
  const answer = await conversation.request("tasks/result", params, { ...options, timeoutMs: undefined });
  return await orCancelled(conversation, params, answer, options);
}

/** What was interrupted while a task runs ends the task too. */
async function orCancelled(
  conversation: Conversation,
  params: string,
  answer: Answer,
  { signal }: RoundOptions,
): Promise<Answer> {
  return signal?.aborted ? await cancelTask(conversation, params) : answer;
}

async function cancelTask(conversation: Conversation, params: string): Promise<Answer> {
  await conversation.request("tasks/cancel", params, { timeoutMs: POLL_MS });
  return { kind: "none", reason: "interrupted" };
}

function endOfTask({ result, error }: JsonObject, text: string): Answer {
  if (isObject(result)) return { kind: "result", text: memberText(text, "result") ?? "{}", value: result };
  const { code, message, data } = isObject(error) ? error : {};
  return {
    kind: "error",
    text: memberText(text, "error") ?? "null",
    code: typeof code === "number" ? code : undefined,
    message: typeof message === "string" ? message : "the task has failed",
    data,
  };
}

/** @returns the text of an object with an answer to each, or why there is none */
async function responsesTo(
  requests: unknown,
  { answer, signal }: RoundOptions,
): Promise<{ text: string } | Extract<Answer, { kind: "none" }>> {
  const members: string[] = [];
  for (const [key, request] of Object.entries(isObject(requests) ? requests : {})) {
    if (signal?.aborted) return { kind: "none", reason: "interrupted" };
    const { method, params } = isObject(request) ? request : {};
    if (typeof method !== "string") return { kind: "none", reason: "it asks for something that names no method" };
    const reply = await answer({ method, params: isObject(params) ? params : {} }, signal);
    if ("error" in reply) return { kind: "none", reason: `it asks for ${method}: ${reply.error.message}` };
    members.push(`${JSON.stringify(key)}:${reply.result}`);
  }
  return { text: `{${members.join(",")}}` };
}

/** @param members texts such as `"name":1` */
export function withMembers(object: string, members: string[]): string {
  const inner = object.trim().slice(1, -1).trim();
  return `{${[...(inner === "" ? [] : [inner]), ...members].join(",")}}`;
}

function tell({ onTask }: RoundOptions, id: string, task: JsonObject): void {
  onTask?.({ id, status: String(task["status"]), message: statusOf(task) });
}

function statusOf({ statusMessage }: JsonObject): string | undefined {
  return typeof statusMessage === "string" && statusMessage !== "" ? statusMessage : undefined;
}

function intervalOf(given: unknown): number {
  return typeof given === "number" ? Math.min(Math.max(given, SHORTEST_POLL_MS), LONGEST_POLL_MS) : POLL_MS;
}

async function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  signal?.addEventListener("abort", end, { once: true });
  await Promise.race([promise, pause(ms)]);
  signal?.removeEventListener("abort", end);
}
