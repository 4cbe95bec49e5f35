/** Reads one line of a JSON-RPC 2.0 stream: a request, a notification, an answer, a batch of these, or none of them. */

export type JsonObject = { [name: string]: unknown };

/**
 * `id` is the exact text of the id: `1` and `"1"` differ, and a number beyond 2^53 keeps its digits. `value` is the
 * parsed message. Members that the specification wants but peers forget, such as `jsonrpc`, are not insisted on.
 */
export type Message =
  | { kind: "request"; id: string; method: string; value: JsonObject }
  | { kind: "notification"; method: string; value: JsonObject }
  | { kind: "response"; id: string; value: JsonObject }
  | { kind: "error"; id: string; value: JsonObject };

export type Line =
  Message | { kind: "batch"; members: { text: string; message: Message | undefined }[] } | { kind: "malformed" };

const MALFORMED: Line = { kind: "malformed" };

/** Never throws: whatever is not JSON-RPC is `malformed`. */
export function readLine(text: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return MALFORMED; // not JSON: a stray log line, a torn message
  }
  if (Array.isArray(value)) return readBatch(text, value);
  return readMessage(text, value) ?? MALFORMED;
}

function readBatch(text: string, values: unknown[]): Line {
  if (values.length === 0) return MALFORMED;
  const texts = elementTexts(text);
  const members = values.map((value, index) => {
    const member = texts[index] ?? "";
    return { text: member, message: readMessage(member, value) };
  });
  return members.some(({ message }) => message !== undefined) ? { kind: "batch", members } : MALFORMED;
}

/** @param text that of `value`, for the exact id */
export function readMessage(text: string, value: unknown): Message | undefined {
  if (!isObject(value)) return undefined;
  const { id, method } = value;
  const hasId = id !== undefined && Object.hasOwn(value, "id");
  if (typeof method === "string") {
    return hasId && id !== null
      ? { kind: "request", id: idText(text, id), method, value }
      : { kind: "notification", method, value };
  }
  if (!hasId) return undefined;
  // An error answer to a request that could not be read has the id null.
  if (isObject(value["error"])) return { kind: "error", id: idText(text, id), value };
  return "result" in value ? { kind: "response", id: idText(text, id), value } : undefined;
}

function idText(text: string, id: unknown): string {
  return exactText(id, () => memberText(text, "id"));
}

/** The text by which a value that may be an id is known. `written` is as it stands: a number beyond 2^53 keeps its digits. */
export function exactText(value: unknown, written: () => string | undefined): string {
  if (typeof value !== "number") return JSON.stringify(value);
  return Number.isSafeInteger(value) ? String(value) : (written() ?? String(value));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of a member's value in the object that `text` holds; the last one where a name stands twice. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  let key: string | undefined;
  for (const { start, end, isKey } of topLevelTokens(text)) {
    const token = text.slice(start, end);
    if (isKey) key = stringOf(token);
    else if (key === name) found = token;
  }
  return found;
}

/**
 * The texts of the members of the object that `text` holds, by their names in lower case, in their order: some readers take
 * names in any case, and of a name that stands twice the first. Of a text that is not JSON what can be made out.
 */
export function membersInAnyCase(text: string): Map<string, string[]> {
  const members = new Map<string, string[]>();
  let name = "";
  try {
    for (const { start, end, isKey } of topLevelTokens(text)) {
      const token = text.slice(start, end);
      // To readers that fold as Unicode has it, the long s is an s.
      if (isKey) name = (stringOf(token) ?? "").toLowerCase().replaceAll("ſ", "s");
      else {
        const texts = members.get(name);
        if (texts === undefined) members.set(name, [token]);
        else texts.push(token);
      }
    }
  } catch {
    // What stands behind that cannot be made out.
  }
  return members;
}

/** The texts of the elements of the array that `text` holds. */
function elementTexts(text: string): string[] {
  return [...topLevelTokens(text)].map(({ start, end }) => text.slice(start, end));
}

interface Token {
  start: number;
  end: number;
  isKey: boolean;
}

/** The keys and values directly inside the one object or array of a text that is valid JSON. */
export function* topLevelTokens(text: string): Generator<Token> {
  let depth = 0;
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      if (depth === 1 && start < 0) start = at;
      at = stringEnd(text, at);
    } else if (char === "{" || char === "[") {
      if (depth === 1 && start < 0) start = at;
      depth++;
    } else if (char === "}" || char === "]" || char === "," || char === ":") {
      if (char === "}" || char === "]") depth--;
      const closes = depth === 0 || (depth === 1 && (char === "," || char === ":"));
      if (closes && start >= 0) {
        yield { start, end: trimEnd(text, start, at), isKey: char === ":" };
        start = -1;
      }
    } else if (depth === 1 && start < 0 && !isSpace(char)) start = at;
  }
}

/** Where the string that begins at `at` has its closing quote. */
function stringEnd(text: string, at: number): number {
  for (let end = at + 1; ; end++) {
    end = text.indexOf('"', end);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end;
  }
}

function trimEnd(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && isSpace(text[last - 1])) last--;
  return last;
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\t" || char === "\r" || char === "\n";
}

/** @throws where the token is no JSON */
function stringOf(token: string): string | undefined {
  const value: unknown = JSON.parse(token);
  return typeof value === "string" ? value : undefined;
}
