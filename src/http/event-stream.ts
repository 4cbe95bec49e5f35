/** `EventStream`: takes server-sent events out of a stream of bytes, in any chunking (HTML standard, 9.2.6). No I/O. */

export interface ServerEvent {
  /** `message` where the server names none. */
  type: string;
  /** Its lines with a blank between them; undefined where it is over the limit. */
  data: string | undefined;
}

const LINE_END = /\r\n|\n|\r/g;

export class EventStream {
  /** What `Last-Event-ID` has to say; undefined where no event had an id. */
  lastId: string | undefined;
  /** How long the server wants to be left alone after the stream has ended, in milliseconds. */
  retryMs: number | undefined;
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The line that has not ended yet. */
  #line: string[] = [];
  /** The last chunk ended with a carriage return: a line feed at the beginning of the next belongs to it. */
  #endedInReturn = false;
  #type = "";
  #id: string | undefined;
  #data: string[] = [];
  /** Characters of the event so far. */
  #size = 0;

  /** @param limit characters of an event; of a longer one there is no data */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** For the connection that goes on where this one broke off. */
  continued(): EventStream {
    const next = new EventStream(this.#limit);
    next.lastId = this.lastId;
    next.retryMs = this.retryMs;
    return next;
  }

  /**
   * @returns the events that have become complete
   * @throws TypeError where the bytes are not UTF-8; nothing can be read then any more
   */
  push(chunk: Uint8Array): ServerEvent[] {
    const events: ServerEvent[] = [];
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return events;
    if (this.#endedInReturn && text.startsWith("\n")) text = text.slice(1);
    this.#endedInReturn = text.endsWith("\r");
    let start = 0;
    for (const { index, 0: end } of text.matchAll(LINE_END)) {
      this.#keep(text.slice(start, index));
      start = index + end.length;
      const line = this.#line.length === 1 ? (this.#line[0] ?? "") : this.#line.join("");
      this.#line = [];
      if (line !== "") this.#field(line);
      else if (this.#size > 0) this.#end(events);
    }
    this.#keep(text.slice(start));
    return events;
  }

  #keep(piece: string): void {
    this.#size += piece.length;
    if (this.#size <= this.#limit) {
      if (piece !== "") this.#line.push(piece);
    } else if (this.#line.length > 0 || this.#data.length > 0) {
      this.#line = ["x:"]; // what it was does not matter, as long as it is no empty line
      this.#data = [];
    } else this.#line = piece === "" ? [] : ["x:"];
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment, to keep the connection
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #end(events: ServerEvent[]): void {
    const isOversize = this.#size > this.#limit;
    if (this.#id !== undefined) this.lastId = this.#id === "" ? undefined : this.#id;
    if (this.#data.length > 0 || isOversize) {
      const type = this.#type === "" ? "message" : this.#type;
      events.push({ type, data: isOversize ? undefined : this.#data.join(" ") });
    }
    this.#type = "";
    this.#data = [];
    this.#size = 0;
  }
}
