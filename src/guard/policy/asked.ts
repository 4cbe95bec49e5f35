/** `Asked`: a request or notification as rules look at it. */
import type { HeldMessage } from "../../stream/verdict.ts";
import { CALL, COMPLETION } from "./governed.ts";
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
  /** The name of a prompt, and the URI of a resource, where such a message has one. */
  prompt: string | Unclear | undefined;
  resource: string | Unclear | undefined;
  /** What conditions on arguments are about: `params.arguments` where the method has such, else `params`. */
  arguments: JsonNode | undefined;
  /** Set where readers may take them for different arguments. */
  argumentsDoubt: Unclear | undefined;
  /** A notification, for which nobody waits. */
  isNotification: boolean;
  /** What was found in the arguments, by the number of the place. */
  values: (ValuesAt | undefined)[];
}

const PROMPT = "prompts/get";
const WITH_ARGUMENTS = new Set([CALL, PROMPT]);
const WITH_URI = new Set(["resources/read", "resources/subscribe", "resources/unsubscribe"]);
const KNOWN = new Set([...WITH_ARGUMENTS, ...WITH_URI, COMPLETION]);
const NAMELESS: Unclear = { unclear: "the call names no tool" };
const PROMPTLESS: Unclear = { unclear: "it names no prompt" };
const RESOURCELESS: Unclear = { unclear: "it names no resource" };

export function readAsked({ method, text, value }: Pick<HeldMessage, "method" | "text" | "value">): Asked {
  const asked: Asked = {
    method,
    text,
    doubt: undefined,
    tool: undefined,
    prompt: undefined,
    resource: undefined,
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
  const known = namedMethod(method);
  if (params.value === undefined || isNull(text, params.value)) {
    if (known === CALL) asked.tool = NAMELESS;
  } else if (params.value.kind !== "object") asked.doubt ??= { unclear: "params is no mapping" };
  else {
    if (known === CALL) asked.tool = nameIn(text, params.value, "name", NAMELESS);
    else if (known === PROMPT) asked.prompt = nameIn(text, params.value, "name", PROMPTLESS);
    else if (WITH_URI.has(known)) asked.resource = nameIn(text, params.value, "uri", RESOURCELESS);
    else if (known === COMPLETION) Object.assign(asked, referredTo(text, params.value));
    if (!WITH_ARGUMENTS.has(known)) {
      asked.arguments = params.value;
      return asked;
    }
    const { value: found, doubt } = named(params.value, "arguments");
    asked.arguments = found;
    asked.argumentsDoubt = doubt;
    if (found !== undefined && found.kind !== "object" && !isNull(text, found)) {
      asked.argumentsDoubt = { unclear: "the arguments are no mapping" };
    }
  }
  return asked;
}

/** What is nearly such a method is looked at as one. */
function namedMethod(method: string): string {
  return KNOWN.has(method) ? method : folded(method);
}

export function argumentsValue({ text, arguments: node }: Asked): unknown {
  return node === undefined ? {} : valueOf(text, node);
}

/** Where another form of the same message holds them, and what is sent beside them. */
export function argumentsIn(message: JsonNode, method: string): { at: JsonNode[]; beside: JsonNode[] } {
  const params = message.kind === "object" ? named(message, "params").value : undefined;
  if (params?.kind !== "object") return { at: [], beside: [] };
  if (!WITH_ARGUMENTS.has(namedMethod(method))) return { at: [params], beside: [] };
  const member = (name: string): JsonNode[] => [named(params, name).value].filter((node) => node !== undefined);
  return { at: member("arguments"), beside: member("_meta") };
}

function nameIn(text: string, params: ObjectNode, member: string, without: Unclear): string | Unclear {
  const { value, doubt } = named(params, member);
  if (doubt !== undefined) return doubt;
  const name = value && stringOf(text, value);
  if (name === undefined) return without;
  return name.isWellFormed() ? name : { unclear: `the name ${shown(name)} is no Unicode text` };
}

/** What is to be completed belongs to a prompt or a resource; to both, where that cannot be told. */
function referredTo(text: string, params: ObjectNode): Pick<Asked, "prompt" | "resource"> {
  const { value: ref, doubt } = named(params, "ref");
  const type = ref?.kind === "object" ? named(ref, "type") : undefined;
  const name = type?.value && stringOf(text, type.value);
  if (doubt === undefined && ref?.kind === "object" && type?.doubt === undefined) {
    if (name === "ref/prompt") return { prompt: nameIn(text, ref, "name", PROMPTLESS), resource: undefined };
    if (name === "ref/resource") return { prompt: undefined, resource: nameIn(text, ref, "uri", RESOURCELESS) };
  }
  const unclear = doubt ?? type?.doubt ?? { unclear: "it does not say what is to be completed" };
  return { prompt: unclear, resource: unclear };
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
