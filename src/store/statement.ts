/**
 * `sql`: a statement as a value. It runs nothing: only a `Database` runs it, which keeps it out of somebody else's
 * transaction. Values never become part of the text.
 */

/** A moment in milliseconds since 1970, bound as ISO 8601 text in SQLite and as timestamptz in PostgreSQL. */
export class Moment {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

export type Value = string | number | boolean | null | Moment;

export class Statement {
  readonly texts: readonly string[];
  readonly values: readonly Value[];

  constructor(texts: readonly string[], values: readonly Value[]) {
    this.texts = texts;
    this.values = values;
  }
}

/** A statement inside another one is a part of its text; anything else is a parameter. */
export function sql(strings: TemplateStringsArray, ...parts: (Value | Statement)[]): Statement {
  const texts = [strings[0] ?? ""];
  const values: Value[] = [];
  const append = (text: string): void => void (texts[texts.length - 1] += text);
  for (const [index, part] of parts.entries()) {
    if (part instanceof Statement) {
      append(part.texts[0] ?? "");
      texts.push(...part.texts.slice(1));
      values.push(...part.values);
      append(strings[index + 1] ?? "");
    } else {
      values.push(part);
      texts.push(strings[index + 1] ?? "");
    }
  }
  return new Statement(texts, values);
}

/** Names of columns, which are of the source code. */
export function names(columns: readonly string[]): Statement {
  return new Statement([columns.join(", ")], []);
}

export function at(ms: number): Moment {
  return new Moment(ms);
}

/** The one place where rows are kept to those of a customer. */
export function ownedBy(customer: string): Statement {
  return sql`customer_id = ${customer}`;
}

/** Null where the column is. */
export function timeOf(value: string | number | boolean | Date | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return value instanceof Date ? value.getTime() : Date.parse(String(value));
}
