/** User codes (RFC 8628, section 6.1): what a person reads on one machine and types on another. */

/** Without vowels no word comes of it, and no letter is taken for a digit. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const FORM = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);
/** The largest multiple of the number of letters in a byte: what lies above would make some letters likelier. */
const FAIR = 256 - (256 % LETTERS.length);

/** `WDJB-MJHT`, one of 20^8 (2.6e10), which is how it is stored too. */
export function makeUserCode(): string {
  let letters = "";
  while (letters.length < LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH - letters.length))) {
      if (byte < FAIR) letters += LETTERS[byte % LETTERS.length];
    }
  }
  return withDash(letters);
}

/** As it is stored, whichever case, blanks and dashes it was typed with; undefined for what is no user code. */
export function normalizeUserCode(typed: string): string | undefined {
  const letters = typed.replaceAll(/[\s-]/g, "").toUpperCase();
  return FORM.test(letters) ? withDash(letters) : undefined;
}

function withDash(letters: string): string {
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}
