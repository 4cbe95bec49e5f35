/** `examplesIn`: the quotations of a text about attacks. Whoever explains an attack shows it, and asks for nothing. */

export interface Span {
  start: number;
  end: number;
}

/** In order. What is quoted does not count for what the text is about, so that no attack can excuse itself. */
export function examplesIn(plain: string): Span[] {
  if (!ABOUT_ATTACKS.test(plain)) return [];
  const spans: Span[] = [];
  let around = "";
  let from = 0;
  for (const match of plain.matchAll(QUOTATION)) {
    around += `${plain.slice(from, match.index)}\n`;
    from = match.index + match[0].length;
    spans.push({ start: match.index, end: from });
  }
  return ABOUT_ATTACKS.test(around + plain.slice(from)) ? spans : [];
}

const ABOUT_ATTACKS =
  /\b(?:prompt[- ]injections?|injection attacks?|indirect injections?|jailbreak(?:s|ing)?|attackers?|attacks?|adversar(?:y|ial)|malicious|red[- ]team(?:s|ing)?|vulnerabilit(?:y|ies)|poisoning|OWASP|CVE-\d{4})\b/i;

/** Code, quotes and quoted lines; strings of JSON are values, and quote nobody. */
const QUOTATION =
  /```[^]{0,4000}?```|(?<![`\w])`[^`\n]{1,400}`|(?<!"\s?:\s?)(?<![\w"])"[^"\n]{1,400}"(?!\s?:)|\u201c[^\u201d\n]{1,400}\u201d|(?<![\w'])'[^'\n]{1,400}'(?!\w)|(?<=\n)(?:> ?| {4})[^\n]{1,400}/g;
