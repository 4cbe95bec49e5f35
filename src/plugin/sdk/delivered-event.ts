/** `deliveredEvent`: an event as a plugin's author gets it. */
import type { StreamEvent } from "../../stream/event.ts";
import type { Implementation, WireEvent } from "../protocol.ts";
import type { PluginEvent } from "./definition.ts";
import { messageTexts } from "./message-texts.ts";

export interface Surroundings {
  session_id: string;
  client_info?: Implementation;
  server_info?: Implementation;
}

/** The text of a batch; looked through when the first of its events is asked for `raw`. */
export class BatchText {
  readonly #line: string;
  #texts: (string | undefined)[] | undefined;

  constructor(line: string) {
    this.#line = line;
  }

  message(index: number): string | undefined {
    return (this.#texts ??= messageTexts(this.#line))[index];
  }
}

/** Not a member of the event itself, so that copies and JSON of it do without. */
class Raw {
  readonly #text: BatchText;
  readonly #index: number;

  constructor(text: BatchText, index: number) {
    this.#text = text;
    this.#index = index;
  }

  get raw(): string | undefined {
    return this.#text.message(this.#index);
  }
}

export function deliveredEvent(wire: WireEvent, index: number, text: BatchText, about: Surroundings): PluginEvent {
  const { session_id, client_info, server_info } = about;
  const event: PluginEvent = Object.assign(new Raw(text, index), { id: `${session_id}/${wire.seq}`, session_id }, wire);
  if (wire.call !== undefined) event.correlation_id = `${session_id}/${wire.call}`;
  if (client_info !== undefined) event.client_info = client_info;
  if (server_info !== undefined) event.server_info = server_info;
  return event;
}

/**
 * The event as the journal has it, which is what `EntryFold` takes.
 *
 * @param options.payload false leaves out what was sent, but for the start and end of the server
 */
export function recordedEvent(event: PluginEvent, options: { payload: boolean }): StreamEvent {
  const { id: _id, session_id: _s, correlation_id: _c, client_info: _ci, server_info: _si, message, ...rest } = event;
  const isLifecycle = event.type === "server_start" || event.type === "server_stop";
  if (!options.payload && !isLifecycle) return rest;
  const text = message === undefined ? undefined : event.raw;
  // Copied, since a part of a string keeps the whole string, that of the batch, in memory.
  return text === undefined ? rest : { ...rest, message: Buffer.from(text).toString() };
}
