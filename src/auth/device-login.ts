/** The device authorization grant (RFC 8628): the user confirms in a browser, on whatever machine, what km asks for here. */
import * as v from "valibot";
import { apiOrigin } from "../config/api-origin.ts";
import { type ApiAnswer, askApi, type Fetch } from "./ask-api.ts";
import { CLIENT_ID } from "./refresh.ts";
import { tokensFrom } from "./token-answer.ts";
import type { Tokens } from "./tokens.ts";

/** What to wait for; the code is a secret of this machine, the user code is for the user to type. */
export interface DeviceGrant {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  /** With the code in it already. */
  verificationUriComplete: string | undefined;
  expiresAt: number;
  intervalMs: number;
}

export type DeviceStart = { state: "started"; grant: DeviceGrant } | { state: "failed"; reason: string };

const DEFAULT_INTERVAL_S = 5; // RFC 8628, section 3.2
const LEAST_INTERVAL_MS = 100;

const Uri = v.pipe(
  v.string(),
  v.maxLength(2048),
  v.check((text) => apiOrigin(text) !== undefined),
);
const StartAnswer = v.object({
  device_code: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  user_code: v.pipe(v.string(), v.regex(/^[\w-]{1,32}$/)),
  verification_uri: Uri,
  verification_uri_complete: v.optional(Uri),
  expires_in: v.pipe(v.number(), v.minValue(1), v.maxValue(86_400)),
  interval: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(600)), DEFAULT_INTERVAL_S),
});

export async function startDeviceLogin(origin: string, fetch: Fetch, now: () => number): Promise<DeviceStart> {
  const asked = now();
  const answer = await askApi(fetch, `${origin}/oauth/device_authorization`, { form: { client_id: CLIENT_ID } });
  if (answer.state === "failed") return { state: "failed", reason: `the API cannot be reached: ${answer.reason}` };
  if (answer.status === 429) return { state: "failed", reason: "too many logins begin here: try again in a minute" };
  if (answer.status !== 200) return { state: "failed", reason: `the API answered ${answer.status}` };
  const start = v.safeParse(StartAnswer, answer.json);
  if (!start.success) return { state: "failed", reason: "the API's answer is not that of a device login" };
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = start.output;
  const grant: DeviceGrant = {
    deviceCode: device_code,
    userCode: user_code,
    verificationUri: verification_uri,
    verificationUriComplete: verification_uri_complete,
    expiresAt: asked + expires_in * 1000,
    intervalMs: Math.max(interval * 1000, LEAST_INTERVAL_MS),
  };
  return { state: "started", grant };
}

export interface Waiting {
  fetch: Fetch;
  now: () => number;
  /** Ends early where `signal` says so. */
  sleep(ms: number): Promise<void>;
  signal?: AbortSignal;
}

export type DeviceLogin =
  | { state: "approved"; tokens: Tokens }
  | { state: "denied" | "expired" | "interrupted" }
  | { state: "failed"; reason: string };

export async function awaitApproval(origin: string, grant: DeviceGrant, waiting: Waiting): Promise<DeviceLogin> {
  const { fetch, now, sleep, signal } = waiting;
  let polling: Polling = { state: "polling", intervalMs: grant.intervalMs, waitMs: grant.intervalMs };
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: grant.deviceCode,
    client_id: CLIENT_ID,
  };
  for (;;) {
    if (now() + polling.waitMs >= grant.expiresAt) return { state: "expired" };
    await sleep(polling.waitMs);
    if (signal?.aborted) return { state: "interrupted" };
    const asked = now();
    const answer = await askApi(fetch, `${origin}/oauth/token`, { form, ...(signal && { signal }) });
    if (signal?.aborted && answer.state === "failed") return { state: "interrupted" };
    const next = afterPoll(polling, answer, (json) => tokensFrom(json, origin, asked));
    if (next.state !== "polling") return next;
    polling = next;
  }
}

/** The interval is the API's; the wait is longer while it cannot be reached. */
export interface Polling {
  state: "polling";
  intervalMs: number;
  waitMs: number;
}

const SLOWER_MS = 5000; // RFC 8628, section 3.5
const LONGEST_WAIT_MS = 60_000;

const OAuthError = v.object({ error: v.string() });

/** What one answer of the token endpoint leads to. */
export function afterPoll(
  polling: Polling,
  answer: ApiAnswer,
  toTokens: (json: unknown) => Tokens | undefined,
): Polling | DeviceLogin {
  const { intervalMs, waitMs } = polling;
  // "On encountering a connection timeout, clients MUST unilaterally reduce their polling frequency" (section 3.5).
  const later: Polling = { ...polling, waitMs: Math.max(intervalMs, Math.min(waitMs * 2, LONGEST_WAIT_MS)) };
  if (answer.state === "failed" || answer.status === 429 || answer.status >= 500) return later;
  if (answer.status === 200) {
    const tokens = toTokens(answer.json);
    if (tokens !== undefined) return { state: "approved", tokens };
    return { state: "failed", reason: "the API's answer holds no tokens" };
  }
  const error = v.safeParse(OAuthError, answer.json);
  switch (error.success ? error.output.error : undefined) {
    case "authorization_pending":
      return { state: "polling", intervalMs, waitMs: intervalMs };
    case "slow_down":
      return { state: "polling", intervalMs: intervalMs + SLOWER_MS, waitMs: intervalMs + SLOWER_MS };
    case "access_denied":
      return { state: "denied" };
    case "expired_token":
      return { state: "expired" };
    default:
      return { state: "failed", reason: `the API answered ${answer.status}` };
  }
}
