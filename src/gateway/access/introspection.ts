/**
 * `Introspection`: what a token is worth, as its issuer says when it is asked (RFC 7662). What it said is believed for a short
 * while, so that not each request waits for it.
 */
import { messageOf } from "../../errors.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import type { TokenIssuer } from "../config/proxy-config.ts";
import type { Authentication } from "./identity.ts";
import { endOf, identityIn, TOLERANCE_S } from "./token-claims.ts";

export interface IntrospectionOptions {
  config: TokenIssuer;
  url: string;
  clientId: string;
  clientSecret: string;
  /** Why the issuer could not be asked, for who runs km; once until it answers again. */
  failed(why: string): void;
}

/** So long a token that was taken back may still be good. */
const GOOD_MS = 30_000;
/** So long one that was not good may not be good yet. */
const BAD_MS = 5000;
const MOST_KNOWN = 10_000;
const MOST_AT_ONCE = 64;
const TIMEOUT_MS = 5000;
const LONGEST_ANSWER = 256 << 10;

const UNAVAILABLE: Authentication = { state: "unavailable", why: "the token's issuer cannot be asked now" };

export class Introspection {
  readonly #options: IntrospectionOptions;
  /** By a hash, so that no token is kept. In the order in which they were asked about. */
  readonly #known = new Map<string, { result: Authentication; until: number }>();
  readonly #asking = new Map<string, Promise<Authentication>>();
  readonly #authorization: string;
  #isFailing = false;

  constructor(options: IntrospectionOptions) {
    this.#options = options;
    // RFC 6749, 2.3.1: each part is encoded as in a form.
    const [id, secret] = [options.clientId, options.clientSecret].map((part) =>
      new URLSearchParams({ p: part }).toString().slice(2),
    );
    this.#authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  }

  /** @param now milliseconds since 1970 */
  async find(token: string, now: number): Promise<Authentication> {
    const key = new Bun.CryptoHasher("sha256").update(token).digest("base64url");
    const known = this.#known.get(key);
    if (known !== undefined && known.until > now) return known.result;
    const asking = this.#asking.get(key);
    if (asking !== undefined) return await asking;
    if (this.#asking.size >= MOST_AT_ONCE) return { state: "unavailable", why: "too many tokens are being checked" };
    const asked = this.#ask(key, token, now).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return await asked;
  }

  async #ask(key: string, token: string, now: number): Promise<Authentication> {
    const answer = await this.#answerTo(token);
    if (typeof answer === "string") {
      if (!this.#isFailing) this.#options.failed(answer);
      this.#isFailing = true;
      return UNAVAILABLE;
    }
    this.#isFailing = false;
    const { result, endsMs } = judged(answer, this.#options.config, now);
    const untilMs = result.state === "known" ? Math.min(now + GOOD_MS, endsMs) : now + BAD_MS;
    this.#remember(key, result, untilMs);
    return result;
  }

  /** What the issuer says, or why it says nothing. */
  async #answerTo(token: string): Promise<Record<string, unknown> | string> {
    try {
      const response = await fetch(this.#options.url, {
        method: "POST",
        headers: {
          accept: "application/json",
          authorization: this.#authorization,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
        redirect: "error", // whoever it leads to would get the token
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const bytes = await limited(response);
      if (response.status === 401 || response.status === 403) return "it refuses client_id and client_secret";
      if (response.status !== 200) return `status ${response.status}`;
      if (bytes === undefined) return "its answer is too long";
      const answer: unknown = JSON.parse(bytes.toString());
      return isObject(answer) && typeof answer["active"] === "boolean" ? answer : "its answer is none of RFC 7662";
    } catch (error) {
      return error instanceof SyntaxError ? "its answer is no JSON" : messageOf(error);
    }
  }

  #remember(key: string, result: Authentication, until: number): void {
    this.#known.delete(key);
    this.#known.set(key, { result, until });
    const [oldest] = this.#known.size > MOST_KNOWN ? this.#known.keys() : [];
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

async function limited(response: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether it is an access token of this issuer, for here, and now; `endsMs` is when it ends, since 1970. */
function judged(
  answer: Record<string, unknown>,
  config: TokenIssuer,
  now: number,
): { result: Authentication; endsMs: number } {
  const { active, iss, aud, nbf, token_type: type, token_use: use, typ } = answer;
  const endsMs = endOf(answer) ?? Infinity;
  const refused = (why: string) => ({ result: { state: "refused", why } as const, endsMs });
  if (active !== true) return refused("the token is not valid");
  if (iss !== undefined && iss !== config.issuer) return refused("the token is of another issuer");
  const audience = [aud].flat();
  if (!audience.some((one) => typeof one === "string" && config.audience.includes(one))) {
    return refused("the token's aud is not as it must be");
  }
  // Of a refresh token an issuer says too that it is active; one that is bound to a key is of no use without its proof.
  const isBearer = typeof (type ?? typ) === "string" && /^bearer$/i.test(String(type ?? typ));
  if (!isBearer || (use !== undefined && use !== "access_token")) return refused("the token is no bearer token");
  if (endsMs <= now) return refused("the token has expired");
  if (typeof nbf === "number" && (nbf - TOLERANCE_S) * 1000 > now) return refused("the token is not valid yet");
  return { result: identityIn(answer, config), endsMs };
}
