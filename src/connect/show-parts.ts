/** `showParts`: parts of a result as text for a terminal, or for a file or another program. */
import type { Colors } from "picocolors/types";
import { formatBytes } from "../config/units.ts";
import { prettyJson } from "../pretty-json.ts";
import { printable } from "../terminal.ts";
import { type ImageProtocol, inlineImage } from "./inline-image.ts";
import type { Part } from "./result-parts.ts";

export interface ShowOptions {
  /** A person looks at it: what could act on the terminal is made visible. Otherwise text goes as the server wrote it. */
  isTerminal: boolean;
  colours: Colors;
  images: ImageProtocol | undefined;
  /** Keeps what cannot be shown, and says where; undefined where the user did not ask for it. */
  save: ((bytes: Uint8Array, what: string, type: string) => string) | undefined;
}

export function showParts(parts: readonly Part[], options: ShowOptions): string {
  return parts.map((part) => shown(part, options)).join("");
}

function shown(part: Part, options: ShowOptions): string {
  const { isTerminal, colours } = options;
  switch (part.kind) {
    case "text":
      return isTerminal ? printableLines(part.text) : ended(part.text);
    case "json":
      return ended(isTerminal ? prettyJson(part.text, colours) : part.text);
    case "note":
      return `${colours.dim(printable(part.text))}\n`;
    case "data":
      return shownData(part, options);
  }
}

function shownData({ what, type, base64 }: Extract<Part, { kind: "data" }>, options: ShowOptions): string {
  const { isTerminal, images, save, colours } = options;
  const bytes = Buffer.from(base64, "base64");
  const image = isTerminal && images !== undefined ? inlineImage(bytes, type, images) : undefined;
  const path = save?.(bytes, what, type);
  const where = path === undefined ? "" : `, saved as ${path}`;
  const hint = path === undefined && image === undefined ? "; --save FOLDER keeps it" : "";
  const line = `[${what}: ${type}, ${formatBytes(bytes.length)}${where}${hint}]`;
  return `${image ?? ""}${colours.dim(printable(line))}\n`;
}

/** JSON or YAML, of which a terminal gets nothing that could act on it. */
export function dataText(text: string, isTerminal: boolean): string {
  return isTerminal ? text.split("\n").map(printable).join("\n") : text;
}

/** Each line by itself: its end is meant. */
export function printableLines(text: string): string {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${printable(line.replaceAll("\t", "    "))}\n`).join("");
}

function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
