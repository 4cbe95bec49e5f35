/** What `continue` of a file that is read means: where to go on. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";

export interface ReadFrom {
  /** Of the masked text a character, of what is read in parts a byte. */
  at: number;
  /** The line there, where it is known. */
  line: number;
}

const WHOLE = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const TOKEN = v.strictObject({ at: WHOLE, line: WHOLE, of: v.string() });

export function readToken({ at, line }: ReadFrom, question: unknown): string {
  return Buffer.from(JSON.stringify({ at, line, of: markOf(question) })).toString("base64url");
}

/** @throws KmError SVC_001 for one of another file */
export function readFromToken(token: string, question: unknown): ReadFrom {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), TOKEN), Buffer.from(token, "base64url").toString());
  if (read.success && read.output.of === markOf(question)) return read.output;
  throw new KmError("SVC_001", "Argument continue is no token of this file", {
    hint: "Give next of the last answer as it is, with the same path; or leave it out to begin anew.",
  });
}

function markOf(question: unknown): string {
  return Bun.hash(JSON.stringify(question)).toString(36);
}
