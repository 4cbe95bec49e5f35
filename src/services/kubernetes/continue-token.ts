/** Where a list goes on that comes from several places: which of them, the server's own token there, and how many rows to skip. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";

export interface Position {
  /** Of the places of a list: kinds, and namespaces of each. */
  place: number;
  /** Of the API server. */
  token: string | undefined;
  /** Rows of that page that were shown already. */
  skip: number;
}

const TOKEN = v.strictObject({
  p: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  t: v.optional(v.string()),
  s: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  q: v.string(),
});

/** @param question what the list depends on: a token of another question is refused */
export function sealed({ place, token, skip }: Position, question: unknown): string {
  return Buffer.from(JSON.stringify({ p: place, t: token, s: skip, q: hash(question) })).toString("base64url");
}

/** @throws KmError SVC_001 for a token that is not of this list */
export function unsealed(text: string, question: unknown): Position {
  const read = v.safeParse(TOKEN, decoded(text));
  if (read.success && read.output.q === hash(question)) {
    return { place: read.output.p, token: read.output.t, skip: read.output.s };
  }
  throw new KmError("SVC_001", "Argument continue is no token of this list", {
    hint: "Give next of the last answer as it is, with the same other arguments; or leave it out to begin anew.",
  });
}

function hash(question: unknown): string {
  return Bun.hash(JSON.stringify(question)).toString(36);
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}
