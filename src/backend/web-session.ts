/** The browser that a request comes from, known by one cookie: a random value before a login, a signed token after it. */
import { type Customer, findCustomer } from "../store/customers.ts";
import { newId } from "../store/new-id.ts";
import { addRevocation, isRevoked } from "../store/revocations.ts";
import { findUser, type User } from "../store/users.ts";
import type { Deps } from "./deps.ts";
import { WEB_AUDIENCE } from "./oauth/token-issuer.ts";

export interface Browser {
  /** The cookie's value. No other site and no script can read it, so that form tokens can be made with it. */
  secret: string;
  /** Undefined before a login. */
  session: WebSession | undefined;
  /** `Set-Cookie`, where the cookie is to be another than the one that came. */
  headers: Record<string, string>;
}

export interface WebSession {
  /** What a log out revokes. */
  id: string;
  user: User;
  customer: Customer;
}

type Needed = Pick<Deps, "database" | "origin" | "tokens">;

const SESSION_MS = 30 * 60_000;
/** Of 32 bytes in base64url. No token looks like it: that has dots. */
const ANONYMOUS = /^[\w-]{43}$/;

/** A session is looked up at each request: it ends at once with its user's password, and when either is disabled. */
export async function recognizeBrowser(headers: Headers, deps: Needed, now: number): Promise<Browser> {
  const cookie = readCookie(headers, deps.origin);
  if (cookie === undefined) return newBrowser(deps);
  if (ANONYMOUS.test(cookie)) return { secret: cookie, session: undefined, headers: {} };
  const session = await findSession(cookie, deps, now);
  return session === undefined ? newBrowser(deps) : { secret: cookie, session, headers: {} };
}

/** The cookie becomes another, so that whoever has planted or seen the one before is not logged in with it. */
export async function logIn(user: User, customer: Customer, deps: Needed, now: number): Promise<Browser> {
  const id = crypto.randomUUID();
  const contents = { audience: WEB_AUDIENCE, subject: user.id, customer: customer.id, lifeMs: SESSION_MS };
  const claims = { sid: id, pwd: user.password_mark };
  const secret = await deps.tokens.sign({ ...contents, claims }, now);
  return { secret, session: { id, user, customer }, headers: setCookie(secret, deps.origin, SESSION_MS / 1000) };
}

/** The token is revoked besides, for longer than it is good: somebody may have copied the cookie. */
export async function logOut({ id, customer }: WebSession, deps: Needed, now: number): Promise<Browser> {
  const revocation = { id: newId("rev"), customer: customer.id, kind: "token", subject: id } as const;
  await addRevocation(deps.database, { ...revocation, reason: "logged out", expires_at: now + 2 * SESSION_MS }, now);
  return newBrowser(deps);
}

function newBrowser(deps: Needed): Browser {
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { secret, session: undefined, headers: setCookie(secret, deps.origin) };
}

async function findSession(token: string, deps: Needed, now: number): Promise<WebSession | undefined> {
  const claims = await deps.tokens.verify(token, WEB_AUDIENCE, now);
  const { sub, cus, sid, pwd } = claims ?? {};
  if (typeof sub !== "string" || typeof cus !== "string" || typeof sid !== "string") return undefined;
  const user = await findUser(deps.database, cus, sub);
  const customer = await findCustomer(deps.database, cus);
  if (user === null || user.disabled_at !== null || user.password_mark !== pwd) return undefined;
  if (customer === null || customer.disabled_at !== null) return undefined;
  return (await isRevoked(deps.database, "token", sid)) ? undefined : { id: sid, user, customer };
}

/** A browser takes a `__Host-` cookie only over TLS and from this very host: no neighbour of it can plant one. */
function cookieName(origin: string): string {
  return origin.startsWith("https:") ? "__Host-km_web" : "km_web";
}

/**
 * SameSite is Lax. With Strict, a link in a web page, such as a terminal in a browser or a web mail, would come without
 * the cookie; the page would take its user for somebody new and give them another one, which ends the session. What
 * changes something is sent by POST, with which Lax sends the cookie from no other site either.
 */
function setCookie(value: string, origin: string, seconds?: number): Record<string, string> {
  const secure = origin.startsWith("https:") ? "; Secure" : "";
  const life = seconds === undefined ? "" : `; Max-Age=${seconds}`;
  return { "set-cookie": `${cookieName(origin)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${life}` };
}

function readCookie(headers: Headers, origin: string): string | undefined {
  const start = `${cookieName(origin)}=`;
  const pairs = (headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length);
}
