/** `Asked`: a request or notification as rules look at it. */
import type { HeldMessage } from "../../stream/verdict.ts";
import { CALL } from "./governed.ts";
import {
  isNull,
  type JsonMember,
  type JsonNode,
  type ObjectNode,
  readTree,
  stringOf,
  UNREADABLE,
  valueOf,
} from "./json-tree.ts";
import type { Unclear } from "./met.ts";
import { folded, shown } from "./name-matcher.ts";
import type { ValuesAt } from "./select-values.ts";

export interface Asked {
  method: string;
  text: string;
  /** Set where readers may take it for different messages. */
  doubt: Unclear | undefined;
  /** Of a tool call; undefined for a result of which it is not known what tool it came from. */
  tool: string | Unclear | undefined;
  /** What conditions on arguments are about: `params.arguments` where the method has such, else `params`. */
  arguments: JsonNode | undefined;
  /** Set where readers may take them for different arguments. */
  argumentsDoubt: Unclear | undefined;
  /** A notification, for which nobody waits. */
  isNotification: boolean;
  /** What was found in the arguments, by the number of the place. */
  values: (ValuesAt | undefined)[];
}

const NAMELESS: Unclear = { unclear: "the call names no tool" };

export function readAsked({ method, text, value }: Pick<HeldMessage, "method" | "text" | "value">): Asked {
  const asked: Asked = {
    method,
    text,
    doubt: undefined,
    tool: undefined,
    arguments: undefined,
    argumentsDoubt: undefined,
    isNotification: false,
    values: [],
  };
  const root = readTree(text, value !== undefined);
  if (root?.kind !== "object") {
    asked.doubt = UNREADABLE;
    return asked;
  }
  const methods = named(root, "method");
  const id = named(root, "id");
  const params = named(root, "params");
  asked.isNotification = id.value === undefined || isNull(text, id.value);
  asked.doubt = methods.doubt ?? id.doubt ?? params.doubt;
  if (methods.value !== undefined && stringOf(text, methods.value) !== method) {
    asked.doubt ??= { unclear: "the method stands there in several forms" };
  }
  const isCall = isMethod(method, CALL); // nearly a call is looked at as one
  if (params.value === undefined || isNull(text, params.value)) {
    if (isCall) asked.tool = NAMELESS;
  } else if (params.value.kind !== "object") asked.doubt ??= { unclear: "params is no mapping" };
  else if (!isCall && !isMethod(method, PROMPT)) asked.arguments = params.value;
  else {
    if (isCall) asked.tool = toolIn(text, params.value);
    const { value: found, doubt } = named(params.value, "arguments");
    asked.arguments = found;
    asked.argumentsDoubt = doubt;
    if (found !== undefined && found.kind !== "object" && !isNull(text, found)) {
      asked.argumentsDoubt = { unclear: "the arguments are no mapping" };
    }
  }
  return asked;
}

const PROMPT = "prompts/get";

function isMethod(method: string, known: string): boolean {
  return method === known || folded(method) === known;
}

export function argumentsValue({ text, arguments: node }: Asked): unknown {
  return node === undefined ? {} : valueOf(text, node);
}

/** Where another form of the same message holds them, and what is sent beside them. */
export function argumentsIn(message: JsonNode, method: string): { at: JsonNode[]; beside: JsonNode[] } {
  const params = message.kind === "object" ? named(message, "params").value : undefined;
  if (params?.kind !== "object") return { at: [], beside: [] };
  if (!isMethod(method, CALL) && !isMethod(method, PROMPT)) return { at: [params], beside: [] };
  const member = (name: string): JsonNode[] => [named(params, name).value].filter((node) => node !== undefined);
  return { at: member("arguments"), beside: member("_meta") };
}

function toolIn(text: string, params: ObjectNode): string | Unclear {
  const { value, doubt } = named(params, "name");
  if (doubt !== undefined) return doubt;
  const name = value && stringOf(text, value);
  if (name === undefined) return NAMELESS;
  return name.isWellFormed() ? name : { unclear: `the tool's name ${shown(name)} is no Unicode text` };
}

export interface Named {
  value?: JsonNode;
  /** Set where it stands there twice, or in other letters. */
  doubt?: Unclear;
}

/**
 * The member of that name.
 *
 * @param loose the same, folded
 */
export function named(parent: ObjectNode, name: string, loose = name): Named {
  let found: JsonMember | undefined;
  let doubt: Unclear | undefined;
  for (const member of parent.members) {
    if (member.name !== name && member.loose !== loose) continue;
    if (found !== undefined) doubt = { unclear: `${name} stands there twice` };
    else if (member.name !== name) doubt = { unclear: `${shown(member.name)} is nearly ${name}` };
    if (member.name === name || found?.name !== name) found = member;
  }
  if (found === undefined) return NOTHING;
  return doubt === undefined ? found : { value: found.value, doubt };
}

const NOTHING: Named = {};
