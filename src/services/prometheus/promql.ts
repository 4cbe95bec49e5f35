/**
 * `readPromql`: as much of an expression as an estimate of its cost needs: which series it selects, over what time, and whether it
 * brings them together. It judges nothing: what is wrong with an expression Prometheus itself says.
 */
export interface ReadPromql {
  selectors: Selector[];
  /** It has an aggregation or a comparison with few, so that fewer series may come out than go in. */
  aggregates: boolean;
}

export interface Selector {
  /** `up{job="web"}` */
  text: string;
  /** How much time each of its values takes in: of `[5m]`; 0 without. */
  rangeMs: number;
  /** How often it is evaluated for one value of the whole: more than once within subqueries. */
  times: number;
}

interface Token {
  kind: "name" | "braces" | "brackets" | "open" | "close" | "other";
  text: string;
}

export function readPromql(expression: string): ReadPromql {
  const tokens = tokensOf(expression);
  const selectors: (Selector & { at: number })[] = [];
  const opened: number[] = [];
  let lastClosed: number | undefined;
  let aggregates = false;
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at] ?? { kind: "other", text: "" };
    const next = tokens[at + 1];
    if (kind === "open") opened.push(at);
    else if (kind === "close") lastClosed = opened.pop();
    else if (kind === "brackets" && tokens[at - 1]?.kind === "close") {
      for (const one of selectors) if (one.at > (lastClosed ?? 0)) one.times *= timesOf(text);
    } else if (kind === "name" && LABEL_LISTS.has(text.toLowerCase())) {
      if (next?.kind === "open") at = closingOf(tokens, at + 1);
    } else if (kind === "name" && AGGREGATORS.has(text.toLowerCase()) && isApplied(next)) aggregates = true;
    else if (kind === "name" && (KEYWORDS.has(text.toLowerCase()) || next?.kind === "open")) continue;
    else if (kind === "name" || kind === "braces") {
      let selector = text;
      if (kind === "name" && next?.kind === "braces") selector += tokens[++at]?.text ?? "";
      const range = tokens[at + 1];
      const isRange = range?.kind === "brackets" && !range.text.includes(":");
      const isSubquery = range?.kind === "brackets" && !isRange;
      selectors.push({
        text: selector,
        rangeMs: isRange ? durationMs(range.text) : 0,
        times: isSubquery ? timesOf(range.text) : 1,
        at,
      });
    }
  }
  return { selectors: selectors.map(({ text, rangeMs, times }) => ({ text, rangeMs, times })), aggregates };
}

const AGGREGATORS = new Set(
  "sum min max avg group stddev stdvar count count_values bottomk topk quantile limitk limit_ratio absent absent_over_time scalar".split(
    " ",
  ),
);
const LABEL_LISTS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const KEYWORDS = new Set("and or unless atan2 offset bool inf nan start end".split(" "));
const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
/** Between two evaluations of a subquery that does not say so: Prometheus' own. */
const SUBQUERY_STEP_MS = 60_000;
const TOKEN =
  /#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|(?:0x[\da-f]+|\d[\d.]*(?:e[-+]?\d+|[a-z][\da-z]*)?)|[a-z_:][\w:]*|[{[()]|\S/giy;
/** What stands in braces up to their end; strings may hold braces. */
const BRACES = /(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/y;

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < expression.length;) {
    if (/\s/.test(expression.charAt(at))) {
      at++;
      continue;
    }
    TOKEN.lastIndex = at;
    const [text = expression.charAt(at)] = TOKEN.exec(expression) ?? [];
    at += text.length;
    if (text === "{") {
      BRACES.lastIndex = at;
      const [inside = ""] = BRACES.exec(expression) ?? [];
      at += inside.length;
      tokens.push({ kind: "braces", text: `{${inside}` });
    } else if (text === "[") {
      const end = expression.indexOf("]", at);
      const inside = expression.slice(at, end < 0 ? undefined : end);
      at += inside.length + 1;
      tokens.push({ kind: "brackets", text: inside });
    } else if (!text.startsWith("#")) tokens.push({ kind: kindOf(text), text });
  }
  return tokens;
}

function kindOf(text: string): Token["kind"] {
  if (text === "(") return "open";
  if (text === ")") return "close";
  return /^[a-z_:]/i.test(text) ? "name" : "other";
}

/** `sum(x)`, or `sum by (a) (x)`: not a metric that is called so. */
function isApplied(next: Token | undefined): boolean {
  return next?.kind === "open" || (next?.kind === "name" && LABEL_LISTS.has(next.text.toLowerCase()));
}

/** Of the parenthesis at `from`; the last token where it is not closed. */
function closingOf(tokens: readonly Token[], from: number): number {
  const end = tokens.findIndex(({ kind }, at) => at > from && kind === "close");
  return end < 0 ? tokens.length - 1 : end;
}

/** Of `1h30m`; 0 for what is none. */
function durationMs(text: string): number {
  let total = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
    total += Number(count) * (UNIT_MS[unit] ?? 0);
  return total;
}

/** Of a subquery's `1h:5m`. */
function timesOf(text: string): number {
  const [range = "", step = ""] = text.split(":");
  return Math.max(1, Math.ceil(durationMs(range) / (durationMs(step) || SUBQUERY_STEP_MS)));
}
