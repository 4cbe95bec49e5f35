/** `prettyJson`: JSON text laid out for reading, from the text itself, so that every number keeps its digits. */
import type { Colors } from "picocolors/types";
import { isJson } from "./is-json.ts";
import { printable } from "./terminal.ts";

const INDENT = "  ";
const LITERAL = /[^\s,:{}[\]"]+/y;

/**
 * A string value with line breaks or quotes in it, as tools answer, is shown as the text that it is, below its name and
 * behind a bar. Text that is not JSON is returned in one line. Everything is made safe for a terminal.
 */
export function prettyJson(json: string, colours: Colors): string {
  if (!isJson(json)) return printable(json);
  let out = "";
  let depth = 0;
  let at = 0;
  /** A blank behind a colon, unless a block of text follows on its own lines. */
  let gap = "";
  /** What was added last is such a block. */
  let isBlock = false;
  const add = (text: string): void => {
    isBlock = text.startsWith("\n");
    out += text.startsWith("\n") ? text : gap + text;
    gap = "";
  };
  const line = (): string => `\n${INDENT.repeat(depth)}`;
  while (at < json.length) {
    const character = json.charAt(at);
    switch (character) {
      case "{":
      case "[": {
        const close = skipBlanks(json, at + 1);
        if (json[close] === "}" || json[close] === "]") {
          add(character + json.charAt(close));
          at = close + 1;
          break;
        }
        depth++;
        add(character + line());
        at++;
        break;
      }
      case "}":
      case "]":
        depth--;
        out += line() + character;
        isBlock = false;
        at++;
        break;
      case ",":
        // Behind a block of text it would read as a part of that.
        out += isBlock ? line() : `,${line()}`;
        at++;
        break;
      case ":":
        out += ":";
        gap = " ";
        at++;
        break;
      case '"': {
        const end = endOfString(json, at);
        const isName = json[skipBlanks(json, end)] === ":";
        const token = json.slice(at, end);
        add(isName ? colours.cyan(printable(token)) : stringValue(token, `${line()}${INDENT}`, colours));
        at = end;
        break;
      }
      default: {
        LITERAL.lastIndex = at;
        const literal = LITERAL.exec(json)?.[0];
        if (literal !== undefined) add(colours.yellow(literal));
        at += literal?.length ?? 1; // 1: a blank
      }
    }
  }
  return out;
}

function stringValue(token: string, line: string, colours: Colors): string {
  const text: unknown = token.includes("\\") ? JSON.parse(token) : undefined;
  if (typeof text !== "string" || !/["\n]/.test(text)) return colours.green(printable(token));
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines
    .map((one) => `${line}${colours.dim("│")} ${colours.green(printable(one.replaceAll("\t", "    ")))}`)
    .join("");
}

/** The position behind the closing quote. */
function endOfString(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return json.length;
}

function skipBlanks(json: string, at: number): number {
  let next = at;
  while (/\s/.test(json.charAt(next))) next++;
  return next;
}
