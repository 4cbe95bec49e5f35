/** `newId`: the name of a row that others may know, `cus_` and 24 random characters. */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHARACTERS = 24;
/** The largest multiple of the alphabet's size in a byte: what lies above would make some characters likelier. */
const FAIR = 256 - (256 % ALPHABET.length);

export function newId(prefix: "cus" | "usr" | "key" | "pkg" | "rev" | "grt"): string {
  let random = "";
  while (random.length < CHARACTERS) {
    for (const byte of crypto.getRandomValues(new Uint8Array(CHARACTERS - random.length))) {
      if (byte < FAIR) random += ALPHABET[byte % ALPHABET.length];
    }
  }
  return `${prefix}_${random}`;
}
