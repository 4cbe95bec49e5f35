/** `isKmName`: whether a program in a client's file is km, by its name. */

export function isKmName(program: string): boolean {
  const base = program.split(/[\\/]/).at(-1) ?? "";
  return base === "km" || /^km\.exe$/i.test(base);
}
