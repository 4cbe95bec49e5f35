/** `LargeResults`: gives a model the beginning of results that are too large, and the rest by km's own tool. */
import { randomBytes } from "node:crypto";
import { messageOf } from "../../errors.ts";
import type { HeldMessage, Verdict } from "../../stream/verdict.ts";
import { estimateTokens } from "../../stream/token-estimate.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import { member } from "../../wire/mcp.ts";
import { withChanges } from "../json-places.ts";
import { cursorOf, readToolsList } from "../pins/tools-list.ts";
import { cutResult, partTokens } from "./cut-result.ts";
import { moreNote, READ_TOOL, READ_TOOL_DEFINITION, readToolResult } from "./read-tool.ts";
import { type KeptResult, removeAbandonedResults, ResultFolder } from "./result-folder.ts";
import { partEnd } from "./text-part.ts";

export interface ResultsOptions {
  stateFolder: string;
  /** What is kept of a session, at most. */
  mostBytes?: number;
}

/** What decided it, in the journal. */
const BY = "policy: results.max_tokens";
const LAST_OF_ONE_UNIT = 0xffff;

export class LargeResults {
  readonly #stateFolder: string;
  readonly #folder: ResultFolder;
  /** The `outputSchema` of each tool that has one, as JSON. */
  readonly #schemas = new Map<string, string>();
  /** Of the pages of the listing that is going on. */
  #names = new Set<string>();
  /** Whether the client was told of km's tool. */
  #offered = false;
  #swept = false;
  readonly #said = new Set<string>();

  constructor({ stateFolder, mostBytes }: ResultsOptions) {
    this.#stateFolder = stateFolder;
    this.#folder = new ResultFolder(stateFolder, mostBytes);
  }

  /**
   * The answer to a `tools/list` with km's tool at the end of its last page, unless the server has one of that name.
   *
   * @param request that of the answer
   */
  offer(answer: string, request: string | undefined): string {
    const list = readToolsList(answer);
    if (list.kind !== "tools") return answer;
    if (cursorOf(request) === undefined) this.#names = new Set();
    for (const { place, definition } of list.tools) {
      if (definition === undefined) continue;
      this.#names.add(definition.name);
      this.#learnSchema(definition.name, answer.slice(place.start, place.end));
    }
    if (list.nextCursor !== undefined) return answer;
    this.#offered = !this.#names.has(READ_TOOL);
    if (!this.#offered) return answer;
    const end = list.list.end - 1;
    return withChanges(answer, [{ start: end, end, text: (list.tools.length > 0 ? "," : "") + READ_TOOL_DEFINITION }]);
  }

  /** Never rejects: a result that cannot be kept passes whole. */
  async cut(held: HeldMessage, maxTokens: number): Promise<{ verdict: Verdict; say: string[] }> {
    const say: string[] = [];
    try {
      return { verdict: await this.#cut(held, maxTokens, say), say };
    } catch (error) {
      this.#sayOnce(say, `A large result passed whole, since the rest of it cannot be kept: ${messageOf(error)}`);
      return { verdict: { action: "pass" }, say };
    }
  }

  /** Never rejects. A call that is not km's to answer passes. */
  async readOn({ text }: HeldMessage): Promise<Verdict> {
    if (!this.#offered) return { action: "pass" };
    const params = paramsIn(text);
    const isModern = "io.modelcontextprotocol/protocolVersion" in (member(params, "_meta") ?? {});
    const refused = (why: string): Verdict => ({
      action: "answer",
      by: BY,
      result: readToolResult([why], true, isModern),
    });
    const { handle, offset } = member(params, "arguments") ?? {};
    const kept = typeof handle === "string" ? this.#folder.get(handle) : undefined;
    if (typeof handle !== "string" || kept === undefined) {
      return refused(
        `There is no result with the handle ${JSON.stringify(handle) ?? "(none)"} in this session, or it is not kept any more. Call the tool again that gave it.`,
      );
    }
    const isOffset = typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0 && offset <= kept.length;
    if (offset !== undefined && !isOffset) {
      return refused(`The offset must be a whole number from 0 to ${kept.length}, which is the length of the result.`);
    }
    try {
      const texts = await this.#part(handle, kept, isOffset ? offset : kept.next);
      return { action: "answer", by: BY, result: readToolResult(texts, false, isModern) };
    } catch (error) {
      return refused(`The result cannot be read any more: ${messageOf(error)}. Call the tool again that gave it.`);
    }
  }

  /** At the session's end: nothing of it is kept. */
  close(): void {
    this.#folder.close();
  }

  async #cut({ text, tool = "" }: HeldMessage, maxTokens: number, say: string[]): Promise<Verdict> {
    JSON.parse(text); // what is not JSON passes whole
    const schema = this.#schemas.get(tool);
    const cut = cutResult(text, maxTokens, schema === undefined ? undefined : (JSON.parse(schema) as unknown));
    if (cut === undefined) return { action: "pass" };
    if (!this.#offered) {
      const why = this.#names.has(READ_TOOL)
        ? `the server has a tool ${READ_TOOL} of its own`
        : "the client has not asked for the server's tools";
      this.#sayOnce(say, `Large results pass whole: ${why}, so the rest could not be read`);
      return { action: "pass" };
    }
    if (cut.isStructuredWhole) {
      this.#sayOnce(
        say,
        `The structured content of ${JSON.stringify(tool)} is large and stays whole: its schema asks for it`,
      );
    }
    const { whole, next } = cut;
    const reason = `about ${estimateTokens(whole)} tokens`;
    if (next >= whole.length) {
      const shorter = cut.text(undefined);
      return shorter === text ? { action: "pass" } : { action: "modify", by: BY, text: shorter, reason };
    }
    // What killed sessions left is there for everybody to read who can read as the user.
    if (!this.#swept) await removeAbandonedResults(this.#stateFolder);
    this.#swept = true;
    const handle = `r-${randomBytes(8).toString("hex")}`;
    await this.#folder.keep(handle, whole, next, maxTokens);
    const note = moreNote(handle, next, estimateTokens(whole.slice(next)));
    return { action: "modify", by: BY, text: cut.text(note), reason };
  }

  async #part(handle: string, kept: Readonly<KeptResult>, offset: number): Promise<string[]> {
    // One more before: the offset may be between the two halves of a character.
    const least = Math.max(offset - 1, 0);
    const rest = await this.#folder.read(kept, least, kept.length - least);
    if (rest.length < kept.length - least) throw new Error("its file was cut");
    const isInside = offset > least && (rest.codePointAt(0) ?? 0) > LAST_OF_ONE_UNIT;
    const from = isInside ? 0 : offset - least;
    const end = partEnd(rest, from, partTokens(kept.maxTokens));
    const next = least + end;
    this.#folder.setNext(handle, next);
    const part = rest.slice(from, end);
    if (end < rest.length) return [part, moreNote(handle, next, estimateTokens(rest.slice(end)))];
    return [part, "[km: this is the end of the result]"].filter((text) => text !== "");
  }

  #learnSchema(name: string, definition: string): void {
    const tool: unknown = JSON.parse(definition);
    const schema = isObject(tool) ? tool["outputSchema"] : undefined;
    if (schema === undefined) this.#schemas.delete(name);
    else this.#schemas.set(name, JSON.stringify(schema));
  }

  #sayOnce(say: string[], text: string): void {
    if (!this.#said.has(text)) say.push(text);
    this.#said.add(text);
  }
}

function paramsIn(request: string) {
  try {
    const message: unknown = JSON.parse(request);
    return isObject(message) ? member(message, "params") : undefined;
  } catch {
    return undefined;
  }
}
