/**
 * `UriTemplate`: addresses with variables, as MCP's templates of resources have them. Of RFC 6570 two forms: `{name}` for what has
 * no slash, and `{+name}` for a whole path at the end.
 */

interface Part {
  /** In front of the variable. */
  literal: string;
  variable: string;
  isPath: boolean;
}

const VARIABLE = /\{(\+?)([a-z_]+)\}/g;
/** Longer ones are nobody's. */
const LONGEST = 8192;

export class UriTemplate {
  readonly text: string;
  readonly #parts: Part[] = [];
  readonly #end: string;
  readonly #pattern: RegExp;

  /** @throws TypeError for a path that is not the end */
  constructor(text: string) {
    this.text = text;
    let from = 0;
    for (const { 0: whole, 1: plus, 2: variable = "", index } of text.matchAll(VARIABLE)) {
      this.#parts.push({ literal: text.slice(from, index), variable, isPath: plus === "+" });
      from = index + whole.length;
    }
    this.#end = text.slice(from);
    if (this.#parts.some(({ isPath }, at) => isPath && (at < this.#parts.length - 1 || this.#end !== ""))) {
      throw new TypeError(`${text}: a path is the end of a template`);
    }
    // Each variable ends where a slash or the text does: nothing is tried twice.
    const words = this.#parts.map(({ literal, isPath }) => `${RegExp.escape(literal)}(${isPath ? ".+" : "[^/]+"})`);
    this.#pattern = new RegExp(`^${words.join("")}${RegExp.escape(this.#end)}$`);
  }

  get variables(): string[] {
    return this.#parts.map(({ variable }) => variable);
  }

  /** @returns what stands for each variable, decoded; undefined for an address that is none of these */
  match(uri: string): Record<string, string> | undefined {
    const found = uri.length > LONGEST ? null : this.#pattern.exec(uri);
    if (found === null) return undefined;
    const values: [string, string][] = [];
    for (const [at, { variable }] of this.#parts.entries()) {
      const value = decoded(found[at + 1] ?? "");
      if (value === undefined) return undefined;
      values.push([variable, value]);
    }
    return Object.fromEntries(values);
  }

  expand(values: Readonly<Record<string, string>>): string {
    const parts = this.#parts.map(({ literal, variable, isPath }) => {
      const value = values[variable] ?? "";
      return literal + (isPath ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value));
    });
    return parts.join("") + this.#end;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
