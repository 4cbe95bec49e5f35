/** The trace that a request belongs to (W3C Trace Context), and `withTrace`: the same request, with it in `params._meta`. */
import { replaced, spanOf } from "../../wire/outline.ts";

export interface TraceContext {
  /** 32 and 16 hexadecimal digits. */
  traceId: string;
  /** Of who asks; undefined where the trace begins here. */
  parentId: string | undefined;
  state: string | undefined;
  /** Bit 0: who asks records its part. */
  flags: number;
}

export const SAMPLED = 1;

const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const MOST_STATE = 512;

/** Undefined for what is not well-formed, which counts as absent. */
export function parseTrace(traceparent: string, tracestate: string | undefined): TraceContext | undefined {
  const [, version, traceId, parentId, flags = "0", more] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || parentId === undefined || (version === "00" && more !== undefined)) return undefined;
  const isKept =
    tracestate !== undefined &&
    tracestate !== "" &&
    tracestate.length <= MOST_STATE &&
    /^[\x20-\x7e]*$/.test(tracestate);
  return { traceId, parentId, state: isKept ? tracestate : undefined, flags: Number.parseInt(flags, 16) };
}

export function newTrace(): TraceContext {
  return { traceId: randomHex(16), parentId: undefined, state: undefined, flags: SAMPLED };
}

export function newSpanId(): string {
  return randomHex(8);
}

export function traceparent({ traceId, flags }: TraceContext, spanId: string): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`;
}

/**
 * Other characters of the message stay as they are. A message without `params` stays as it is: there is no place for it.
 *
 * @param parent the value of `traceparent`, of a form that JSON needs no escapes for
 */
export function withTrace(text: string, parent: string, state: string | undefined): string {
  const params = spanOf(text, ["params"]);
  if (params === undefined || text[params.start] !== "{") return text;
  const members = [
    `"traceparent":"${parent}"`,
    ...(state === undefined ? [] : [`"tracestate":${JSON.stringify(state)}`]),
  ];
  const meta = spanOf(text, ["params", "_meta"]);
  if (meta === undefined) return withMembers(text, params.start, [`"_meta":{${members.join(",")}}`]);
  if (text[meta.start] !== "{") return text;
  const known = spanOf(text, ["params", "_meta", "traceparent"]);
  if (known === undefined) return withMembers(text, meta.start, members);
  return replaced(text, [{ span: known, by: `"${parent}"` }]);
}

/** Behind the brace of an object that may be empty. */
function withMembers(text: string, brace: number, members: string[]): string {
  const rest = text.slice(brace + 1);
  const comma = /^\s*\}/.test(rest) ? "" : ",";
  return `${text.slice(0, brace + 1)}${members.join(",")}${comma}${rest}`;
}

function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
