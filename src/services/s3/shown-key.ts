/** `shownKey`: a key in a line for readers: one with a line feed in it could be taken for two. */
export function shownKey(key: string): string {
  return /\p{C}/u.test(key) ? JSON.stringify(key) : key;
}
