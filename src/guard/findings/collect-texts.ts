/** `collectTexts`: every string of a JSON value with its place. Takes linear time and no stack, whatever the nesting. */
import { InspectedText, type Step, type TextRole } from "./inspected-text.ts";

export interface Collecting {
  /** Says what a string under these names is, or that it is of no interest. */
  roleOf(name: string | number, parent: Step | undefined): TextRole | undefined;
  /** Whether names of members are texts too. */
  keys?: boolean;
  /** What the value itself is called; nothing where it is the whole. */
  name?: string;
  /** What of a string is looked at; all of it unless given. */
  readAs?(text: string): string;
}

export function collectTexts(value: unknown, collecting: Collecting): InspectedText[] {
  const { readAs = (text: string) => text } = collecting;
  const texts: InspectedText[] = [];
  const root: Step | undefined =
    collecting.name === undefined ? undefined : { parent: undefined, name: collecting.name, depth: 1 };
  if (typeof value === "string") return [new InspectedText(value, "value", root)];
  const waiting: { value: object; step: Step | undefined }[] = [];
  if (isObject(value)) waiting.push({ value, step: root });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: container, step: parent } = next;
    const isArray = Array.isArray(container);
    const inner: typeof waiting = [];
    for (const key of Object.keys(container)) {
      const name = isArray ? Number(key) : key;
      const member = (container as Record<string, unknown>)[key];
      const step: Step = { parent, name, depth: (parent?.depth ?? 0) + 1 };
      if (collecting.keys === true && !isArray) texts.push(new InspectedText(key, "name", step));
      if (typeof member === "string") {
        const role = collecting.roleOf(name, parent);
        if (role !== undefined) texts.push(new InspectedText(readAs(member), role, step));
      } else if (isObject(member)) inner.push({ value: member, step });
    }
    for (let i = inner.length - 1; i >= 0; i--) waiting.push(inner[i] as (typeof inner)[number]); // it has that many
  }
  return texts;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
