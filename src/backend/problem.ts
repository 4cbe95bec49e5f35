/** `Problem`: an error as a value, which a handler returns and the service answers with. */
import {
  type Fault,
  type ProblemCode,
  PROBLEM_MEDIA_TYPE,
  type ProblemDetails,
  PROBLEMS,
  problemType,
} from "../api/contract/problem.ts";

export interface Problem {
  readonly kind: "problem";
  code: ProblemCode;
  /** For the caller, one sentence; nothing of the inside of the service. */
  detail?: string | undefined;
  errors?: Fault[] | undefined;
  headers?: Record<string, string> | undefined;
}

/** An error of an OAuth endpoint: RFC 6749, section 5.2, and RFC 8628, section 3.5. */
export interface OAuthError {
  readonly kind: "oauth-error";
  error: string;
  description?: string | undefined;
  /** 400 unless given. */
  status?: number | undefined;
  headers?: Record<string, string> | undefined;
}

export function problem(code: ProblemCode, detail?: string, more: Pick<Problem, "errors" | "headers"> = {}): Problem {
  return { kind: "problem", code, detail, ...more };
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "problem";
}

export function oauthError(
  error: string,
  description?: string,
  more: Pick<OAuthError, "status" | "headers"> = {},
): OAuthError {
  return { kind: "oauth-error", error, description, ...more };
}

/**
 * A problem found where no value can be returned: while a streamed body is read, or by a database that is not there. The
 * only error that is thrown by design.
 */
export class RefusedError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export function encodeProblem({ code, detail, errors, headers }: Problem, requestId: string): ErrorAnswer {
  const { status, title } = PROBLEMS[code];
  const details: ProblemDetails = { type: problemType(code), title, status, code, request_id: requestId };
  if (detail !== undefined) details.detail = detail;
  if (errors !== undefined) details.errors = errors;
  return { status, headers: { ...headers, "content-type": PROBLEM_MEDIA_TYPE }, body: JSON.stringify(details) };
}

export function encodeOAuthError({ error, description, status = 400, headers }: OAuthError): ErrorAnswer {
  const body = JSON.stringify({ error, error_description: description });
  return { status, headers: { ...headers, "content-type": "application/json" }, body };
}

/** What an OAuth client is told of a problem that is not its endpoint's own. */
export function asOAuthError({ code, detail, errors, headers }: Problem): OAuthError {
  const { status, title } = PROBLEMS[code];
  const fault = errors?.[0];
  const where = fault === undefined ? "" : `: ${fault.pointer ?? fault.parameter ?? ""} ${fault.detail}`;
  const more = { status, ...(headers !== undefined && { headers }) };
  return oauthError(oauthCode(code), `${detail ?? title}${where}`, more);
}

function oauthCode(code: ProblemCode): string {
  const { status } = PROBLEMS[code];
  if (code === "unauthenticated") return "invalid_client";
  if (status === 429 || status === 503) return "temporarily_unavailable";
  return status >= 500 ? "server_error" : "invalid_request";
}
