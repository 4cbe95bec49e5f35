/** What the flags of these commands come to. */
import { KmError } from "../../../errors.ts";

/** `disabled` of a change, by two flags that exclude each other. */
export function disabledBy({ disable, enable }: { disable: boolean; enable: boolean }): { disabled?: boolean } {
  if (disable && enable) throw new KmError("USAGE", "Cannot disable and enable at once");
  return disable || enable ? { disabled: disable } : {};
}

/** @throws KmError USAGE for a change of nothing */
export function someChange<T extends object>(body: T): T {
  if (Object.keys(body).length > 0) return body;
  throw new KmError("USAGE", "Nothing to change is given", { hint: "See the options with --help." });
}

/** Only those that were given. */
export function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** A flag that a command cannot do without. */
export function needed<T>(flag: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new KmError("USAGE", `Flag --${flag} is missing`, { hint: "See what it takes with --help." });
}

/** What a flag names, which has been checked to be one of these. */
export function oneOf<T extends string>(options: readonly T[], text: string): T {
  const found = options.find((option) => option === text);
  if (found === undefined) throw new Error(`${text} is none of ${options.join(", ")}`);
  return found;
}
