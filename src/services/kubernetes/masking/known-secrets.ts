/**
 * `KnownSecrets`: values that are known to be secret, masked wherever they stand in a text: as they are, in base64, encoded for
 * an address, escaped for JSON.
 */
import { isMapping } from "../../../is-mapping.ts";

/** Shorter ones stand in too many other words. */
const SHORTEST = 4;
/** What pods and services know of each other by these names is no secret, though it comes in Secrets. */
const NO_SECRET =
  /^(?:.*[._-])?(?:user|username|login|host|hostname|port|database|dbname|db|region|endpoint|namespace|schema|ca\.crt|tls\.crt|ca)$/i;
const NO_SECRET_VALUE = /^(?:true|false|null|none|yes|no|enabled|disabled|\d{1,5})$/i;
const MASK = "[redacted:secret]";

export class KnownSecrets {
  readonly #texts = new Set<string>();
  #pattern: RegExp | undefined;

  /** @param value as it is used */
  add(value: string): void {
    this.#addForms(value);
    // Of a file each line may be shown for itself.
    const lines = value.split(/\r?\n/);
    if (lines.length > 1) for (const line of lines) if (line.trim().length >= 16) this.#addForms(line.trim());
    this.#pattern = undefined;
  }

  /** @param which `secret` leaves out what has a name that nobody hides, such as `username` */
  addSecret(secret: unknown, which: "all" | "secret"): void {
    if (!isMapping(secret)) return;
    const { data, stringData } = secret;
    for (const [name, value] of Object.entries(isMapping(data) ? data : {})) {
      if (typeof value !== "string" || (which === "secret" && NO_SECRET.test(name))) continue;
      const decoded = Buffer.from(value, "base64").toString("utf8");
      if (!decoded.includes("\ufffd")) this.add(decoded);
      if (value.length >= SHORTEST) this.#texts.add(value);
    }
    for (const [name, value] of Object.entries(isMapping(stringData) ? stringData : {})) {
      if (typeof value === "string" && (which === "all" || !NO_SECRET.test(name))) this.add(value);
    }
    this.#pattern = undefined;
  }

  mask(text: string): string {
    if (this.#texts.size === 0) return text;
    this.#pattern ??= new RegExp(
      [...this.#texts]
        .sort((a, b) => b.length - a.length)
        .map((one) => RegExp.escape(one))
        .join("|"),
      "g",
    );
    return text.replace(this.#pattern, MASK);
  }

  #addForms(value: string): void {
    const plain = value.trim();
    if (plain.length < SHORTEST || NO_SECRET_VALUE.test(plain)) return;
    const base64 = Buffer.from(value).toString("base64");
    for (const form of [plain, base64, encodeURIComponent(plain), JSON.stringify(plain).slice(1, -1)]) {
      this.#texts.add(form);
    }
  }
}
