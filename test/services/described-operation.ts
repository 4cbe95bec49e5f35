/**
 * `DescribedOperation`: one request of an API and its answer, as schemas: for descriptions that say more of values than a type does, as those of
 * `api-description.ts` do not; and `requestProblem` and `answerProblem`: what is not as it says.
 */
import * as v from "valibot";

export interface DescribedOperation {
  /** Parameters that it knows, and what their values look like. */
  query?: Record<string, RegExp>;
  required?: readonly string[];
  /** Undefined where there is none. */
  body?: v.GenericSchema;
  /** Unless given, 200. */
  status?: number;
  answer: v.GenericSchema;
  /** Of what is refused, where it is more than others are. */
  refusal?: v.GenericSchema;
}

/** @param body undefined or empty where there is none */
export function requestProblem(
  { query = {}, required = [], body: schema }: DescribedOperation,
  given: URLSearchParams,
  body?: unknown,
): string | undefined {
  for (const [name, value] of given) {
    const pattern = query[name];
    if (pattern === undefined) return `it has no parameter ${name}`;
    if (!pattern.test(value)) return `its parameter ${name} is not ${value}`;
  }
  const missing = required.find((name) => !given.get(name));
  if (missing !== undefined) return `its parameter ${missing} is required`;
  if (schema === undefined) return Object.keys(Object(body)).length === 0 ? undefined : "it takes no body";
  const found = schemaProblem(schema, body);
  return found && `its body, ${found}`;
}

export function answerProblem(schema: v.GenericSchema, answer: unknown): string | undefined {
  const found = schemaProblem(schema, answer);
  return found && `answered what it should not: ${found}`;
}

function schemaProblem(schema: v.GenericSchema, value: unknown): string | undefined {
  const { issues } = v.safeParse(schema, value);
  return issues && `${v.getDotPath(issues[0]) ?? ""}: ${issues[0].message}`;
}
