/** `accepted`: in which forms a client takes an answer. */

export interface Accepted {
  readonly json: boolean;
  readonly events: boolean;
  /** A stream is named before JSON. */
  readonly prefersEvents: boolean;
}

/** Clients say the same again and again. */
const MOST_KNOWN = 100;
const known = new Map<string, Accepted>();

export function accepted(headers: Headers): Accepted {
  const text = headers.get("accept") ?? "";
  const before = known.get(text);
  if (before !== undefined) return before;
  const read = readAccept(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, read);
  return read;
}

function readAccept(text: string): Accepted {
  const types = text
    .toLowerCase()
    .split(",")
    .map((type) => type.split(";")[0]?.trim() ?? "");
  const first = (...wanted: string[]): number => types.findIndex((type) => wanted.includes(type));
  const json = first("application/json", "application/*", "*/*");
  const events = first("text/event-stream", "text/*", "*/*");
  return { json: json >= 0, events: events >= 0, prefersEvents: events >= 0 && events < json };
}
