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
  const nobody = await ask({ ...remote, headers: {} }, undefined, signal);
  if (!NOT_KNOWN.has(nobody.status)) {
    const detail = nobody.reason === undefined ? "none is asked for" : `not known: ${nobody.reason}`;
    return { state: "passed", value: {}, detail };
  }
  const [scheme] = /^[\w-]+/.exec(nobody.challenge ?? "") ?? [];
  const asked = scheme ?? `HTTP ${nobody.status}`;
  // What is stored may be renewed once; nobody is asked for anything.
  for (let tries = 1; ; tries++) {
    const known = (await authorizer?.headers({ method: methodFor(remote), url: remote.url })) ?? {};
    const hasCredentials = Object.keys(known).length + Object.keys(remote.headers).length > 0;
    const { status, challenge, sent } = hasCredentials ? await ask(remote, authorizer, signal) : nobody;
    if (!NOT_KNOWN.has(status)) {
      const isBound = sent["authorization"]?.startsWith("DPoP ") === true;
      const what = isBound ? "a token that is bound to km's key" : "what is known here";
      return { state: "passed", value: {}, detail: `${asked}, with ${what}` };
    }
    const isHelped = status === 401 && tries < MOST_TRIES && (await authorizer?.refused(401, challenge, sent));
    if (isHelped !== true) return refusal(remote, hasCredentials, asked);
  }
}

/** One with what is kept, one with the nonce that the server wants to see, one with what is renewed. */
const MOST_TRIES = 3;

interface Answer {
  /** 0 where there is none, and then why. */
  status: number;
  challenge: string | null;
  reason?: string;
  sent: Record<string, string>;
}

function methodFor({ transport }: Remote): "GET" | "POST" {
  return transport === "sse" ? "GET" : "POST";
}

async function ask(remote: Remote, authorizer: Authorizer | undefined, signal: AbortSignal): Promise<Answer> {
  const answerTimeoutMs = Math.min(PATIENCE_MS, remote.answerTimeoutMs);
  let sent: Record<string, string> = {};
  const client = new HttpClient(
    { ...remote, answerTimeoutMs },
    authorizer && {
      headers: async (sending) => (sent = await authorizer.headers(sending)),
      heard: (url, headers) => authorizer.heard?.(url, headers),
      refused: () => Promise.resolve(false),
    },
  );
  const method = methodFor(remote);
  const isOld = method === "GET";
  const reply = await client.request({
    method,
    headers: {
      ...(isOld ? {} : { "content-type": "application/json" }),
      accept: isOld ? "text/event-stream" : "application/json, text/event-stream",
    },
    ...(isOld ? {} : { body: QUESTION }),
    isRepeatable: false,
    signal,
  });
  try {
    if (reply.state === "aborted") return { status: 0, challenge: null, reason: "interrupted", sent };
    if (reply.state === "failed") return { status: 0, challenge: null, reason: reply.problem.reason, sent };
    const { response } = reply;
    await discard(response);
    return { status: response.status, challenge: response.headers.get("www-authenticate"), sent };
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
  workload: "the login of this workload",
  enterprise: "the login that the identity provider vouches for",
} as const;

function refusal({ auth }: Remote, hasCredentials: boolean, asked: string): Failure {
  if (hasCredentials) {
    const hint = "See whether they have expired, and what they are allowed.";
    return failed(`it refuses ${GIVEN[auth.type]} (${asked})`, hint, true);
  }
  const hint = "Log in (km servers login), or give it a token or a key: auth of the server.";
  return failed(`it asks who is there (${asked}), and no credentials are known here`, hint, true);
}
