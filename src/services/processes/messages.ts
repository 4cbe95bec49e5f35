/**
 * What km and a process that works for it say to each other: a line of JSON each, by stdin and stdout, one call at a time. What
 * hangs in the system, or computes without end, cannot be broken off; a process can be ended.
 */
import * as v from "valibot";

/** `cancel`: nobody waits for that call any more. */
export type Request<Work> = { id: number; work: Work } | { cancel: number };

const CODES = [
  "SVC_001",
  "SVC_002",
  "SVC_003",
  "SVC_004",
  "SVC_005",
  "SVC_006",
  "SVC_007",
  "SVC_008",
  "CFG_002",
] as const;

/** `fault`: what nobody expected. `aborted`: it has ended because of `cancel`. */
export const REPLY = v.variant("kind", [
  v.object({ kind: v.literal("answer"), id: v.number(), answer: v.unknown() }),
  v.object({
    kind: v.literal("error"),
    id: v.number(),
    code: v.picklist(CODES),
    message: v.string(),
    hint: v.exactOptional(v.string()),
  }),
  v.object({ kind: v.literal("fault"), id: v.number(), message: v.string() }),
  v.object({ kind: v.literal("aborted"), id: v.number() }),
  v.object({
    kind: v.literal("progress"),
    id: v.number(),
    done: v.number(),
    total: v.exactOptional(v.number()),
    message: v.exactOptional(v.string()),
  }),
]);
export type Reply = v.InferOutput<typeof REPLY>;

/** Of a line. The longest is a file of 4 MB that is to be written, all of it escaped. */
export const MOST_LINE_BYTES = 64 << 20;
