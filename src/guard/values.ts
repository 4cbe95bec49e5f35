/** Judges what stands where a secret may stand: a placeholder, an English word, or the secret. */

/** True for what is written instead of a secret, masks included. A sensitive name does not make these worth masking. */
export function isPlaceholder(value: string, kind: string): boolean {
  if (value.length > 300) return false;
  const plain = value.trim();
  if (PLACEHOLDER.test(plain) || VERSION.test(plain)) return true;
  if (kind === "credential") return /^(?:include|omit|same-origin)$/.test(plain); // the option of fetch()
  return kind === "password" && /^(?:[~.]?\/|[A-Z]:\\)/.test(plain) && isPath(plain); // PWD is also the working directory
}

const PLACEHOLDER =
  /^(?:|[*•.…_-]+|x{3,}|<[^<>]*>|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|%\w+%|(?:(?:bearer|basic|digest|token) )?\[redacted:[\w-]+\]|[[<(]?(?:redacted|hidden|masked|filtered|removed|omitted)[\])>]?|null|none|nil|undefined|true|false)$/i;

/** What a list of dependencies has under the name of a package: `"js-cookie": "^3.0.5"`. */
const VERSION = /^(?:[~^]|>=)?\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** How sure the surroundings are that a value is given, not talked about. */
type Certainty =
  | "assigned" // `DB_PASSWORD=x`, `?token=x`, `--password=x`
  | "quoted" // `password: "x"`
  | "bare"; // `password: x`, which may be prose or code

/** Whether a value given in running text under a sensitive name looks like a secret rather than a word or an expression. */
export function looksSecret(value: string, kind: string, certainty: Certainty): boolean {
  if (isPlaceholder(value, kind) || value.includes("://") || isPath(value)) return false;
  if (certainty === "assigned") return value.length >= 4;
  const digits = value.length - value.replace(/\d/g, "").length;
  if (kind === "password" || kind === "passphrase") {
    return value.length >= 4 && (certainty === "quoted" || digits > 0 || /[^\w.-]/.test(value));
  }
  if (value.length < 8 || digits === 0 || !/[A-Za-z]/.test(value)) return false;
  return value.length >= 20 || digits >= 3 || (/[a-z]/.test(value) && /[A-Z]/.test(value));
}

function isPath(value: string): boolean {
  return (
    /^(?:[~.]{0,2}\/|[A-Z]:\\)[a-z0-9._/\\ -]*$/i.test(value) &&
    (value.length < 30 || !/[A-Z].*\d|\d.*[A-Z]/.test(value))
  );
}
