/** `renderMarkdown`: the pages of docs/ as text for a terminal. Knows the Markdown that these pages use, and no other. */
import type { Colors } from "picocolors/types";

const WIDEST = 100;
const GAP = "  ";

/**
 * Headings are bold, code stays as it is, paragraphs and the last column of tables are broken to the width.
 *
 * @param width of the terminal; undefined where there is none
 */
export function renderMarkdown(markdown: string, paint: Colors, width = 80): string {
  const room = Math.max(Math.min(width, WIDEST), 40);
  const blocks = markdown.trim().split(/\n{2,}/);
  return `${joinCode(blocks)
    .map((block) => renderBlock(block, paint, room))
    .join("\n\n")}\n`;
}

/** A fence may hold empty lines. */
function joinCode(blocks: string[]): string[] {
  const joined: string[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (last?.startsWith("```") && (last.match(/^```/gm) ?? []).length % 2 === 1) {
      joined[joined.length - 1] = `${last}\n\n${block}`;
    } else joined.push(block);
  }
  return joined;
}

function renderBlock(block: string, paint: Colors, width: number): string {
  if (block.startsWith("```"))
    return block
      .split("\n")
      .slice(1, -1)
      .map((line) => (line === "" ? "" : `    ${line}`))
      .join("\n");
  if (block.startsWith("    ")) return block;
  if (block.startsWith("|")) return table(block.split("\n"), paint, width);
  const heading = /^#+ (.*)$/.exec(block);
  if (heading !== null) return paint.bold(inline(heading[1] ?? "", paint));
  return items(block)
    .map(({ mark, text }) => fill(inline(text, paint), width, mark))
    .join("\n");
}

/** A paragraph is an item without a mark. */
function items(block: string): { mark: string; text: string }[] {
  const found: { mark: string; text: string }[] = [];
  for (const line of block.split("\n")) {
    const [, mark, text = ""] = /^(\s*(?:[-*]|\d+\.) +)(.*)$/.exec(line) ?? [];
    const last = found.at(-1);
    if (mark !== undefined || last === undefined)
      found.push({ mark: mark ?? "", text: mark === undefined ? line : text });
    else last.text += ` ${line.trim()}`;
  }
  return found;
}

function table(lines: string[], paint: Colors, width: number): string {
  const [header = [], , ...rows] = lines.map(cellsOf);
  const shown = [header.map(paint.bold), ...rows].map((cells) => cells.map((cell) => inline(cell, paint)));
  const widths = columnWidths(shown, width);
  return shown
    .map((cells) => {
      const parts = cells.map((cell, column) => fill(cell, widths[column] ?? 0, "").split("\n"));
      const height = Math.max(...parts.map(({ length }) => length));
      const lines = Array.from({ length: height }, (_, index) =>
        parts
          .map((part, column) => pad(part[index] ?? "", widths[column] ?? 0))
          .join(GAP)
          .trimEnd(),
      );
      return lines.join("\n");
    })
    .join("\n");
}

/** The widest gives way first, down to its longest word. */
function columnWidths(rows: string[][], width: number): number[] {
  const most = (column: number, measure: (cell: string) => number): number =>
    Math.max(...rows.map((cells) => measure(cells[column] ?? "")));
  const columns = (rows[0] ?? []).map((_, column) => ({
    width: most(column, Bun.stringWidth),
    least: most(column, (cell) => Math.max(...cell.split(" ").map((word) => Bun.stringWidth(word)))),
  }));
  let excess = columns.reduce((sum, one) => sum + one.width + GAP.length, -GAP.length) - width;
  while (excess-- > 0) {
    const [widest] = columns.filter((one) => one.width > one.least).sort((a, b) => b.width - a.width);
    if (widest === undefined) break;
    widest.width--;
  }
  return columns.map((one) => one.width);
}

function cellsOf(line: string): string[] {
  const cells = line.replace(/^\||\|$/g, "").split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll(String.raw`\|`, "|"));
}

/** Breaks between words; lines behind the first are indented as far as `mark` reaches. */
function fill(text: string, width: number, mark: string): string {
  const indent = " ".repeat(Bun.stringWidth(mark));
  let [lines, line] = ["", mark];
  let isEmpty = true;
  for (const word of text.split(/ +/)) {
    if (!isEmpty && Bun.stringWidth(`${line} ${word}`) > width) {
      lines += `${line}\n`;
      [line, isEmpty] = [indent, true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return lines + line;
}

/** Links lose their address: the pages name each other by topic or by file. */
function inline(text: string, paint: Colors): string {
  return text
    .replace(/\[((?:`[^`]+`|[^\]`])+)\]\([^)]*\)/g, "$1")
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith("`")
        ? part
        : part
            .replace(/\*\*([^*]+)\*\*/g, (_, strong: string) => paint.bold(strong))
            .replace(/(?<![\w_])_([^_]+)_(?![\w_])/g, "$1"),
    )
    .join("");
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}
