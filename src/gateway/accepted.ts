/** `accepted`: in which forms a client takes an answer. */

export interface Accepted {
  json: boolean;
  events: boolean;
  /** A stream is named before JSON. */
  prefersEvents: boolean;
}

export function accepted(headers: Headers): Accepted {
  const types = (headers.get("accept") ?? "")
    .toLowerCase()
    .split(",")
    .map((type) => type.split(";")[0]?.trim() ?? "");
  const first = (...wanted: string[]): number => types.findIndex((type) => wanted.includes(type));
  const json = first("application/json", "application/*", "*/*");
  const events = first("text/event-stream", "text/*", "*/*");
  return { json: json >= 0, events: events >= 0, prefersEvents: events >= 0 && events < json };
}
