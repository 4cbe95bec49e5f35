/**
 * Form tokens against forged requests: proof that a form was on a page that this very browser was shown. Each is an HMAC
 * of what the form does, keyed with the browser's cookie, which another site can neither read nor, over TLS, set.
 */
import { timingSafeEqual } from "node:crypto";

/** @param purpose of the form, so that the token of one is of no use to another */
export function formToken(secret: string, purpose: string): string {
  return new Bun.CryptoHasher("sha256", secret).update(purpose).digest("base64url");
}

export function isFormToken(given: string, secret: string, purpose: string): boolean {
  const expected = Buffer.from(formToken(secret, purpose));
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

/**
 * Whether a form may come from where its request says: a second line behind the token. A browser that sends neither
 * header is as old as those that have no SameSite, and what is no browser has no cookie to misuse.
 */
export function isOwnForm(headers: Headers, origin: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const from = headers.get("origin");
  if (from === null || from === origin) return true;
  // The service has other names than the public one: `localhost`. Which of them may be used, the Host check has said.
  return URL.canParse(from) && new URL(from).host === headers.get("host");
}
