/** `refusalOf`: what an answer of the API that is an error means for the user. */
import * as v from "valibot";
import { KmError } from "../errors.ts";
import { PROBLEM, type ProblemDetails } from "./contract/problem.ts";

/** Of what the API says: more would fill the screen. */
const MOST_CHARACTERS = 500;

export function refusalOf(origin: string, { status, headers }: Response, text: string): KmError {
  const problem = problemOf(text);
  if (problem === undefined) return notProblem(origin, status);
  const faults = faultsOf(problem);
  const said = cut(faults.length > 0 ? faults.join("; ") : (problem.detail ?? problem.title));
  switch (problem.code) {
    case "unauthenticated":
      return new KmError("AUTH_001", `The API at ${origin} does not accept the login: ${said}`, {
        hint: "Log in anew with km auth login, or see that the key in KM_API_KEY is right and not revoked.",
      });
    case "tier_required":
      return new KmError("PLG_TIER_001", said);
    default:
      return new KmError("API_002", `The API refuses it: ${said}`, hintFor(problem, headers));
  }
}

function problemOf(text: string): ProblemDetails | undefined {
  try {
    const checked = v.safeParse(PROBLEM, JSON.parse(text));
    return checked.success ? checked.output : undefined;
  } catch {
    return undefined;
  }
}

function notProblem(origin: string, status: number): KmError {
  const isElsewhere = status >= 300 && status < 400;
  const found = isElsewhere ? "it sends elsewhere" : "it does not say why";
  return new KmError("AUTH_004", `The API at ${origin} answered ${status}: ${found}`, {
    hint: isElsewhere
      ? "Set api.url (KM_API_URL) to where it really is: credentials are sent to no other place."
      : "See that api.url (KM_API_URL) is its address, and that what stands in front of it lets requests through.",
  });
}

function faultsOf({ errors = [] }: ProblemDetails): string[] {
  return errors.map(({ detail, pointer, parameter }) => {
    const where = parameter ?? pointer?.replace(/^#\/?/, "") ?? "";
    return where === "" ? detail : `${where}: ${detail}`;
  });
}

function hintFor({ code, status, request_id: id }: ProblemDetails, headers: Headers): { hint?: string } {
  const wait = headers.get("retry-after");
  if (wait !== null && /^\d{1,6}$/.test(wait)) return { hint: `Try again in ${wait} s.` };
  if (code === "forbidden") return { hint: "Somebody else may do it: see who you are with km auth status." };
  if (status >= 500 && id !== undefined) return { hint: `Its log says more, under ${cut(id)}.` };
  return {};
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
