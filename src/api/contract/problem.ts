/** Problem details (RFC 9457): the errors that kilometers-api answers with, by their codes. */
import * as v from "valibot";

/** What each code means. Codes and their statuses do not change; the text of `detail` may. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: "The request is not valid" },
  malformed_body: { status: 400, title: "The body of the request cannot be read" },
  unauthenticated: { status: 401, title: "Authentication is needed" },
  forbidden: { status: 403, title: "Not allowed" },
  tier_required: { status: 403, title: "A higher tier is needed" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  request_timeout: { status: 408, title: "The request took too long to arrive" },
  conflict: { status: 409, title: "In conflict with what is there" },
  idempotency_in_progress: { status: 409, title: "The first request with this Idempotency-Key is not finished" },
  body_too_large: { status: 413, title: "The body of the request is too large" },
  uri_too_long: { status: 414, title: "The address of the request is too long" },
  unsupported_media_type: { status: 415, title: "The Content-Type is not supported" },
  unsupported_encoding: { status: 415, title: "The Content-Encoding is not supported" },
  range_not_satisfiable: { status: 416, title: "The range cannot be had" },
  misdirected_request: { status: 421, title: "This service does not answer for that host" },
  idempotency_key_reused: { status: 422, title: "The Idempotency-Key was used for another request" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal_error: { status: 500, title: "Something went wrong in the service" },
  unavailable: { status: 503, title: "The service cannot answer now" },
  overloaded: { status: 503, title: "The service has too much to do" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

const FAULT = v.object({
  detail: v.string(),
  /** Of a member of the body: a JSON pointer as a URI fragment, `#/events/0/id`. */
  pointer: v.optional(v.string()),
  /** Of the query or the path: the parameter's name. */
  parameter: v.optional(v.string()),
});

export type Fault = v.InferOutput<typeof FAULT>;

/** Open: later versions of the service may add members. */
export const PROBLEM = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.string(),
  detail: v.optional(v.string()),
  request_id: v.optional(v.string()),
  errors: v.optional(v.array(FAULT)),
});

export type ProblemDetails = v.InferOutput<typeof PROBLEM>;

/** RFC 6749, section 5.2: how the OAuth endpoints say what is wrong. */
export const OAUTH_ERROR = v.object({ error: v.string(), error_description: v.optional(v.string()) });

/** `https://kilometers.ai/problems/not_found` */
export function problemType(code: ProblemCode): string {
  return `https://kilometers.ai/problems/${code}`;
}
