/** Cursors: the place of the last row of a page. The next page begins behind it, whatever was added meanwhile. */
import * as v from "valibot";
import { type Problem, problem } from "../problem.ts";

export interface Cursor<Place> {
  encode(place: Place): string;
  /** Undefined where there is none: the first page. */
  decode(text: string | undefined): { place: Place | undefined } | Problem;
}

/** @param place its members have the values by which the list is ordered */
export function cursorOf<Place>(place: v.GenericSchema<unknown, Place>): Cursor<Place> {
  return {
    encode: (at) => Buffer.from(JSON.stringify(v.parse(place, at))).toString("base64url"),
    decode(text) {
      if (text === undefined) return { place: undefined };
      const decoded = v.safeParse(place, parse(Buffer.from(text, "base64url").toString()));
      if (decoded.success) return { place: decoded.output };
      const errors = [{ parameter: "cursor", detail: "Not one that this list gave" }];
      return problem("invalid_request", "The query is not as it should be", { errors });
    },
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
