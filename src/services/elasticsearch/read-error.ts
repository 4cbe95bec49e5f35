/** `readError` and `causeOf`: what Elasticsearch says went wrong: `{"error":{"type":...,"reason":...,"root_cause":[...]},"status":404}`. */
import * as v from "valibot";

const CAUSE = v.object({
  type: v.string(),
  reason: v.nullish(v.string()),
  caused_by: v.optional(v.object({ reason: v.nullish(v.string()) })),
});
const ERROR = v.union([v.string(), v.intersect([CAUSE, v.object({ root_cause: v.optional(v.array(CAUSE)) })])]);
export const REFUSED = v.object({ error: ERROR });

export function readError(text: string): string | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), REFUSED), text);
  return read.success ? causeOf(read.output) : undefined;
}

export function causeOf({ error }: v.InferOutput<typeof REFUSED>): string {
  if (typeof error === "string") return error;
  // "all shards failed" says less than what the first of them says.
  const { type, reason, caused_by: deeper } = error.root_cause?.[0] ?? error;
  return [type, reason ?? error.reason, deeper?.reason]
    .filter((one) => typeof one === "string" && one !== "")
    .join(": ");
}
