/** `PathPattern`: places in an answer, written as differences show them: `result.content[0].text`. */
import { KmError } from "../errors.ts";

/** `*` stands for one member or element, `**` for any number of them, none included. */
export class PathPattern {
  readonly #steps: string[];

  /** @throws KmError USAGE where it is no path */
  constructor(text: string) {
    const steps = stepsOf(text);
    if (steps === undefined || steps.length === 0) {
      throw new KmError("USAGE", `Flag --ignore needs a path, not "${text}"`, {
        hint: "Write it as differences are shown, with * for any name or number: result.content[*].text or **.timestamp.",
      });
    }
    this.#steps = steps;
  }

  /** Whether it names this place, or one that this place lies in. */
  covers(path: string): boolean {
    return matches(this.#steps, stepsOf(path) ?? []);
  }
}

/** A name, or what stands in brackets: a number, a name in quotes, a star; nothing for all elements. */
const STEP = /(?:^|\.)([^.[\]"]+)|\[(\d+|\*|"(?:[^"\\]|\\.)*")?\]/y;

function stepsOf(path: string): string[] | undefined {
  const steps: string[] = [];
  for (let at = 0; at < path.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const found = STEP.exec(path);
    if (found === null) return undefined;
    const [, name, bracketed = ""] = found;
    steps.push(name ?? (bracketed.startsWith('"') ? unquoted(bracketed) : bracketed));
  }
  return steps;
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Whether the pattern names a beginning of the path. */
function matches(pattern: string[], path: string[]): boolean {
  const [step, ...rest] = pattern;
  if (step === undefined) return true;
  if (step === "**") return path.some((_, at) => matches(rest, path.slice(at))) || rest.length === 0;
  const [first, ...others] = path;
  return first !== undefined && (step === "*" || step === first) && matches(rest, others);
}
