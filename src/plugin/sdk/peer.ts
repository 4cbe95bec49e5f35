/** `Peer`: one end of a JSON-RPC 2.0 connection that carries one object a line. */
import { isObject } from "../../wire/jsonrpc.ts";
import { INTERNAL_ERROR, LIMIT_REACHED, MAX_LINE, METHOD_NOT_FOUND } from "../protocol.ts";
import { RpcError } from "../rpc-error.ts";
import type { LineOutput } from "./line-output.ts";

export interface PeerHandlers {
  /** Answers with what it returns or with what its promise brings; undefined where the method is unknown. */
  request(method: string): ((params: unknown) => unknown) | undefined;
  /** @param line the whole text, whose numbers have all their digits */
  notification(method: string, params: unknown, line: string): void;
  /** What came is not of the protocol, or its handler failed. */
  problem(text: string): void;
}

/** `R` and `N`: the requests and notifications that this end sends. */
export class Peer<R extends { [M in keyof R]: [unknown, unknown] }, N> {
  readonly #handlers: PeerHandlers;
  readonly #output: LineOutput;
  readonly #pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #closed: string | undefined;

  constructor(output: LineOutput, handlers: PeerHandlers) {
    this.#output = output;
    this.#handlers = handlers;
  }

  /** Never throws, whatever the line is. */
  receive(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = undefined;
    }
    if (!isObject(message)) {
      if (line.trim() !== "") this.#handlers.problem(`a line is not a JSON object: ${line.slice(0, 200)}`);
      return;
    }
    const { id, method } = message;
    if (typeof method !== "string") this.#settle(message);
    else if (typeof id === "string" || typeof id === "number") this.#answer(id, method, message["params"]);
    else this.#notice(method, message["params"], line);
  }

  /** @throws RpcError LIMIT_REACHED for parameters beyond the limit of a line */
  notify<M extends keyof N & string>(method: M, params: N[M]): void {
    this.#output.write(encode({ jsonrpc: "2.0", method, params }, method));
  }

  /** Rejects with the RpcError that the other end answers with. */
  async request<M extends keyof R & string>(method: M, params: R[M][0]): Promise<R[M][1]> {
    if (this.#closed !== undefined) throw new Error(this.#closed);
    const id = ++this.#lastId;
    const line = encode({ jsonrpc: "2.0", id, method, params }, method);
    return await new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#output.write(line);
    });
  }

  /** No answer will come any more. */
  close(reason: string): void {
    this.#closed = reason;
    for (const { reject } of this.#pending.values()) reject(new Error(reason));
    this.#pending.clear();
  }

  #settle(message: Record<string, unknown>): void {
    const { id, error, result } = message;
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (typeof id !== "number" || pending === undefined) {
      this.#handlers.problem(`an answer to no request: id ${JSON.stringify(id)}`);
      return;
    }
    this.#pending.delete(id);
    if (isObject(error)) pending.reject(new RpcError(Number(error["code"]), String(error["message"])));
    else pending.resolve(result);
  }

  #answer(id: string | number, method: string, params: unknown): void {
    const handler = this.#handlers.request(method);
    if (handler === undefined) {
      this.#fail(id, new RpcError(METHOD_NOT_FOUND, `Unknown method ${method}`));
      return;
    }
    try {
      const result = handler(params);
      if (isPromise(result)) {
        result.then(
          (value) => this.#succeed(id, method, value),
          (error: unknown) => this.#fail(id, error),
        );
      } else this.#succeed(id, method, result);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #succeed(id: string | number, method: string, result: unknown): void {
    try {
      this.#output.write(encode({ jsonrpc: "2.0", id, result: result ?? {} }, `answer to ${method}`));
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: string | number, error: unknown): void {
    const code = error instanceof RpcError ? error.code : INTERNAL_ERROR;
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 10_000);
    this.#output.write(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
  }

  #notice(method: string, params: unknown, line: string): void {
    try {
      this.#handlers.notification(method, params, line);
    } catch (error) {
      this.#handlers.problem(`${method} is not understood: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Whatever can be awaited, not only this realm's promises. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function encode(message: object, what: string): string {
  const line = JSON.stringify(message);
  // A character has three bytes at most: short lines need no counting.
  if (line.length * 3 > MAX_LINE && Buffer.byteLength(line) > MAX_LINE) {
    throw new RpcError(LIMIT_REACHED, `Cannot send ${what}: the line is longer than ${MAX_LINE} bytes`);
  }
  return line;
}
