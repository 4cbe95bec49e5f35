/** `globPattern`: a glob for paths as a `LinearPattern`: `*` within a name, `**` across folders, `?`, `[a-z]`, `{a,b}`. */
import { type MadePattern, patternOf } from "./linear-pattern.ts";
import { inverted, parsePattern, type PatternNode } from "./parse-pattern.ts";

const SLASH: [number, number] = [0x2f, 0x2f];
const NO_SLASH: PatternNode = { kind: "set", ranges: inverted([SLASH]) };
const ANY: PatternNode = { kind: "repeat", node: { kind: "set", ranges: [[0, 0x10ffff]] }, min: 0, max: Infinity };
const MOST_DEPTH = 10;

/**
 * One without a slash is of the name alone, wherever it is.
 *
 * @param glob paths have slashes, on every system, and none at their beginning
 */
export function globPattern(glob: string, { ignoreCase }: { ignoreCase: boolean }): MadePattern {
  const isName = !glob.replace(/\/$/, "").includes("/");
  const whole = isName ? `**/${glob}` : glob.replace(/^\.?\//, "");
  try {
    const parts = partsOf(whole.replace(/\/$/, ""), 0);
    const node: PatternNode = {
      kind: "sequence",
      parts: [{ kind: "assert", what: "start" }, ...parts, { kind: "assert", what: "end" }],
    };
    return patternOf(node, { ignoreCase });
  } catch (error) {
    if (error instanceof NotAGlob) return { problem: error.message };
    throw error;
  }
}

class NotAGlob extends Error {}

function partsOf(glob: string, depth: number): PatternNode[] {
  if (depth > MOST_DEPTH) throw new NotAGlob("its braces are nested too deeply");
  const parts: PatternNode[] = [];
  for (let at = 0; at < glob.length;) {
    const rest = glob.slice(at);
    const folders = /^\*\*(?:\/|$)/.exec(rest);
    if (folders !== null && (at === 0 || glob[at - 1] === "/")) {
      // `a/**` is all that is in a, `**/b` also b itself.
      parts.push(folders[0] === "**" ? ANY : optional({ kind: "sequence", parts: [ANY, literal("/")] }));
      at += folders[0].length;
    } else if (rest.startsWith("*")) {
      parts.push({ kind: "repeat", node: NO_SLASH, min: 0, max: Infinity });
      at += /^\*+/.exec(rest)?.[0].length ?? 1;
    } else if (rest.startsWith("?")) {
      parts.push(NO_SLASH);
      at++;
    } else if (rest.startsWith("[")) {
      const set = /^\[[!^]?\]?[^\]]*\]/.exec(rest)?.[0];
      if (set === undefined) throw new NotAGlob("a [ has no ] behind it");
      parts.push(setOf(set));
      at += set.length;
    } else if (rest.startsWith("{")) {
      const end = endOfBraces(rest);
      parts.push({
        kind: "choice",
        options: optionsIn(rest.slice(1, end)).map((one) => ({ kind: "sequence", parts: partsOf(one, depth + 1) })),
      });
      at += end + 1;
    } else {
      const isEscaped = rest.startsWith("\\") && rest.length > 1;
      const character = String.fromCodePoint(rest.codePointAt(Number(isEscaped)) ?? 0);
      parts.push(literal(character));
      at += character.length + Number(isEscaped);
    }
  }
  return parts;
}

function setOf(set: string): PatternNode {
  const isInverted = /^\[[!^]/.test(set);
  const members = set.slice(isInverted ? 2 : 1, -1).replaceAll(/[\\\]^]/g, "\\$&");
  const parsed = parsePattern(`[${members}]`);
  if ("problem" in parsed) throw new NotAGlob(`${set}: ${parsed.problem}`);
  const { node } = parsed;
  const [only] = node.kind === "sequence" ? node.parts : [node];
  if (only?.kind !== "set") throw new NotAGlob(`${set} is no set of characters`);
  // Never a slash.
  const ranges = isInverted ? [...only.ranges, SLASH] : inverted([...inverted(only.ranges), SLASH]);
  return { kind: "set", ranges, isInverted };
}

function endOfBraces(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "{") open++;
    else if (text[at] === "}" && --open === 0) return at;
  }
  throw new NotAGlob("a { has no } behind it");
}

/** At the commas that are in no braces of their own. */
function optionsIn(text: string): string[] {
  const options = [""];
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "{") open++;
    if (character === "}") open--;
    if (character === "," && open === 0) options.push("");
    else options[options.length - 1] += character === "\\" ? character + (text[++at] ?? "") : character;
  }
  return options;
}

function optional(node: PatternNode): PatternNode {
  return { kind: "repeat", node, min: 0, max: 1 };
}

function literal(character: string): PatternNode {
  const point = character.codePointAt(0) ?? 0;
  return { kind: "set", ranges: [[point, point]] };
}
