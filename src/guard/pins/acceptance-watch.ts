/** `AcceptanceWatch`: notices that a person has accepted what a running session leaves out of its server's tools. */
import type { Facts } from "../../stream/verdict.ts";
import type { DefinitionsReferee } from "./definitions-referee.ts";

const LOOK_MS = 1000;

type WatchedDefinitions = Pick<DefinitionsReferee, "leavesOut" | "version" | "acceptedSince">;

export class AcceptanceWatch {
  readonly #definitions: WatchedDefinitions;
  readonly #tell: (facts: Facts) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** As it was looked at last. */
  #version: string | undefined;
  #isOver = false;

  /** @param tell told each time that something was accepted, with what is known of the tools then */
  constructor(definitions: WatchedDefinitions, tell: (facts: Facts) => void) {
    this.#definitions = definitions;
    this.#tell = tell;
  }

  /** To be called when something may have been left out: looks again as long as there is something. */
  begin(): void {
    if (this.#isOver || this.#timer !== undefined || !this.#definitions.leavesOut) return;
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** As long as the disk hangs there is no other look. */
  async #look(): Promise<void> {
    const facts = await this.#acceptedSince().catch(() => undefined); // what cannot be read was not accepted
    if (facts !== undefined && !this.#isOver) this.#tell(facts);
    this.#timer = undefined;
    this.begin();
  }

  async #acceptedSince(): Promise<Facts | undefined> {
    const version = await this.#definitions.version();
    if (version === this.#version) return undefined;
    const facts = await this.#definitions.acceptedSince();
    this.#version = version;
    return facts;
  }
}
