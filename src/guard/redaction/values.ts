/** Judges what stands where a secret may stand: a placeholder, an English word, or the secret. */

/** True for what is written instead of a secret, masks included. A sensitive name does not make these worth masking. */
export function isPlaceholder(value: string, kind: string): boolean {
  if (kind === "auth") return !isUserAndPassword(value);
  if (kind === "pin") return !isPin(value.slice(0, 300));
  if (value.length > 300) return false;
  const plain = value.trim();
  if (PLACEHOLDER.test(plain) || VERSION.test(plain) || RELATIVE_FILE.test(plain)) return true;
  if (kind === "credential") return /^(?:include|omit|same-origin)$/.test(plain); // the option of fetch()
  if (kind !== "password") return false;
  if (/^https?:\/\/[^\s@]*$/i.test(plain)) return true; // `forgot_password` with its page
  return /^(?:[~.]?\/|[A-Z]:\\)/.test(plain) && isPath(plain); // PWD is also the working directory
}

/** Digits, or letters and digits in turn. A version or a part may be pinned, and the pin of a chip is `GPIO17`. */
function isPin(value: string): boolean {
  if (/^[\s-]*\d[\s\d-]*$/.test(value)) return true;
  return /^(?=.*\d)(?=.*[a-z])[a-z\d]{4,12}$/i.test(value) && !/^[a-z]+\d+$/i.test(value);
}

const PLACEHOLDER =
  /^(?:|[*•.…_-]+|x{3,}|<[^<>]*>|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|%\w+%|(?:(?:bearer|basic|digest|token) )?\[redacted:[\w-]+\]|[[<(]?(?:redacted|hidden|masked|filtered|removed|omitted)[\])>]?|null|none|nil|undefined|true|false|(?:please[-_ ]?)?change[-_ ]?(?:me|this|it)|your[-_ ](?:[a-z]{1,20}[-_ ]){0,4}(?:key|token|secret|pass(?:word|phrase)?|credentials?|value|here))$/i;

/** What a list of dependencies has under the name of a package: `"js-cookie": "^3.0.5"`. */
const VERSION = /^(?:[~^]|>=)?\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** What a manifest has under the name of a part: `"cookie": "./dist/cookie.js"`. */
const RELATIVE_FILE = /^\.{1,2}\/(?:[\w@.-]{1,80}\/){0,20}[\w@-]{1,80}(?:\.[\w-]{1,20}){1,3}$/;

/** How sure the surroundings are that a value is given, not talked about. */
type Certainty =
  | "assigned" // `DB_PASSWORD=x`, `?token=x`, `--password=x`
  | "quoted" // `password: "x"`
  | "bare"; // `password: x`, which may be prose or code

/** Whether a value given in running text under a sensitive name looks like a secret rather than a word or an expression. */
export function looksSecret(text: string, kind: string, certainty: Certainty): boolean {
  const value = text.slice(0, MUCH);
  if (kind === "auth") return !isPlaceholder(text, kind);
  const ofPerson = kind === "password" || kind === "passphrase";
  const isLong = text.length > MUCH; // no word is
  if (value.length < 4 || (!ofPerson && certainty !== "assigned" && !isLong && !/\d/.test(value))) return false; // most, soonest
  if (isPlaceholder(text, kind) || value.includes("://") || isPath(value)) return false;
  if (certainty === "assigned" || isLong) return true;
  if (ofPerson) return certainty === "quoted" || /\d|[^\w.-]/.test(value);
  if (value.length < 8 || !/[A-Za-z]/.test(value)) return false;
  const digits = value.length - value.replace(/\d/g, "").length;
  return value.length >= 20 || digits >= 3 || (/[a-z]/.test(value) && /[A-Z]/.test(value));
}

const MUCH = 256; // what is longer is judged by its beginning

/** Tells `dXNlcjpwYXNz` from a word: it decodes to printable text with a colon. */
export function isUserAndPassword(base64: string): boolean {
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(base64)) return false;
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(base64, "base64").toString("latin1"));
}

/** Words and numbers, joined by hyphens and the like: what a name is, and a random token hardly ever. */
export function isWords(value: string): boolean {
  return /^[A-Za-z]*\d*(?:[^A-Za-z0-9][A-Za-z]*\d*)*$/.test(value);
}

function isPath(value: string): boolean {
  return (
    /^(?:[~.]{0,2}\/|[A-Z]:\\)[a-z0-9._/\\ -]*$/i.test(value) &&
    (value.length < 30 || !/[A-Z]/.test(value) || !/\d/.test(value))
  );
}
