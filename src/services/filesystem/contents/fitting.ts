/** `fitting`: how much of a text an answer may hold: whole lines, or a part of the first one where that alone is too long. */

/**
 * @param mostLines of it
 * @param mostBytes as JSON
 * @returns how many characters of the text
 */
export function fitting(text: string, mostLines: number, mostBytes: number): number {
  let [at, bytes] = [0, 0];
  for (let lines = 0; lines < mostLines && at < text.length; lines++) {
    const feed = text.indexOf("\n", at);
    const end = feed < 0 ? text.length : feed + 1;
    const size = end - at > mostBytes ? Infinity : jsonBytes(text.slice(at, end));
    if (bytes + size > mostBytes) return at > 0 ? at : partOf(text, end, mostBytes);
    [at, bytes] = [end, bytes + size];
  }
  return at;
}

/** No half of a character that has two. */
function partOf(text: string, end: number, mostBytes: number): number {
  let [low, high] = [1, Math.min(end, mostBytes)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (jsonBytes(text.slice(0, middle)) > mostBytes) high = middle - 1;
    else low = middle;
  }
  return /[\ud800-\udbff]/.test(text.charAt(low - 1)) && low > 1 ? low - 1 : low;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
