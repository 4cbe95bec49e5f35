/** `readError`: what Kibana says went wrong: `{"statusCode":404,"error":"Not Found","message":"..."}`. */
import * as v from "valibot";

const ERROR = v.pipe(v.string(), v.parseJson(), v.object({ message: v.string(), error: v.optional(v.string()) }));

export function readError(text: string): string | undefined {
  const read = v.safeParse(ERROR, text);
  return read.success ? read.output.message : undefined;
}
