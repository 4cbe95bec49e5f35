/** `nameProblem`: what a server may be called. Names become parts of file names, of lines on a terminal and of addresses. */

export const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const SERVER_NAME_WORDS = "1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit";

/** Words that stand for something else where a server is named, and what Windows takes for a device. */
const RESERVED = /^(?:all|none|last|km)$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Undefined for a name that may be used. */
export function nameProblem(name: string): string | undefined {
  if (!SERVER_NAME.test(name)) return `a name of ${SERVER_NAME_WORDS}`;
  if (RESERVED.test(name)) return "a name other than all, none, last, km and those of devices, such as con";
  return name.endsWith(".") ? "a name that ends in no dot" : undefined;
}

/** The nearest name that may be used; undefined where nothing of it can. */
export function usableName(name: string): string | undefined {
  const usable = name
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64)
    .replace(/[-._]+$/, "");
  if (nameProblem(usable) === undefined) return usable;
  const other = `${usable}-server`;
  return usable !== "" && nameProblem(other) === undefined ? other : undefined;
}
