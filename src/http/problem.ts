/** `Problem`: why there is no answer to what was sent, in words for people and in the form of a JSON-RPC error. */
import { type ErrorCode, KmError, messageOf, systemCode } from "../errors.ts";
import { retryAfter } from "../api/retry-after.ts";
import { shownUrl } from "./shown-url.ts";

export interface Problem {
  /** What was found: "it refuses the connection". */
  reason: string;
  /** What can be done about it, one sentence. */
  hint: string;
  /** Of km's own error, for programs. */
  code?: ErrorCode;
  /** Of the answer, where there was one. */
  status?: number | undefined;
  /** Whether it is of use to send it again, and safe whatever it is; unless given, that depends on what it is. */
  again?: "always" | "never";
  /** It is connected, and only slow. */
  isLate?: boolean;
}

/** Of what is still open when the connection is given up. */
export const CLOSED: Problem = {
  reason: "the connection is given up, and it has not answered",
  hint: "See what the server says in its log.",
};

/** The code of what a connection fails with whose certificate has another key than those that are pinned. */
export const WRONG_PIN = "KM_WRONG_PIN";

/** JSON-RPC's code for errors of an implementation's own. */
const SERVER_ERROR = -32000;

/**
 * The line that a client gets in place of an answer. Its `data` says the same as its message, in parts: `status` of the
 * HTTP answer, where there was one, the `code` of km's own error, and `url`, `reason` and `hint`.
 *
 * @param id the exact text of its id
 */
export function errorLine(id: string, problem: Problem, method: string, url: string, code = SERVER_ERROR): string {
  const message = problemText(problem, method, url);
  const { status, reason, hint } = problem;
  const data = { status, code: problem.code, url: shownUrl(url), reason, ...(hint !== "" && { hint }) };
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message, data })}}`;
}

/** For people. */
export function problemText({ reason, hint }: Problem, method: string, url: string): string {
  return `Cannot send ${method} to ${new URL(url).host}: ${reason}. ${hint}`.trimEnd();
}

const MOST_OF_URL = 200;

interface Words {
  reason: string;
  hint: string;
}

/** Nothing of a request was sent, and the next time it may be. */
const NO_CONNECTION: Record<string, Words> = {
  ECONNREFUSED: { reason: "it refuses the connection", hint: "See that the server runs and that the port is right." },
  ENOTFOUND: { reason: "there is no such host", hint: "Check the name in the URL, and the network." },
  EAI_AGAIN: { reason: "its name cannot be looked up now", hint: "Check the network." },
  EHOSTUNREACH: { reason: "there is no way to the host", hint: "Check the network." },
  ENETUNREACH: { reason: "there is no way to its network", hint: "Check the network." },
};

const UNTRUSTED = {
  reason: "its certificate is not from an authority that is trusted here",
  hint: "If it is the right server, name the authority's certificate: tls.ca of the server, or NODE_EXTRA_CA_CERTS.",
};

/** By the codes of Bun and OpenSSL: the next time is no different. */
const NO_TLS: Record<string, Words> = {
  FailedToOpenSocket: { reason: "no connection can be opened", hint: "Check the URL and the TLS files of the server." },
  EPROTO: {
    reason: "no TLS can be agreed upon",
    hint: "See whether https:// is right, and whether it wants a certificate of its clients (tls.cert and tls.key).",
  },
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_HAS_EXPIRED: {
    reason: "its certificate has expired",
    hint: "Its operator has to renew it; see also this machine's clock.",
  },
  CERT_NOT_YET_VALID: { reason: "its certificate is not valid yet", hint: "See this machine's clock." },
  CERT_REVOKED: { reason: "its certificate was revoked", hint: "Ask its operator." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: "its certificate is for another host",
    hint: "Check the name in the URL; tls.serverName says what the certificate is for, where that is meant to differ.",
  },
  [WRONG_PIN]: {
    reason: "its certificate has another key than those that are pinned",
    hint: "If the server has a new key, pin that; otherwise somebody stands between.",
  },
};

/** Whether it is of no use to ask again for the same, as long as nobody changes something. */
export function isRefusal({ again, status }: Problem): boolean {
  return again === "never" || (status !== undefined && status < 500 && status !== 429);
}

/** Of what fetch throws. */
export function connectionProblem(error: unknown): Problem {
  if (error instanceof KmError) {
    return { reason: lowered(error.message), hint: error.hint ?? "", code: error.code, again: "never" };
  }
  const code = systemCode(error) ?? "";
  const unmade = Object.hasOwn(NO_CONNECTION, code) ? NO_CONNECTION[code] : undefined;
  if (unmade !== undefined) return { ...unmade, again: "always" };
  const untrusted = Object.hasOwn(NO_TLS, code) ? NO_TLS[code] : undefined;
  if (untrusted !== undefined) {
    const detail = code === WRONG_PIN ? `: ${messageOf(error)}` : "";
    return { ...untrusted, reason: `${untrusted.reason}${detail}`, again: "never" };
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return {
      reason: "it closed the connection before its answer was there",
      hint: "See what the server says in its log.",
    };
  }
  if (/CERT|SSL|TLS/.test(code)) {
    return {
      reason: `TLS failed (${code})`,
      hint: "See whether the server wants a certificate of its clients: tls.cert and tls.key of the server.",
      again: "never",
    };
  }
  const [, header] = /^Header '([\w-]+)' has invalid value$/.exec(messageOf(error)) ?? [];
  if (header !== undefined) {
    return {
      reason: `the header ${header} would have a value that no header can carry`,
      hint: "See what it is made of: a line feed may be in it, or a letter that is not of Latin-1.",
      again: "never",
    };
  }
  return { reason: `the connection failed (${kindOf(error)})`, hint: "Check the URL and the network." };
}

/** Its message quotes the whole address, where what is secret may be. */
function kindOf(error: unknown): string {
  const code = systemCode(error) ?? (error instanceof Error ? error.name : "");
  return /^[A-Za-z_]{1,64}$/.test(code) ? code : "for an unknown reason";
}

/** Of an answer that is none, by its status. */
export function statusProblem({ status, headers }: Response): Problem {
  const [reason, hint] = wordsFor(status, headers);
  return { reason: `${reason} (HTTP ${status})`, hint, status };
}

function wordsFor(status: number, headers: Headers): [string, string] {
  if (status >= 300 && status < 400) {
    const to = headers.get("location") ?? "";
    return /^https?:/i.test(to) && URL.canParse(to)
      ? ["it sends to another address", `If that is right, use ${shownUrl(to).slice(0, MOST_OF_URL)} as its URL.`]
      : ["it sends elsewhere", "Check the URL."];
  }
  switch (status) {
    case 401:
      return ["it wants to know who asks", "Log in, or give a token or a key that is valid: auth of the server."];
    case 403:
      return ["it does not allow this", "Ask its operator what your login or key may do."];
    case 404:
      return ["there is nothing at this path", "Check the path of the URL: mostly it is /mcp."];
    case 405:
      return ["it does not take messages at this path", "Check the path of the URL: mostly it is /mcp."];
    case 406:
    case 415:
      return ["it does not speak MCP as JSON and event streams", "Check the path of the URL."];
    case 413:
      return ["the message is too large for it", "Send less at once."];
    case 429:
      return ["it is asked too often", `Try again ${whenText(headers.get("retry-after"))}.`];
    case 502:
    case 503:
    case 504:
      return ["it is not available now", "Try again later, or see that the server behind it runs."];
    default:
      return status >= 500
        ? ["it failed", "See what the server says in its log."]
        : ["it refuses the message", "Check the URL, and what the server expects."];
  }
}

/** Beyond that nobody waits. */
const LONGEST_TOLD_MS = 366 * 86_400_000;

/** Nothing else of what a server may write there. */
function whenText(header: string | null): string {
  const ms = retryAfter(header, Date.now());
  return ms === undefined || ms > LONGEST_TOLD_MS ? "later" : `after ${Math.ceil(ms / 1000)} s`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
