/** `markup`: a piece of a page, in which all that is put between its tags is escaped. The only way to make one. */

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Markup stays as it is; anything else is text. */
export type Part = Markup | string | undefined;

/** Between quotes or between tags: a part must not stand elsewhere, such as in a tag's name or in a script. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((page, text, index) => page + textOf(parts[index - 1]) + text));
}

function textOf(part: Part): string {
  if (part === undefined) return "";
  return part instanceof Markup ? part.text : escape(part);
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
