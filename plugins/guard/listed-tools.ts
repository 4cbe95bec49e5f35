/** `ListedTools`: what the server of a session said its tools are, and which of them are new or have changed since. */
import { changedMembers, type Finding, readToolsList } from "#findings";
import { isObject } from "#plugin-sdk";

/** What is found by comparison, before it has a key. */
export type Observation = Omit<Finding, "key">;

export interface ListedTool {
  name: string;
  /** As JSON.parse gives it. */
  value: Record<string, unknown>;
  /** False for a definition that was there before, word for word. */
  isUnseen: boolean;
  observations: Observation[];
}

/** What a later process of the session needs of an earlier one. */
export interface KnownTools {
  /** Whether there was a whole listing: only behind it a tool can be new. */
  complete: boolean;
  /** By name: the hash of the definition. */
  hashes: Record<string, string>;
}

interface Known {
  hash: string;
  /** Absent where an earlier process has seen it, and where there is too much. */
  text?: string;
  value?: Record<string, unknown>;
}

const MOST_TOOLS = 5000;
/** Of the definitions that are kept as they are; of the others only the hash is. */
const MOST_TEXT = 8 << 20;
const LONGEST_NAME = 1000;

export class ListedTools {
  readonly #known = new Map<string, Known>();
  #complete = false;
  /** Characters of the texts that are kept. */
  #text = 0;

  constructor(earlier?: KnownTools) {
    for (const [name, hash] of Object.entries(earlier?.hashes ?? {})) this.#known.set(name, { hash });
    this.#complete = earlier?.complete ?? false;
  }

  /** @param answer to `tools/list`, as it came */
  add(answer: string): ListedTool[] {
    const list = readToolsList(answer);
    if (list.kind !== "tools") return [];
    const tools = list.tools.flatMap(({ place, definition }) => {
      const value: unknown = JSON.parse(answer.slice(place.start, place.end));
      return definition === undefined || !isObject(value) ? [] : [this.#meet(definition, value)];
    });
    if (list.nextCursor === undefined) this.#complete = true;
    return tools;
  }

  /** Undefined for a tool that this process has not seen listed. */
  definition(name: string): Record<string, unknown> | undefined {
    return this.#known.get(name)?.value;
  }

  known(): KnownTools {
    return {
      complete: this.#complete,
      hashes: Object.fromEntries([...this.#known].map(([name, { hash }]) => [name, hash])),
    };
  }

  #keep(name: string, before: Known | undefined, { hash, text, value }: Required<Known>): void {
    if (name.length > LONGEST_NAME) return;
    this.#text -= before?.text?.length ?? 0;
    const isKept = this.#text + text.length <= MOST_TEXT;
    if (isKept) this.#text += text.length;
    this.#known.set(name, isKept ? { hash, text, value } : { hash });
  }

  #meet(definition: { name: string; hash: string; text: string }, value: Record<string, unknown>): ListedTool {
    const { name, hash, text } = definition;
    const before = this.#known.get(name);
    if (before !== undefined || this.#known.size < MOST_TOOLS) this.#keep(name, before, { hash, text, value });
    if (before?.hash === hash) return { name, value, isUnseen: before.text === undefined, observations: [] };
    const observations =
      before === undefined ? (this.#complete ? [newTool(hash)] : []) : [changedDefinition(before.text, text, hash)];
    return { name, value, isUnseen: true, observations };
  }
}

function newTool(hash: string): Observation {
  return {
    rule: "new-tool",
    severity: "medium",
    title: "Is a tool that was not there when the server listed its tools first",
    place: "name",
    evidence: hash,
    owasp: "MCP03",
  };
}

function changedDefinition(before: string | undefined, now: string, hash: string): Observation {
  const changed = changedMembers(before, now).join(", ");
  return {
    rule: "changed-definition",
    severity: "high",
    title: `Is defined otherwise than the server said before${changed === "" ? "" : `: ${changed}`}`,
    place: "definition",
    evidence: hash,
    owasp: "MCP03",
  };
}
