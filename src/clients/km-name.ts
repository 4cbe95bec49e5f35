/** How km knows itself in a client's file, by its name: `isKmName` as a program, `wrappedCommand` with what it monitors, `monitoringKm`. */
import type { ServerEntry } from "./shape.ts";

export function isKmName(program: string): boolean {
  const base = program.split(/[\\/]/).at(-1) ?? "";
  return base === "km" || /^km\.exe$/i.test(base);
}

/**
 * What km monitors in this command line, also where it was put there by hand, with any flags.
 *
 * @returns undefined for a command line without km
 */
export function wrappedCommand([program = "", ...args]: string[]): ServerEntry["wrapped"] {
  if (!isKmName(program)) return undefined;
  const dashes = args.indexOf("--");
  const monitor = args.findIndex((word) => !word.startsWith("-"));
  if (args[monitor] !== "monitor" || dashes < monitor || dashes === args.length - 1) return undefined;
  return { km: program, original: args.slice(dashes + 1) };
}

/**
 * The km of a command line that runs a server through it: behind two dashes, by its name (`--use`) or by its address
 * (`--url`). Only of the first does the file know what there was before.
 */
export function monitoringKm(command: string[]): string | undefined {
  const wrapped = wrappedCommand(command);
  if (wrapped !== undefined) return wrapped.km;
  const [program = "", ...args] = command;
  if (!isKmName(program) || args.find((word) => !word.startsWith("-")) !== "monitor") return undefined;
  return args.some((word) => /^--(?:use|url)(?:=|$)/.test(word)) ? program : undefined;
}
