/** `IgnoreRules`: what the `.gitignore` files on the way say is not worth looking at. */
import { globPattern } from "../patterns/glob-pattern.ts";
import type { LinearPattern } from "../patterns/linear-pattern.ts";

interface Rule {
  pattern: LinearPattern;
  isException: boolean;
  isForFolders: boolean;
}

/** Of a file that is longer, and of the rules in it, the rest is not used. */
const MOST_RULES = 2000;

export class IgnoreRules {
  /** By the folder that the file is in, from where the search began. */
  readonly #files = new Map<string, Rule[]>();

  /** @param text of the folder's `.gitignore` */
  add(folder: readonly string[], text: string): void {
    const rules = text.split(/\r?\n/).slice(0, MOST_RULES).flatMap(ruleOf);
    if (rules.length > 0) this.#files.set(folder.join("/"), rules);
  }

  /** @param names from where the search began */
  ignores(names: readonly string[], isFolder: boolean): boolean {
    // The innermost file that says something decides, and in it the last line.
    for (let depth = names.length - 1; depth >= 0; depth--) {
      const path = names.slice(depth).join("/");
      const rule = this.#files
        .get(names.slice(0, depth).join("/"))
        ?.findLast((one) => (isFolder || !one.isForFolders) && one.pattern.find(path) >= 0);
      if (rule !== undefined) return !rule.isException;
    }
    return false;
  }
}

function ruleOf(line: string): Rule[] {
  const written = line.replace(/(?<!\\) +$/, "");
  if (written === "" || written.startsWith("#")) return [];
  const isException = written.startsWith("!");
  const glob = isException ? written.slice(1) : written;
  const made = globPattern(glob, { ignoreCase: false });
  return "problem" in made ? [] : [{ pattern: made.pattern, isException, isForFolders: glob.endsWith("/") }];
}
