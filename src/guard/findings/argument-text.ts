/** `usageOf`: what the value of an argument is for, by its name, its schema and the tool. */
import type { InspectedText } from "./inspected-text.ts";
import type { Subject } from "./rule.ts";

/**
 * `command` is executed, `code` is written or run as a program, `prose` is for people, `path`, `address` and `query`
 * (SQL) are what they say, and a `name` is all else: an id, a branch, an option.
 */
export type Usage = "command" | "code" | "prose" | "path" | "address" | "query" | "name";

export function usageOf(text: InspectedText, subject: Subject): Usage {
  const words = wordsOf(text.member);
  const has = (names: ReadonlySet<string>): boolean => words.some((word) => names.has(word));
  if (has(COMMAND) || (has(ARGUMENTS) && RUNS.test(subject.tool))) return "command";
  if (has(CODE)) return RUNS.test(subject.tool) && has(SCRIPT) ? "command" : "code";
  if (words.includes("sql")) return "query";
  if (has(QUERY) && (SQL_START.test(text.text) || SQL_TOOL.test(subject.tool))) return "query";
  if (has(ADDRESS)) return "address";
  if (has(PATH)) return text.text.includes("\n") ? "prose" : "path";
  if (has(PROSE)) return "prose";
  const described = schemaWords(text, subject);
  if (/\b(?:shell|bash|terminal|command line) ?command|\bcommand to (?:run|execute)/i.test(described)) return "command";
  if (/\b(?:file|directory|folder) ?path\b|\bpath (?:to|of)\b/i.test(described)) return "path";
  const isLong = text.text.length > 200 && text.text.includes(" ");
  return isLong || /[.!?] [A-Z]|\n[^\n]*\n/.test(text.text) ? "prose" : "name";
}

const COMMAND = new Set("command cmd shell bash commandline commands".split(" "));
const ARGUMENTS = new Set("args argv arguments input".split(" "));
const CODE = new Set(
  "content contents code script source html css markdown patch diff data body payload template old new string str replacement edits xml json yaml snippet function expression regex pattern js javascript python notebook cell file_text".split(
    " ",
  ),
);
const SCRIPT = new Set(["script", "code"]);
const QUERY = new Set("sql query statement statements".split(" "));
const ADDRESS = new Set(
  "url uri href endpoint link host hostname webhook address server domain ip origin proxy callback".split(" "),
);
const PATH = new Set(
  "path paths file files filename filepath dir directory folder cwd root destination dest src location workdir repository repo".split(
    " ",
  ),
);
const PROSE = new Set(
  "text message title summary description comment query question prompt thought note notes reason subject search instructions instruction observation observations keywords details caption feedback".split(
    " ",
  ),
);
const RUNS = /(?:^|[^a-z])(?:run|exec|execute|bash|shell|terminal|command|cmd|powershell|ssh|process)(?:[^a-z]|$)/i;
const SQL_TOOL = /sql|database|(?:^|[^a-z])db(?:[^a-z]|$)|postgres|sqlite|duckdb|bigquery|snowflake|clickhouse/i;
const SQL_START =
  /^\s*(?:select|insert|update|delete|with|drop|alter|create|truncate|explain|grant|merge|call|exec)\s/i;

/** `filePath` and `file_path` are file and path. */
export function wordsOf(name: string): string[] {
  return name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

/** What is longer is no value that somebody made up for a call. */
export const MAX_VALUE = 8192;

/**
 * With escapes of URLs, of strings and of HTML as what they stand for, thrice at most, since servers decode once too
 * often; with overlong UTF-8, and letters and signs of full width, as those that they pass for.
 */
export function decodedValue(text: string): string {
  let decoded = NOT_ASCII.test(text) ? text.normalize("NFKC").replace(/\u2215|\u2044/g, "/") : text;
  for (let turn = 0; turn < 3 && ESCAPED.test(decoded); turn++) {
    decoded = decoded
      .replace(OVERLONG, (escape) => (/ae$/i.test(escape) ? "." : /af$|8f$/i.test(escape) ? "/" : "\\"))
      .replace(ESCAPES, unescaped);
  }
  return decoded;
}

// oxlint-disable-next-line no-control-regex -- all that is not ASCII
const NOT_ASCII = /[^\u0000-\u007f]/;
const ESCAPED = /%[0-9a-fu]|\\[ux][0-9a-f]|&#[x\d]/i;
const OVERLONG = /%(?:c0%ae|c0%af|c1%9c|e0%80%ae|e0%80%af|ef%bc%8f)|%u(?:2215|2216|ff0f)/gi;
const ESCAPES =
  /%(0[0ad]|[2-7][0-9a-f])|%u00([0-7][0-9a-f])|\\u00([2-7][0-9a-f])|\\x([2-7][0-9a-f])|&#x([2-7][0-9a-f]);|&#(\d{2,3});/gi;

function unescaped(whole: string, ...codes: (string | undefined)[]): string {
  const [percent, wide, unicode, hex, entity, decimal] = codes;
  if (decimal !== undefined) return Number(decimal) < 128 ? String.fromCharCode(Number(decimal)) : whole;
  return String.fromCharCode(Number.parseInt(percent ?? wide ?? unicode ?? hex ?? entity ?? "", 16));
}

function schemaWords(text: InspectedText, { schema }: Subject): string {
  const property = memberOf(memberOf(schema, "properties"), text.member);
  const description = memberOf(property, "description");
  return typeof description === "string" ? description.slice(0, 1000) : "";
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
