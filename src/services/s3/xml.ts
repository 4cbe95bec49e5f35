/**
 * `readXml`: the XML that S3 answers with, as a tree of elements: names without prefixes, texts, nothing else. Strict, for it is
 * for those answers alone: no DOCTYPE, no entities but the five, everything closed.
 */

export interface Element {
  name: string;
  /** Its own, without that of its children. */
  text: string;
  children: Element[];
}

const PARTS =
  /<\?xml[^?>]*\?>|<!--(?:[^-]|-(?!-))*-->|<!\[CDATA\[([^]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const MOST_DEPTH = 20;

/** @returns undefined for what is not well-formed, or is none of S3's */
export function readXml(source: string): Element | undefined {
  const top: Element = { name: "", text: "", children: [] };
  const open: Element[] = [top];
  let end = 0;
  for (const match of source.trim().matchAll(PARTS)) {
    const [whole, data, closed, opened, , empty, text] = match;
    end = match.index + whole.length;
    const current = open.at(-1);
    if (current === undefined) return undefined;
    if (data !== undefined) current.text += data;
    else if (text !== undefined) {
      const decoded = decodedText(text);
      if (decoded === undefined) return undefined;
      current.text += decoded;
    } else if (closed !== undefined) {
      if (open.length === 1 || current.name !== localName(closed)) return undefined;
      open.pop();
    } else if (opened !== undefined) {
      const element: Element = { name: localName(opened), text: "", children: [] };
      current.children.push(element);
      if (empty === "") open.push(element);
      if (open.length > MOST_DEPTH) return undefined;
    }
  }
  const isWhole = end === source.trim().length && open.length === 1 && top.text.trim() === "";
  return isWhole && top.children.length === 1 ? top.children[0] : undefined;
}

/** The text of a child, at the end of a path of names. */
export function textAt(element: Element | undefined, ...path: string[]): string | undefined {
  let found = element;
  for (const name of path) found = found?.children.find((child) => child.name === name);
  return found?.text;
}

export function childrenOf(element: Element | undefined, name: string): Element[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** A text as it stands between tags. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"'\r\n\t]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function decodedText(text: string): string | undefined {
  let isKnown = true;
  const decoded = text.replace(/&(?:(\w+)|#(\d{1,7})|#x([\da-fA-F]{1,6}));|&/g, (_, name, decimal, hex) => {
    const sign = name === undefined ? codePoint(decimal, hex) : ENTITIES[name];
    isKnown &&= sign !== undefined;
    return sign ?? "";
  });
  return isKnown ? decoded : undefined;
}

function codePoint(decimal: string | undefined, hex: string | undefined): string | undefined {
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  return Number.isInteger(code) && code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
