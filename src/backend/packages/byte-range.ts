/** `parseRange`: which bytes a Range header asks for (RFC 9110, section 14.1.2). */

export type ByteRange = { kind: "all" } | { kind: "part"; first: number; last: number } | { kind: "unsatisfiable" };

/** What is no range of bytes, and several ranges at once, are as if they were not there: all is a right answer to them. */
export function parseRange(header: string | null, size: number): ByteRange {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return { kind: "all" };
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? { kind: "unsatisfiable" } : { kind: "part", first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return { kind: "all" };
  return first >= size ? { kind: "unsatisfiable" } : { kind: "part", first, last };
}
