/** API keys: `km_live_`, `km_test_` or `km_admin_`, 32 random characters, and a checksum that tells typing errors at once. */

export type ApiKeyKind = "live" | "test" | "admin";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARACTERS = 32;
const CHECKSUM_CHARACTERS = 6;
const SHOWN_CHARACTERS = 12;
const FORM = /^(km_(?:live|test|admin)_[0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;
/** The largest multiple of the alphabet's size in a byte: what lies above would make some characters likelier. */
const FAIR = 256 - (256 % ALPHABET.length);

export function makeApiKey(kind: ApiKeyKind): string {
  let body = `km_${kind}_`;
  const end = body.length + RANDOM_CHARACTERS;
  while (body.length < end) {
    for (const byte of crypto.getRandomValues(new Uint8Array(end - body.length))) {
      if (byte < FAIR) body += ALPHABET[byte % ALPHABET.length];
    }
  }
  return body + checksum(body);
}

/** Whether it has the form and its checksum is right, which says nothing about its being valid. */
export function isApiKey(text: string): boolean {
  const [, body, sum] = FORM.exec(text) ?? [];
  return body !== undefined && checksum(body) === sum;
}

/** As much of it as may be shown: `km_live_abcd…`; nothing of what is no API key. */
export function maskApiKey(text: string): string {
  return isApiKey(text) ? `${text.slice(0, SHOWN_CHARACTERS)}…` : "…";
}

/** CRC-32 of all that stands before it, in base 62. */
function checksum(body: string): string {
  let rest = Bun.hash.crc32(body);
  let digits = "";
  for (let i = 0; i < CHECKSUM_CHARACTERS; i++) {
    digits = `${ALPHABET[rest % ALPHABET.length]}${digits}`;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
