/**
 * `htmlText`: what a reader sees of a page: its text with headings, lists and links, as Markdown has them. Whatever the page is, it
 * is read once from its beginning to its end: pages are anybody's, and must not be able to keep km busy.
 */

/** What is in them is not shown as text. */
const UNSEEN = new Set(["script", "style", "noscript", "template", "svg", "iframe", "object", "canvas"]);
/** In these there are no tags but their own end. */
const RAW = new Set(["script", "style", "iframe", "title", "textarea"]);
const BLOCKS = new Set(
  "address article aside blockquote dd div dl dt fieldset figure footer form header hr main nav ol p pre section table tr ul".split(
    " ",
  ),
);

export function htmlText(html: string): { title: string | undefined; text: string } {
  let title: string | undefined;
  let text = "";
  /** Where the open link leads; undefined where there is none. */
  let link: string | undefined;
  let unseen: { name: string; depth: number } | undefined;
  const closeLink = (): void => {
    if (link !== undefined) text += `](${link})`;
    link = undefined;
  };
  for (let at = 0; at < html.length;) {
    const tag = nextTag(html, at);
    if (unseen === undefined) text += html.slice(at, tag.start).replace(/\s+/g, " ");
    const inner = RAW.has(tag.name) && !tag.isEnd ? endOfRaw(html, tag) : tag.end;
    at = inner;
    const { name, isEnd } = tag;
    if (unseen !== undefined) {
      if (name === unseen.name) unseen.depth += isEnd ? -1 : 1;
      if (unseen.depth === 0) unseen = undefined;
    } else if (UNSEEN.has(name)) {
      if (!isEnd && !RAW.has(name) && !tag.text.endsWith("/>")) unseen = { name, depth: 1 };
    } else if (name === "title") {
      if (!isEnd) title ??= html.slice(tag.end, inner);
    } else if (name === "a") {
      closeLink();
      link = isEnd ? undefined : hrefOf(tag.text);
      if (link !== undefined) text += "[";
    } else {
      if (name === "textarea" && !isEnd) text += html.slice(tag.end, inner);
      text += markOf(name, isEnd);
    }
  }
  closeLink();
  const shown = decoded(text)
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return { title: (title && decoded(title).replace(/\s+/g, " ").trim().toWellFormed()) || undefined, text: shown };
}

interface Tag {
  /** In lower case; empty for comments and the like. */
  name: string;
  isEnd: boolean;
  start: number;
  /** Behind it. */
  end: number;
  text: string;
}

/** The one at the end of the page, of no length, where there is none any more. */
function nextTag(html: string, from: number): Tag {
  for (let start = html.indexOf("<", from); start !== -1; start = html.indexOf("<", start + 1)) {
    const second = html.charAt(start + 1);
    const [, slash = "", name = ""] = /^<(\/?)([a-z][^\s/>]{0,30})/i.exec(html.slice(start, start + 40)) ?? [];
    if (name === "" && !/[!?/]/.test(second)) continue; // a < of the text
    const end = name === "" ? endOfComment(html, start) : endOfTag(html, start + 1 + slash.length + name.length);
    const text = name === "" ? "" : html.slice(start, end);
    return { name: name.toLowerCase(), isEnd: slash !== "", start, end, text };
  }
  return { name: "", isEnd: false, start: html.length, end: html.length, text: "" };
}

function endOfComment(html: string, start: number): number {
  const mark = html.startsWith("<!--", start) ? "-->" : ">";
  const end = html.indexOf(mark, start + 2);
  return end === -1 ? html.length : end + mark.length;
}

/** A > within the quotes of an attribute's value is none. What has no end is dropped, as browsers do. */
function endOfTag(html: string, from: number): number {
  const marks = /[>"']/g;
  marks.lastIndex = from;
  for (let mark = marks.exec(html); mark !== null; mark = marks.exec(html)) {
    if (mark[0] === ">") return marks.lastIndex;
    let before = mark.index - 1;
    while (/\s/.test(html.charAt(before))) before--;
    if (html.charAt(before) !== "=") continue;
    const close = html.indexOf(mark[0], marks.lastIndex);
    if (close === -1) break;
    marks.lastIndex = close + 1;
  }
  return html.length;
}

/** Where the end tag of such an element begins. */
function endOfRaw(html: string, { name, end }: Tag): number {
  const close = new RegExp(`</${name}[\\s/>]`, "gi");
  close.lastIndex = end;
  return close.exec(html)?.index ?? html.length;
}

function hrefOf(tag: string): string | undefined {
  const [, quoted, single, plain] = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i.exec(tag) ?? [];
  const href = quoted ?? single ?? plain ?? "";
  return /^(?:https?:|\/)/i.test(href) ? href : undefined;
}

function markOf(name: string, isEnd: boolean): string {
  if (/^h[1-6]$/.test(name)) return isEnd ? "\n\n" : `\n\n${"#".repeat(Number(name.slice(1)))} `;
  if (BLOCKS.has(name)) return "\n";
  if (isEnd) return "";
  if (name === "li") return "\n- ";
  if (name === "td" || name === "th") return " | ";
  return name === "br" ? "\n" : "";
}

const NAMED: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "-",
  mdash: "-",
  hellip: "...",
  copy: "(c)",
  laquo: "\u00ab",
  raquo: "\u00bb",
  euro: "\u20ac",
  middot: "\u00b7",
};

function decoded(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,10}));/gi,
    (whole, decimal, hex, name: string | undefined) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
    },
  );
}
