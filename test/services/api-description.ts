/**
 * `ApiDescription`: what a vendor has published about the endpoints that km uses, as facts in a form of our own; and `requestProblems` and
 * `answerProblems`: where a request of km, or an answer of a stub server, is not what that says. Types are written as in
 * `described-type.ts`.
 */
import * as v from "valibot";
import { membersIn, problemsIn, type Type, typeIn } from "./described-type.ts";

export const API_DESCRIPTION = v.object({
  /** Where the facts are from: file and version. */
  source: v.string(),
  endpoints: v.record(
    v.string(),
    v.object({
      /** `GET /_cat/indices/{index}` */
      paths: v.array(v.string()),
      query: v.string(),
      /** Undefined where there is none. */
      body: v.optional(v.string()),
      /** Undefined where nothing is said of it, or it is no JSON. */
      answer: v.optional(v.string()),
    }),
  ),
  types: v.record(v.string(), v.string()),
});
export type ApiDescription = v.InferOutput<typeof API_DESCRIPTION>;

export interface DescribedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

/** @returns the name of the endpoint, where there is one, and a sentence for each thing that is not as described */
export function requestProblems(
  api: ApiDescription,
  { method, path, query, body }: DescribedRequest,
): { endpoint?: string; problems: string[] } {
  const found = Object.entries(api.endpoints)
    .flatMap(([name, endpoint]) => endpoint.paths.map((one) => ({ name, endpoint, path: one })))
    .filter((one) => pathPattern(one.path).test(`${method} ${path}`))
    // Where names and words fit, the words are meant: `_search` is no index.
    .sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
  if (found === undefined) return { problems: [`${method} ${path} is not in the description`] };
  const { name, endpoint } = found;
  const asked = Object.fromEntries([...new Set(query.keys())].map((key) => [key, query.getAll(key)]));
  const members = membersIn(typeIn(api.types, endpoint.query));
  const problems = Object.entries(asked).flatMap(([key, values]) => {
    const type = members.get(key)?.type ?? members.get("*")?.type;
    if (type === undefined) return [`the query has ${key}`];
    return fitsAsText(type, values, 0) ? [] : [`the query has ${key}=${values.join()}`];
  });
  const missing = [...members]
    .filter(([key, one]) => !one.isOptional && !(key in asked))
    .map(([key]) => `the query has no ${key}`);
  problems.push(...missing);
  if (endpoint.body === undefined) problems.push(...(body === undefined ? [] : ["there is a body"]));
  else problems.push(...typeProblems(api, endpoint.body, body ?? {}, "body"));
  return { endpoint: name, problems: problems.map((one) => `${method} ${path} (${name}): ${one}`) };
}

export function answerProblems(api: ApiDescription, endpoint: string, answer: unknown): string[] {
  const type = api.endpoints[endpoint]?.answer;
  return type === undefined ? [] : typeProblems(api, type, answer, `answer of ${endpoint}`);
}

export function typeProblems(api: ApiDescription, type: string, value: unknown, where: string): string[] {
  return problemsIn(typeIn(api.types, type), value, where);
}

function pathPattern(path: string): RegExp {
  const pattern = path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+");
  // Elasticsearch has names of indices in the same place as words; `_all` is both.
  return new RegExp(`^${pattern.replace("/[^/]+", "/(?!_(?!all(?:/|$)))[^/]+")}$`);
}

/** In a query all values are texts, and lists are written with commas or by repeating the name. */
function fitsAsText(type: Type, values: readonly string[], depth: number): boolean {
  const [value = ""] = values;
  const isOne = values.length === 1;
  switch (type.kind) {
    case "unknown":
      return true;
    case "string":
      return isOne;
    case "number":
      return isOne && value !== "" && Number.isFinite(Number(value));
    case "boolean":
      return isOne && (value === "true" || value === "false");
    case "literal":
      return isOne && value === type.value;
    case "null":
    case "never":
      return false;
    case "named":
      return depth < 20 && fitsAsText(type.of(), values, depth + 1);
    case "union":
      return type.of.some((one) => fitsAsText(one, values, depth + 1));
    case "array":
      return values.flatMap((one) => one.split(",")).every((one) => fitsAsText(type.of, [one], depth + 1));
    case "object": {
      const read = v.safeParse(v.pipe(v.string(), v.parseJson()), value);
      return isOne && read.success && problemsIn(type, read.output, "").length === 0;
    }
  }
}
