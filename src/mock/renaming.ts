/** `Renaming`: recorded messages with the ids of now. All else stays as it was written. */
import { memberText } from "../wire/jsonrpc.ts";
import { idAt, outlineOf, replaced, spanOf } from "../wire/outline.ts";
import type { Cue, Scene } from "./recording.ts";

const SUBSCRIPTION = ["_meta", "io.modelcontextprotocol/subscriptionId"];

export class Renaming {
  /** As it was recorded. */
  readonly #id: string | undefined;
  /** Of the request as it comes now; undefined where it wants no progress. */
  readonly #progressToken: string | undefined;
  readonly #newQuestion: () => string;
  /** The recorded ids of the server's questions, and those of now. */
  readonly #questions = new Map<string, string>();

  /**
   * @param text the client's message as it comes now
   * @param newQuestion gives an id that no question of the server has had
   */
  constructor(scene: Scene | undefined, text: string, newQuestion: () => string) {
    this.#id = scene?.id;
    this.#progressToken = memberText(memberText(memberText(text, "params") ?? "{}", "_meta") ?? "{}", "progressToken");
    this.#newQuestion = newQuestion;
  }

  /**
   * @param id of the request as it comes now
   * @returns undefined where the client of now wants no such message
   */
  apply(text: string, kind: Cue["kind"], id: string | undefined): string | undefined {
    const outline = outlineOf(text);
    if (outline === undefined) return text;
    const places = id === undefined || this.#id === undefined ? [] : this.#subscriptions(text, id);
    if (kind === "answer" && "id" in outline && id !== undefined) places.push({ span: outline.id, by: id });
    if (kind === "request" && "id" in outline) {
      const question = this.#newQuestion();
      this.#questions.set(idAt(text, outline.id), question);
      places.push({ span: outline.id, by: question });
    }
    if (outline.kind !== "notification") return replaced(text, places);
    if (outline.method === "notifications/progress") {
      const span = spanOf(text, ["params", "progressToken"]);
      if (this.#progressToken === undefined) return undefined;
      if (span !== undefined) places.push({ span, by: this.#progressToken });
    } else if (outline.method === "notifications/cancelled") {
      const span = spanOf(text, ["params", "requestId"]);
      const recorded = span === undefined ? undefined : idAt(text, span);
      const by = recorded === this.#id ? id : this.#questions.get(recorded ?? "");
      if (span !== undefined && by !== undefined) places.push({ span, by });
    }
    return replaced(text, places);
  }

  /** The id by which a question of the recorded server is known now. */
  question(recorded: string): string {
    return this.#questions.get(recorded) ?? recorded;
  }

  #subscriptions(text: string, id: string): { span: { start: number; end: number }; by: string }[] {
    return ["params", "result"].flatMap((member) => {
      const span = spanOf(text, [member, ...SUBSCRIPTION]);
      return span !== undefined && idAt(text, span) === this.#id ? [{ span, by: id }] : [];
    });
  }
}
