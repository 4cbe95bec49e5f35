/** `readError`: what Kibana says went wrong: `{"statusCode":404,"error":"Not Found","message":"..."}`. */
import * as v from "valibot";

const ERROR = v.pipe(v.string(), v.parseJson(), v.object({ message: v.string(), error: v.optional(v.string()) }));

/** While it starts, or does not reach its Elasticsearch, it says that as a plain text. */
const NOT_READY = /^Kibana server is not ready yet\b.{0,200}/;

export function readError(text: string): string | undefined {
  const read = v.safeParse(ERROR, text);
  return read.success ? read.output.message : NOT_READY.exec(text)?.[0];
}
