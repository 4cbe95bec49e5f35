/** `Section`: a part of the description of an object, as lines for a reader. */

export interface Section {
  title: string;
  lines: string[];
}

/** `name: value`, or nothing where there is no value. */
export function line(name: string, value: string | number | boolean | undefined): string[] {
  return value === undefined || value === "" ? [] : [`${name}: ${value}`];
}

/** Left out where it is empty. */
export function section(title: string, lines: readonly string[]): Section[] {
  return lines.length === 0 ? [] : [{ title, lines: [...lines] }];
}
