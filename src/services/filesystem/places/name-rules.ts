/**
 * `NameRules`: files that are kept from every tool, or from those that change something, by their names: a list as in `.gitignore`,
 * in which the last one that fits decides. Capital letters are like small ones, as some file systems have it.
 */
import { matchesGlob } from "../../../guard/policy/glob.ts";

interface Rule {
  /** As it was written. */
  written: string;
  names: string[];
  isException: boolean;
}

export class NameRules {
  readonly #rules: Rule[];

  constructor(patterns: readonly string[]) {
    this.#rules = patterns.map((written) => {
      const isException = written.startsWith("!");
      const names = folded(isException ? written.slice(1) : written)
        .split("/")
        .filter((name) => name !== "");
      return { written, names, isException };
    });
  }

  /**
   * @param names from the root on; what is below a folder that is kept is kept too
   * @returns the pattern that keeps it
   */
  keptBy(names: readonly string[]): string | undefined {
    const lower = names.map(folded);
    for (let end = 1; end <= lower.length; end++) {
      const rule = this.#rules.findLast((one) => fits(one.names, lower.slice(0, end)));
      if (rule !== undefined && !rule.isException) return rule.written;
    }
    return undefined;
  }
}

/** Whether the last names are those. */
function fits(globs: readonly string[], names: readonly string[]): boolean {
  const from = names.length - globs.length;
  return from >= 0 && globs.every((glob, index) => matchesGlob(glob, names[from + index] ?? ""));
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
