/** `greet`: finds out which era of MCP a server speaks, and who it is. */
import { VERSION } from "../version.ts";
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";
import { serverOf } from "../wire/mcp.ts";
import type { Answer } from "./answer.ts";
import type { Conversation } from "./conversation.ts";

export interface Greeting {
  era: "modern" | "legacy";
  protocolVersion: string;
  /** As it calls itself; some do not. */
  name: string | undefined;
  version: string | undefined;
  capabilities: JsonObject;
  /** What it wants the model to be told. */
  instructions: string | undefined;
  /** What it answered, as JSON. */
  text: string;
}

export const MODERN = "2026-07-28";
/** The newest first. */
export const LEGACY = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

/**
 * `auto` asks for the modern revision first, as that has it; `initialize` does so only of a server that refuses the
 * handshake of the older ones. A revision is spoken with no other.
 */
export type Protocol = "auto" | "initialize" | typeof MODERN | (typeof LEGACY)[number];

export interface GreetOptions {
  protocol: Protocol;
  /** Text of an object. */
  capabilities: { legacy: string; modern: string };
  /** How long `server/discover` may stay unanswered before the handshake is tried as well. */
  probeMs: number;
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type Refusal = Exclude<Answer, { kind: "result" }>;

export const CLIENT = JSON.stringify({ name: "km", version: VERSION });

/** Errors by which only a server of the modern era answers (2026-07-28, versioning). */
const MODERN_ERRORS: ReadonlySet<number | undefined> = new Set([-32020, -32021, -32022]);

/** @returns why there is none, where the server does not answer as MCP requires */
export async function greet(conversation: Conversation, options: GreetOptions): Promise<Greeting | Refusal> {
  switch (options.protocol) {
    case "auto":
      return await probe(conversation, options);
    case "initialize": {
      const legacy = await initialize(conversation, options, LEGACY[0]);
      if ("era" in legacy || legacy.kind === "none") return legacy;
      const modern = await discover(conversation, options);
      if (!("era" in modern)) conversation.meta = "";
      return "era" in modern ? modern : legacy;
    }
    case MODERN:
      return await discover(conversation, options);
    default:
      return await initialize(conversation, options, options.protocol);
  }
}

/**
 * A server may take long to start, and one of the older era may not answer what it does not know: after a while both have
 * been asked for, and the first that is granted counts.
 */
async function probe(conversation: Conversation, options: GreetOptions): Promise<Greeting | Refusal> {
  const discovering = discover(conversation, options);
  const patience = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => patience.resolve(undefined), options.probeMs);
  const first = await Promise.race([discovering, patience.promise]);
  clearTimeout(timer);
  if (first === undefined) {
    const [meta, initializing] = [conversation.meta, initializeAside(conversation, options)];
    const winner = await firstGreeting([discovering, initializing]);
    conversation.meta = "era" in winner && winner.era === "modern" ? meta : "";
    return winner;
  }
  if ("era" in first || first.kind === "none" || isOfLink(first)) return first;
  if (!MODERN_ERRORS.has(first.code)) return await initializeAside(conversation, options);
  const shared = LEGACY.find((version) => supportedBy(first).includes(version));
  return shared === undefined ? first : await initializeAside(conversation, options, shared);
}

async function firstGreeting(attempts: Promise<Greeting | Refusal>[]): Promise<Greeting | Refusal> {
  const first = await Promise.race(attempts);
  if ("era" in first) return first;
  const all = await Promise.all(attempts);
  return all.find((outcome) => "era" in outcome) ?? first;
}

async function discover(conversation: Conversation, options: GreetOptions): Promise<Greeting | Refusal> {
  conversation.meta = [
    `"io.modelcontextprotocol/protocolVersion":"${MODERN}"`,
    `"io.modelcontextprotocol/clientInfo":${CLIENT}`,
    `"io.modelcontextprotocol/clientCapabilities":${options.capabilities.modern}`,
  ].join(",");
  const answer = await conversation.request("server/discover", "{}", options);
  if (answer.kind !== "result") return answer;
  const { supportedVersions } = answer.value;
  if (Array.isArray(supportedVersions) && !supportedVersions.includes(MODERN)) {
    const data = { supported: supportedVersions };
    const message = `it speaks ${supportedVersions.map(String).join(", ")}, and not ${MODERN}`;
    return { kind: "error", text: answer.text, code: -32022, message, data };
  }
  return greetingOf("modern", MODERN, "server/discover", answer);
}

/** Without what requests of the modern era carry. */
async function initializeAside(
  conversation: Conversation,
  options: GreetOptions,
  version: string = LEGACY[0],
): Promise<Greeting | Refusal> {
  conversation.meta = "";
  return await initialize(conversation, options, version);
}

async function initialize(
  conversation: Conversation,
  options: GreetOptions,
  version: string,
): Promise<Greeting | Refusal> {
  const params = `{"protocolVersion":"${version}","capabilities":${options.capabilities.legacy},"clientInfo":${CLIENT}}`;
  const answer = await conversation.request("initialize", params, options);
  if (answer.kind !== "result") return answer;
  const spoken = answer.value["protocolVersion"];
  const known: readonly unknown[] = LEGACY;
  // Some forget to say it; what they then speak is most likely what they were asked for.
  if (spoken !== undefined && !known.includes(spoken)) {
    const message = `it speaks MCP ${JSON.stringify(spoken)}, which km does not know`;
    return { kind: "error", text: answer.text, code: undefined, message, data: undefined };
  }
  conversation.notify("notifications/initialized");
  return greetingOf("legacy", typeof spoken === "string" ? spoken : version, "initialize", answer);
}

function greetingOf(
  era: Greeting["era"],
  protocolVersion: string,
  method: string,
  { text, value }: Extract<Answer, { kind: "result" }>,
): Greeting {
  const { capabilities, instructions, serverInfo } = value;
  const name = isObject(serverInfo) && typeof serverInfo["name"] === "string" ? serverInfo["name"] : undefined;
  const server = serverOf(method, value);
  return {
    era,
    protocolVersion,
    name: server?.name ?? name,
    version: server === undefined || server.version === "" ? undefined : server.version,
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions: typeof instructions === "string" ? instructions : undefined,
    text,
  };
}

/** Whether no server has said that, but what stands in between: nobody can be reached, or nobody could log in. */
function isOfLink({ code, data }: Extract<Refusal, { kind: "error" }>): boolean {
  if (code !== -32000 || !isObject(data) || typeof data["url"] !== "string") return false;
  return data["status"] === undefined || /^(?:AUTH|LGN)_/.test(String(data["code"]));
}

function supportedBy(refusal: Refusal): unknown[] {
  const data = refusal.kind === "error" ? refusal.data : undefined;
  return isObject(data) && Array.isArray(data["supported"]) ? data["supported"] : [];
}
