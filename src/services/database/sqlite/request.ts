/**
 * What km asks the process that works with a SQLite file, and what that answers. SQLite works in the thread of its caller and cannot
 * be told to stop; a process can be ended.
 */
import * as v from "valibot";

const CELL = v.union([v.string(), v.number(), v.boolean(), v.null()]);

export const SQLITE_REQUEST = v.object({
  file: v.string(),
  /** `try`: a change that is undone. */
  mode: v.picklist(["read", "try", "keep"]),
  sql: v.string(),
  parameters: v.array(CELL),
  from: v.number(),
  limit: v.number(),
  /** How long it waits for locks of others. */
  lockMs: v.number(),
});

const ROWS = v.object({
  columns: v.array(v.object({ name: v.string(), type: v.string(), secret: v.exactOptional(v.string()) })),
  rows: v.array(v.array(CELL)),
  hasMore: v.boolean(),
});

export const SQLITE_ANSWER = v.union([
  v.object({
    rows: ROWS,
    affected: v.optional(v.number()),
    objects: v.array(v.string()),
    untried: v.optional(v.string()),
  }),
  v.object({ error: v.object({ code: v.string(), message: v.string() }) }),
]);

export type SqliteRequest = v.InferOutput<typeof SQLITE_REQUEST>;
export type SqliteAnswer = v.InferOutput<typeof SQLITE_ANSWER>;

/** Of one answer. */
export const MOST_ANSWER_BYTES = 60 << 20;
