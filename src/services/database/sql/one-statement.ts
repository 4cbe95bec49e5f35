/**
 * What a statement is, by its words: `readProblem` for those that only read, `changeKind` for those that add or change. The server
 * is what keeps a reading statement from writing; this says why sooner, and refuses what no transaction holds back.
 */
import { KmError } from "../../../errors.ts";
import type { Dialect } from "../connection.ts";
import { isSymbol, isWord, type Token, tokensOf } from "./tokens.ts";

/** @throws KmError SVC_001 for what is not one whole statement */
export function oneStatement(sql: string, dialect: Dialect): Token[] {
  const read = tokensOf(sql, dialect);
  if (read.problem !== undefined) throw new KmError("SVC_001", `Argument sql cannot be used: ${read.problem}`);
  const { tokens } = read;
  while (isSymbol(tokens.at(-1), ";")) tokens.pop();
  if (tokens.length === 0) throw new KmError("SVC_001", "Argument sql has no statement");
  if (tokens.some((token) => isSymbol(token, ";")) && !isBody(tokens)) {
    throw new KmError("SVC_001", "Argument sql has several statements", { hint: "Send one at a time." });
  }
  return tokens;
}

/** The body of a trigger or a procedure has statements of its own; what stands behind it the server refuses. */
function isBody(tokens: readonly Token[]): boolean {
  return firstWord(tokens) === "create" && tokens.some((token) => isWord(token, "begin"));
}

const READING: Record<Dialect, readonly string[]> = {
  postgres: ["select", "with", "values", "table", "show", "explain"],
  mysql: ["select", "with", "values", "table", "show", "explain", "describe", "desc"],
  sqlite: ["select", "with", "values", "explain", "pragma"],
};

/** What may be asked of SQLite, all of it without a value or with that of a name. */
const PRAGMAS = new Set(
  "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list foreign_key_check database_list collation_list function_list compile_options integrity_check quick_check page_count page_size freelist_count schema_version user_version application_id encoding journal_mode".split(
    " ",
  ),
);
/** With a value these read; the others would be set. */
const PRAGMAS_OF =
  /^(?:(?:table|index)_x?info|(?:index|foreign_key|table)_list|foreign_key_check|integrity_check|quick_check)$/;

/** @throws KmError SVC_002 where the statement is of a kind that does not only read */
export function checkReads(tokens: readonly Token[], dialect: Dialect): void {
  const first = firstWord(tokens);
  const allowed = READING[dialect];
  if (!allowed.includes(first) && !isMeasured(tokens, dialect)) {
    throw notReading(
      `${first.toUpperCase() || "that"} is not`,
      `Statements may begin with ${allowed.join(", ").toUpperCase()}.`,
    );
  }
  if (dialect === "mysql" && tokens.some((token) => isWord(token, "into"))) {
    throw notReading("SELECT ... INTO is not", "Leave INTO out; a column of that name needs backticks.");
  }
  if (dialect === "sqlite" && first === "pragma") checkPragma(tokens);
}

/** MariaDB's `analyze select ...`, which runs a query and measures; `analyze table` is another thing. */
function isMeasured([first, second]: readonly Token[], dialect: Dialect): boolean {
  if (dialect !== "mysql" || !isWord(first, "analyze")) return false;
  return ["format", "select", "with", "values"].some((one) => isWord(second, one));
}

function checkPragma(tokens: readonly Token[]): void {
  const names = tokens.slice(1).filter((token) => token.kind === "word" || token.kind === "name");
  const at = isSymbol(tokens[2], ".") ? 1 : 0;
  const name = names[at]?.text.toLowerCase() ?? "";
  const hasValue = tokens.length > 2 + at * 2;
  if (PRAGMAS.has(name) && (!hasValue || PRAGMAS_OF.test(name))) return;
  throw notReading(`PRAGMA ${name} ${hasValue ? "with a value " : ""}is not`, `There are: ${[...PRAGMAS].join(", ")}.`);
}

function notReading(what: string, hint: string): KmError {
  return new KmError("SVC_002", `${what} among what may be asked here: this only reads`, { hint });
}

export type ChangeKind = "adds" | "changes";

const ADDING = ["insert", "with", "create", "comment", "analyze"];
const CHANGING: Record<Dialect, readonly string[]> = {
  postgres:
    "update delete merge truncate drop alter grant revoke call do select refresh vacuum reindex cluster security reassign import".split(
      " ",
    ),
  mysql: "update delete replace truncate drop alter rename grant revoke call do optimize repair".split(" "),
  sqlite: "update delete replace drop alter reindex vacuum".split(" "),
};
/** In a statement that begins as one that adds. */
const CHANGES_TOO = new Set(["update", "delete", "merge", "replace", "truncate", "drop"]);

/** @throws KmError SVC_002 for what cannot be done here at all */
export function changeKind(tokens: readonly Token[], dialect: Dialect): ChangeKind {
  const first = firstWord(tokens);
  if (dialect === "mysql" && tokens.some((token, at) => isWord(token, "into") && isFile(tokens[at + 1]))) {
    throw new KmError("SVC_002", "Files of the database's server are not written here");
  }
  if (dialect === "sqlite" && first === "vacuum" && tokens.some((token) => isWord(token, "into"))) {
    throw new KmError("SVC_002", "Other files than the database are not written here");
  }
  if (CHANGING[dialect].includes(first)) return "changes";
  if (first === "create" && !isNewTable(tokens)) return "changes";
  if (ADDING.includes(first)) return tokens.some((token, at) => isChanging(tokens, token, at)) ? "changes" : "adds";
  const all = [...ADDING, ...CHANGING[dialect]].join(", ").toUpperCase();
  throw new KmError("SVC_002", `${first.toUpperCase() || "That"} is not done here`, {
    hint: `Statements may begin with ${all}. Settings of a session and transactions are km's own affair.`,
  });
}

const NEW = new Set(["table", "index", "view", "schema", "sequence", "type"]);
const BEFORE_NEW = /^(?:create|temp|temporary|unlogged|unique|materialized|fulltext|spatial|virtual)$/;

/** Roles, functions, triggers and extensions can do more than be there. */
function isNewTable(tokens: readonly Token[]): boolean {
  const what = tokens.find((token) => token.kind !== "word" || !BEFORE_NEW.test(token.text));
  return what?.kind === "word" && NEW.has(what.text);
}

/** `on delete cascade` only says what will be; `replace(...)` is a function. */
function isChanging(tokens: readonly Token[], token: Token, at: number): boolean {
  if (token.kind !== "word" || !CHANGES_TOO.has(token.text)) return false;
  if (isWord(tokens[at - 1], "on") || isWord(tokens[at - 1], "for") || isSymbol(tokens[at - 1], ".")) {
    // `on duplicate key update` and `on conflict do update` have other words between.
    return false;
  }
  return !(token.text === "replace" && isSymbol(tokens[at + 1], "(")) && !isTriggerEvent(tokens, at);
}

/** `create trigger ... before update` and the like. */
function isTriggerEvent(tokens: readonly Token[], at: number): boolean {
  return ["after", "before"].some((one) => isWord(tokens[at - 1], one));
}

function isFile(token: Token | undefined): boolean {
  return isWord(token, "outfile") || isWord(token, "dumpfile");
}

/** Of what stands in brackets too: `(select 1) union select 2`. */
export function firstWord(tokens: readonly Token[]): string {
  const first = tokens.find((token) => !isSymbol(token, "("));
  return first?.kind === "word" ? first.text : "";
}

/** Names of what is called, `name(`, and of what might be, since `row.name` can mean `name(row)`. */
export function calledNames(tokens: readonly Token[]): { called: string[]; selected: string[] } {
  const names = { called: new Set<string>(), selected: new Set<string>() };
  tokens.forEach((token, at) => {
    if (token.kind !== "word" && token.kind !== "name") return;
    if (isSymbol(tokens[at + 1], "(")) names.called.add(token.text);
    else if (isSymbol(tokens[at - 1], ".")) names.selected.add(token.text);
  });
  return { called: [...names.called], selected: [...names.selected] };
}

/** All names that a statement has, in quotes or not. */
export function allNames(tokens: readonly Token[]): string[] {
  return [...new Set(tokens.flatMap((token) => (token.kind === "word" || token.kind === "name" ? [token.text] : [])))];
}
