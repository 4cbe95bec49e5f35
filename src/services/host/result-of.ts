/** `resultOf`: an outcome as the answer to a request that has no other way to fail than an error of the protocol. */
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { Outcome } from "./gated-calls.ts";

/** What whoever asks can change. */
const THEIRS = new Set(["SVC_001", "SVC_002", "SVC_004", "SVC_006", "SVC_007"]);

/** @throws ProtocolError where there is no result */
export function resultOf<R>(outcome: Outcome<R>): R {
  if ("result" in outcome) return outcome.result;
  const { code, text } = outcome;
  const isTheirs = code !== undefined && THEIRS.has(code);
  throw new ProtocolError(isTheirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError, text);
}
