/** `askAuthentication`: whether a server asks who is there, and whether what is known here is enough for it. */
import type { Authorizer } from "../http/authorizer.ts";
import { discard, HttpClient } from "../http/http-client.ts";
import type { Remote } from "../http/remote.ts";
import { failed, type Failure, type Outcome } from "./step-log.ts";

/** What begins no session, changes nothing, and is refused to those who may not ask anything. */
const QUESTION = `{"jsonrpc":"2.0","id":"km-health","method":"ping"}`;
const NOT_KNOWN = new Set([401, 403]);

/** How long that may take; where nothing comes, the handshake will tell. */
const PATIENCE_MS = 5000;

export async function askAuthentication(
  remote: Remote,
  authorizer: Authorizer | undefined,
  signal: AbortSignal,
): Promise<Outcome<object>> {
  const nobody = await ask({ ...remote, headers: {} }, {}, signal);
  if (!NOT_KNOWN.has(nobody.status)) {
    const detail = nobody.reason === undefined ? "none is asked for" : `not known: ${nobody.reason}`;
    return { state: "passed", value: {}, detail };
  }
  const [scheme] = /^[\w-]+/.exec(nobody.challenge ?? "") ?? [];
  const asked = scheme ?? `HTTP ${nobody.status}`;
  // What is stored may be renewed once; nobody is asked for anything.
  for (let isRenewed = false; ; isRenewed = true) {
    const sent = (await authorizer?.headers()) ?? {};
    const hasCredentials = Object.keys(sent).length + Object.keys(remote.headers).length > 0;
    const { status, challenge } = hasCredentials ? await ask(remote, sent, signal) : nobody;
    if (!NOT_KNOWN.has(status)) return { state: "passed", value: {}, detail: `${asked}, with what is known here` };
    const isHelped = status === 401 && !isRenewed && (await authorizer?.refused(401, challenge, sent));
    if (isHelped !== true) return refusal(remote, hasCredentials, asked);
  }
}

interface Answer {
  /** 0 where there is none, and then why. */
  status: number;
  challenge: string | null;
  reason?: string;
}

async function ask(remote: Remote, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  const answerTimeoutMs = Math.min(PATIENCE_MS, remote.answerTimeoutMs);
  const client = new HttpClient({ ...remote, answerTimeoutMs }, undefined);
  const isOld = remote.transport === "sse";
  const reply = await client.request({
    method: isOld ? "GET" : "POST",
    headers: {
      ...headers,
      ...(isOld ? {} : { "content-type": "application/json" }),
      accept: isOld ? "text/event-stream" : "application/json, text/event-stream",
    },
    ...(isOld ? {} : { body: QUESTION }),
    isRepeatable: false,
    signal,
  });
  try {
    if (reply.state === "aborted") return { status: 0, challenge: null, reason: "interrupted" };
    if (reply.state === "failed") return { status: 0, challenge: null, reason: reply.problem.reason };
    const { response } = reply;
    await discard(response);
    return { status: response.status, challenge: response.headers.get("www-authenticate") };
  } finally {
    await client.close();
  }
}

const GIVEN = {
  none: "the headers that it gets",
  bearer: "the token that it gets",
  basic: "the user name and password that it gets",
  "api-key": "the key that it gets",
  oauth: "the login that it gets",
} as const;

function refusal({ auth }: Remote, hasCredentials: boolean, asked: string): Failure {
  if (hasCredentials) {
    const hint = "See whether they have expired, and what they are allowed.";
    return failed(`it refuses ${GIVEN[auth.type]} (${asked})`, hint, true);
  }
  const hint = "Log in (km servers login), or give it a token or a key: auth of the server.";
  return failed(`it asks who is there (${asked}), and no credentials are known here`, hint, true);
}
