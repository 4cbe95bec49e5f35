/** `Talk`: what the commands of a conversation have at hand. */
import type { Colors } from "picocolors/types";
import type { CallOptions } from "../mcp/client.ts";
import type { Answer } from "../mcp/answer.ts";
import type { Asker } from "./asker.ts";
import type { Catalog } from "./catalog.ts";
import type { Connected } from "./connect-server.ts";
import type { ConnectHistory } from "./history.ts";
import type { LineInput } from "./line-input.ts";
import type { Part } from "./result-parts.ts";

export interface TalkOptions {
  connected: Connected;
  /** As the user knows the server. */
  name: string;
  catalog: Catalog;
  input: LineInput;
  history: ConnectHistory;
  /** Of stdout. */
  colours: Colors;
  /** Whether stdout is one. */
  isTerminal: boolean;
  timeoutMs: number;
  /** Writes to stdout. */
  print(text: string): Promise<void>;
  /** As text for stdout. */
  shown(parts: Part[]): Promise<string>;
  progress: Pick<CallOptions, "onProgress" | "onTask">;
  endProgress(): void;
}

export interface Talk {
  readonly options: TalkOptions;
  /** How results are printed: text, json or yaml. */
  output: string;
  /** Whoever fills in forms; Ctrl-C is then for the form. */
  readonly asker: Asker;
  /** For people. */
  note(text: string): void;
  /** What was asked for. */
  data(text: string): Promise<void>;
  /**
   * A request that Ctrl-C takes back, with its progress shown.
   *
   * @throws KmError where there is no result
   */
  request(send: (options: CallOptions) => Promise<Answer>, what: string): Promise<Extract<Answer, { kind: "result" }>>;
  /** Something went wrong, of which a script shall know at the end. */
  fail(): void;
}
