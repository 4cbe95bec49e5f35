/** `readRefusal`: what an answer with an error's status says, should that be JSON-RPC. */
import { isObject, memberText, readLine } from "../wire/jsonrpc.ts";
import { mediaType, oneLine, readEvents, readText, type Take } from "./answer-body.ts";
import { EventStream } from "./event-stream.ts";

export interface Refusal {
  /** All of it, where it is JSON-RPC. */
  line: string | undefined;
  /** Exact texts of its id and its error; of neither is certain that it is there. */
  id: string | undefined;
  error: string | undefined;
  code: unknown;
}

const MOST_CHARACTERS = 1 << 20;

export async function readRefusal(response: Response, patienceMs: number): Promise<Refusal> {
  const line = await bodyOf(response, patienceMs);
  const read = readLine(line);
  if (read.kind === "error") {
    const { error } = read.value;
    return { line, id: read.id, error: memberText(line, "error"), code: isObject(error) ? error["code"] : undefined };
  }
  // Some leave out the id where they do not know it.
  const error = read.kind === "malformed" ? errorIn(line) : undefined;
  return { line: undefined, id: undefined, error, code: undefined };
}

async function bodyOf(response: Response, patienceMs: number): Promise<string> {
  if (mediaType(response) !== "text/event-stream") {
    const text = await readText(response, MOST_CHARACTERS, patienceMs);
    return typeof text === "string" ? oneLine(text) : "";
  }
  let line = "";
  const take: Take = (text) => {
    line = text;
    return true;
  };
  await readEvents(response, new EventStream(MOST_CHARACTERS), take, patienceMs);
  return line;
}

function errorIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isObject(value) || !isObject(value["error"]) || typeof value["error"]["code"] !== "number") return undefined;
    return memberText(line, "error");
  } catch {
    return undefined;
  }
}
