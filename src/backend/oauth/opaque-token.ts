/** Tokens that say nothing: 256 random bits, which the store knows by their hash. */

const RANDOM_BYTES = 32;
const REFRESH_TOKEN = /^kmr_[\w-]{43}$/;

/** With a prefix, by which it is found and masked wherever it should not be. */
export function makeRefreshToken(): string {
  return `kmr_${makeOpaqueToken()}`;
}

/** Whether it has the form of one. */
export function isRefreshToken(text: string): boolean {
  return REFRESH_TOKEN.test(text);
}

export function makeOpaqueToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))).toString("base64url");
}
