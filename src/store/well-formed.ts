/** `wellFormed`: text that both databases can store. */

/** PostgreSQL stores neither NUL nor half a surrogate pair: one such name would keep a whole batch out for ever. */
export function wellFormed(text: string): string {
  return text.isWellFormed() && !text.includes("\0") ? text : text.toWellFormed().replaceAll("\0", "\uFFFD");
}
