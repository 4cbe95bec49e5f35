/** Makes out what a message is of which only the beginning and the end are known. */
import { isObject, type Message, readMessage } from "./jsonrpc.ts";

/** `"id":1,"jsonrpc":"2.0"}` and the like at the very end: several SDKs write the result first and the id last. */
const TRAILING_MEMBERS = /((?:,\s*"(?:id|jsonrpc|method)"\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|null)\s*)+)\}\s*$/;

/**
 * @param head the first bytes of the message as text
 * @param tail the last
 * @returns undefined where they do not tell
 */
export function readCutMessage(head: string, tail: string): Message | undefined {
  const trailing = TRAILING_MEMBERS.exec(tail)?.[1] ?? "";
  const text = `{${[...leadingMembers(head), trailing.slice(1)].filter((members) => members !== "").join(",")}}`;
  const value = parse(text);
  if (!isObject(value)) return undefined;
  // Inside a JSON string its quotes would be escaped: this is the member itself, though perhaps of something deeper.
  if (isObject(value["result"]) && /"isError"\s*:\s*true\s*[,}]/.test(tail)) value["result"]["isError"] = true;
  return readMessage(text, value);
}

const MEMBER =
  /\s*,?\s*("(?:[^"\\]|\\.)*"\s*:)\s*("(?:[^"\\]|\\.)*"(?=\s*[,}])|-?\d[\d.eE+-]*(?=\s*[,}])|true|false|null|\{)/y;

/** The scalar members at the beginning, and the cut member with those scalars that it begins with. */
function leadingMembers(head: string): string[] {
  const outer: string[] = [];
  const inner: string[] = [];
  let opening: string | undefined;
  MEMBER.lastIndex = /^\s*\{/.exec(head)?.[0].length ?? head.length;
  for (let match = MEMBER.exec(head); match !== null; match = MEMBER.exec(head)) {
    const [, name = "", value = ""] = match;
    if (value !== "{") (opening === undefined ? outer : inner).push(name + value);
    else if (opening === undefined) opening = name;
    else break;
  }
  return opening === undefined ? outer : [...outer, `${opening}{${inner.join(",")}}`];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
