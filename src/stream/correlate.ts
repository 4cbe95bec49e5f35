/**
 * Pairs answers with their requests, in both directions, and the rounds of one logical call with each other:
 * multi-round-trip calls (`input_required`, retried under a new id with `requestState`), tasks (polled after the answer),
 * progress and cancellation. No I/O; the time is an argument.
 */
import type { JsonObject, Message } from "../wire/jsonrpc.ts";
import { member, targetOf, text, toolOf } from "../wire/mcp.ts";
import type { Direction } from "./event.ts";

export interface Correlation {
  /** `seq` of the request that opened the logical call. */
  call?: number;
  method?: string;
  tool?: string;
  target?: string;
  /** Since the logical call was opened; on its answers. */
  durationMs?: number;
  continues?: "input_required" | "task";
}

interface Call {
  seq: number;
  startedMs: number;
  method: string;
  tool: string | undefined;
  target: string | undefined;
  progressToken: string | undefined;
  cancelled: boolean;
}

interface Pending {
  /** The method of this very request: a poll of a task differs from the call it polls for. */
  method: string;
  tool: string | undefined;
  target: string | undefined;
  call: Call;
}

/** More than this many unanswered requests, and the oldest are forgotten: a peer that never answers costs no memory. */
const MOST_PENDING = 10_000;
/** The same for requests that are open under one id. */
const MOST_WITH_ONE_ID = 100;

export class Correlator {
  readonly #sides: Record<Direction, Side> = { request: new Side(), response: new Side() };

  /**
   * @param direction in which the message travels
   * @param seq its number in the session
   * @param timeMs monotonic
   */
  observe(message: Message, direction: Direction, seq: number, timeMs: number): Correlation {
    switch (message.kind) {
      case "request":
        return this.#sides[direction].opened(message.id, message.method, member(message.value, "params"), seq, timeMs);
      case "notification":
        return this.#notified(message.method, member(message.value, "params"), direction);
      case "response":
      case "error":
        // The answer travels against the request.
        return this.#sides[direction === "request" ? "response" : "request"].answered(message, timeMs);
    }
  }

  /** Requests of both directions without an answer, cancelled ones aside. */
  pending(): number {
    return this.openRequests() + this.#sides.response.pending();
  }

  /** Those of the client alone. */
  openRequests(): number {
    return this.#sides.request.pending();
  }

  #notified(method: string, params: JsonObject | undefined, direction: Direction): Correlation {
    const opposite = this.#sides[direction === "request" ? "response" : "request"];
    const target = targetOf(method, params);
    const base: Correlation = target === undefined ? { method } : { method, target };
    switch (method) {
      case "notifications/progress":
        return { ...base, ...callOf(opposite.progressing(params?.["progressToken"])) };
      case "notifications/cancelled":
        return { ...base, ...callOf(this.#sides[direction].cancelled(params?.["requestId"])) };
      case "notifications/tasks":
      case "notifications/tasks/status":
        return { ...base, ...callOf(opposite.taskCall(params)) };
      default:
        return base;
    }
  }
}

/** The requests that travel in one direction. */
class Side {
  /** By id text. Ids may be reused while a request with the same id is open: the oldest is answered first. */
  readonly #pending = new Map<string, Pending | Pending[]>();
  readonly #byProgress = new Map<string, Call>();
  /** Calls whose answer asked for another round, by `requestState`; those without a state by what they call. */
  readonly #awaitingRetry = new Map<string, Call>();
  readonly #tasks = new Map<string, Call>();

  pending(): number {
    return [...this.#pending.values()].flat().filter(({ call }) => !call.cancelled).length;
  }

  opened(id: string, method: string, params: JsonObject | undefined, seq: number, timeMs: number): Correlation {
    const tool = toolOf(method, params);
    const target = targetOf(method, params);
    const call = this.#continued(method, tool ?? target, params) ?? {
      seq,
      startedMs: timeMs,
      method,
      tool,
      target,
      progressToken: undefined,
      cancelled: false,
    };
    this.#add(id, { method, tool, target, call });
    const progressToken = member(params, "_meta")?.["progressToken"];
    if (progressToken !== undefined) {
      call.progressToken = JSON.stringify(progressToken);
      remember(this.#byProgress, call.progressToken, call);
    }
    return named({ call: call.seq, method }, tool, target);
  }

  answered(message: Message & { kind: "response" | "error" }, timeMs: number): Correlation {
    const pending = this.#take(message.id);
    if (pending === undefined) return {};
    const { call } = pending;
    const result = message.kind === "response" ? member(message.value, "result") : undefined;
    const continues = this.#continues(call, pending, result);
    if (continues === undefined && call.progressToken !== undefined) this.#byProgress.delete(call.progressToken);
    const correlation: Correlation = {
      call: call.seq,
      method: pending.method,
      durationMs: Math.round((timeMs - call.startedMs) * 1000) / 1000,
    };
    if (continues !== undefined) correlation.continues = continues;
    return named(correlation, pending.tool, pending.target);
  }

  progressing(token: unknown): Call | undefined {
    return token === undefined ? undefined : this.#byProgress.get(JSON.stringify(token));
  }

  cancelled(requestId: unknown): Call | undefined {
    const pending = this.#pending.get(JSON.stringify(requestId));
    const call = (Array.isArray(pending) ? pending[0] : pending)?.call;
    if (call !== undefined) call.cancelled = true;
    return call;
  }

  /** The call behind a task. */
  taskCall(status: JsonObject | undefined): Call | undefined {
    return this.#tasks.get(text(status?.["taskId"]) ?? "");
  }

  #continued(method: string, name: string | undefined, params: JsonObject | undefined): Call | undefined {
    if (params === undefined) return undefined;
    const state = text(params["requestState"]);
    if (state !== undefined || params["inputResponses"] !== undefined) {
      const key = retryKey(state, method, name);
      const call = this.#awaitingRetry.get(key);
      this.#awaitingRetry.delete(key);
      return call;
    }
    return method.startsWith("tasks/") ? this.#tasks.get(text(params["taskId"]) ?? "") : undefined;
  }

  #continues(call: Call, pending: Pending, result: JsonObject | undefined): Correlation["continues"] {
    if (result === undefined) return undefined;
    if (result["resultType"] === "input_required") {
      const key = retryKey(text(result["requestState"]), call.method, call.tool ?? call.target);
      remember(this.#awaitingRetry, key, call);
      return "input_required";
    }
    if (pending.method.startsWith("tasks/")) {
      // A modern poll brings the result along; after a legacy one it is still to be fetched with `tasks/result`.
      const brought = result["result"] !== undefined || result["error"] !== undefined;
      const over = pending.method === "tasks/result" || result["status"] === "cancelled" || brought;
      if (!this.#tasks.has(pending.target ?? "")) return undefined;
      return over ? undefined : "task";
    }
    // Legacy answers carry `task`, modern ones are the task themselves.
    const task = member(result, "task") ?? (result["resultType"] === "task" ? result : undefined);
    const taskId = text(task?.["taskId"]);
    if (taskId === undefined || isFinal(task)) return undefined;
    remember(this.#tasks, taskId, call);
    return "task";
  }

  #add(id: string, pending: Pending): void {
    const same = this.#pending.get(id);
    if (same === undefined) remember(this.#pending, id, pending);
    else if (Array.isArray(same)) {
      same.push(pending);
      if (same.length > MOST_WITH_ONE_ID) same.shift();
    } else this.#pending.set(id, [same, pending]);
  }

  #take(id: string): Pending | undefined {
    const found = this.#pending.get(id);
    if (!Array.isArray(found)) {
      this.#pending.delete(id);
      return found;
    }
    const oldest = found.shift();
    if (found.length === 0) this.#pending.delete(id);
    return oldest;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= MOST_PENDING) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

function retryKey(state: string | undefined, method: string, name: string | undefined): string {
  return state === undefined ? `call ${method} ${name ?? ""}` : `state ${state}`;
}

function isFinal(status: JsonObject | undefined): boolean {
  const state = status?.["status"];
  return state === "completed" || state === "failed" || state === "cancelled";
}

function named(correlation: Correlation, tool: string | undefined, target: string | undefined): Correlation {
  if (tool !== undefined) correlation.tool = tool;
  if (target !== undefined) correlation.target = target;
  return correlation;
}

function callOf(call: Call | undefined): Correlation {
  return call === undefined ? {} : { call: call.seq };
}
