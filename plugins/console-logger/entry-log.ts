/** `EntryLog`: the lines that an event makes due. */
import {
  EntryFold,
  type Filter,
  filterWantsPayload,
  isSettled,
  type LogEntry,
  parseFilter,
  type PluginEvent,
  recordedEvent,
  type Session,
  type StreamEvent,
  withoutPayload,
} from "#plugin-sdk";
import type { Configuration } from "./configuration.ts";
import { isShown } from "./entry-level.ts";
import { jsonLine } from "./json-line.ts";
import { textLine } from "./text-line.ts";

export class EntryLog {
  readonly #configuration: Configuration;
  readonly #colour: boolean;
  readonly #filter: Filter;
  readonly #wantsPayload: boolean;
  readonly #fold: EntryFold;

  /** @throws what is wrong with the configuration that its schema cannot tell */
  static check({ output, file, filter }: Configuration): void {
    if (output === "file" && file === undefined) throw new Error("output is file, and file is not set");
    parseFilter([filter]);
  }

  constructor({ id, name }: Pick<Session, "id" | "name">, configuration: Configuration, colour: boolean) {
    this.#configuration = configuration;
    this.#colour = colour;
    this.#filter = parseFilter([configuration.filter]);
    this.#wantsPayload = filterWantsPayload([configuration.filter]);
    this.#fold = new EntryFold({ session_id: id, name }, { keepPayload: this.#wantsPayload });
  }

  lines(event: PluginEvent): string[] {
    const recorded = recordedEvent(event, { payload: this.#wantsPayload });
    const entry = this.#fold.add(recorded);
    const due = this.#isDue(entry, recorded) ? [entry] : [];
    if (event.type === "server_stop") due.unshift(...this.#unanswered());
    const lines = due.filter((one) => this.#isWanted(one)).map((one) => this.#line(one, recorded));
    // The fold remembers ended calls; what was sent in them is not needed any more.
    if (this.#wantsPayload && isSettled(entry)) entry.events = entry.events.map(withoutPayload);
    return lines;
  }

  /** A call is shown when it ends, everything else when it comes; at the level debug every event is. */
  #isDue(entry: LogEntry, event: StreamEvent): boolean {
    if (this.#configuration.level === "debug" || entry.kind !== "call") return true;
    if (event.method === "notifications/cancelled") return entry.state === "cancelled";
    return (event.type === "response" || event.type === "error") && isSettled(entry);
  }

  #unanswered(): LogEntry[] {
    this.#fold.end();
    return Array.from(this.#fold.open()).filter((entry) => entry.state === "unanswered");
  }

  #isWanted(entry: LogEntry): boolean {
    return isShown(entry, this.#configuration) && this.#filter(entry);
  }

  #line(entry: LogEntry, event: StreamEvent): string {
    if (this.#configuration.json) return jsonLine(entry, event);
    return textLine(entry, event, { colour: this.#colour, timestamps: this.#configuration.timestamps });
  }
}
