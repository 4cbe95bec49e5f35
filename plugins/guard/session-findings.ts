/** `SessionFindings`: what the events of a session show, one event after the other. No I/O: bench/guard-accuracy.ts reads recordings with it. */
import { boundKey, type Finding, inspectArguments, inspectDefinition, inspectResult } from "#findings";
import { isObject, type PluginEvent } from "#plugin-sdk";
import { AskedTexts } from "./asked-texts.ts";
import { type KnownTools, ListedTools, type Observation } from "./listed-tools.ts";

export interface Found extends Finding {
  /** What of the server it is about, as in `boundKey`: `tool echo`, `call echo`, `prompt greet`, `instructions`. */
  subject: string;
}

export type InspectedEvent = Pick<
  PluginEvent,
  "type" | "direction" | "method" | "call" | "tool" | "target" | "error_type" | "bytes" | "message" | "raw"
>;

export interface InspectionOptions {
  /** Of the server. */
  name: string;
  /** In which the server was started; tells what `~` stands for. */
  cwd: string;
  roots: readonly string[];
  /** More bytes than these are too many for the result of a tool. */
  resultBytes: number;
  /** Of an earlier process of this session. */
  known?: KnownTools | undefined;
}

/** Answers that are lists of what the server offers, and how one of it is called. */
const LISTS: Record<string, { member: string; kind: string; name: string }> = {
  "prompts/list": { member: "prompts", kind: "prompt", name: "name" },
  "resources/list": { member: "resources", kind: "resource", name: "uri" },
  "resources/templates/list": { member: "resourceTemplates", kind: "resource", name: "uriTemplate" },
};
/** Answers that a model reads. */
const CONTENTS: Record<string, string> = { "resources/read": "resource", "prompts/get": "prompt" };
/** Interfaces that a client draws (MCP Apps) are as large as programs are, and no model reads them. */
const FOR_SCREENS = /^ui:\/\//;
const HOME = /^(?:\/home\/[^/]+|\/Users\/[^/]+|\/root|[A-Za-z]:\\Users\\[^\\]+)(?=[/\\]|$)/;

export class SessionFindings {
  readonly tools: ListedTools;
  readonly #asked = new AskedTexts();
  readonly #options: InspectionOptions;
  readonly #home: string | undefined;
  #roots: readonly string[] = [];

  constructor(options: InspectionOptions) {
    this.#options = options;
    this.#home = HOME.exec(options.cwd)?.[0];
    this.tools = new ListedTools(options.known);
  }

  inspect(event: InspectedEvent): Found[] {
    const { type, direction, method = "", message } = event;
    if (event.error_type === "blocked") return []; // km's own words
    if (type === "request" && direction === "request" && method === "tools/call") return this.#inspectCall(event);
    if (type === "error" && direction === "response" && method === "tools/call") {
      return this.#inspectResult(
        `call ${event.tool ?? ""}`,
        event.tool ?? "",
        isObject(message) ? message["error"] : undefined,
        { asked: this.#asked.of(event.call) },
      );
    }
    if (type !== "response") return [];
    const result = isObject(message) ? message["result"] : undefined;
    if (direction === "request") {
      if (method === "roots/list") this.#learnRoots(result);
      return [];
    }
    return this.#inspectAnswer(event, result);
  }

  #inspectAnswer(event: InspectedEvent, result: unknown): Found[] {
    const { method = "", tool = "", target = "" } = event;
    if (method === "tools/list") return this.#inspectTools(event.raw);
    if (method === "tools/call") return this.#inspectToolResult(event, tool, result);
    const list = LISTS[method];
    if (list !== undefined) return this.#inspectList(list, result);
    const content = CONTENTS[method];
    if (content !== undefined) {
      const limitBytes = FOR_SCREENS.test(target) ? Number.POSITIVE_INFINITY : this.#options.resultBytes;
      return this.#inspectResult(`${content} ${target}`, target, result, { limitBytes });
    }
    if (method === "initialize" || method === "server/discover") return this.#inspectInstructions(result);
    return [];
  }

  #inspectTools(answer: string | undefined): Found[] {
    return this.tools.add(answer ?? "").flatMap(({ name, value, isUnseen, observations }) => {
      const findings = isUnseen ? inspectDefinition(value) : [];
      return this.#about(`tool ${name}`, [...observations.map(withKey), ...findings]);
    });
  }

  #inspectCall(event: InspectedEvent): Found[] {
    const { tool = "", message } = event;
    const params = isObject(message) ? message["params"] : undefined;
    const given = isObject(params) ? params["arguments"] : undefined;
    if (given === undefined) return [];
    this.#asked.add(event.call, given);
    const roots = [...this.#options.roots, ...this.#roots];
    const schema = this.tools.definition(tool)?.["inputSchema"];
    const findings = inspectArguments({
      tool,
      arguments: given,
      ...(roots.length > 0 && { roots }),
      ...(this.#home !== undefined && { home: this.#home }),
      ...(schema !== undefined && { schema }),
    });
    return this.#about(`call ${tool}`, findings);
  }

  #inspectToolResult({ bytes, call }: InspectedEvent, tool: string, result: unknown): Found[] {
    const { resultBytes } = this.#options;
    if (result !== undefined) return this.#inspectResult(`call ${tool}`, tool, result, { asked: this.#asked.of(call) });
    return bytes > resultBytes ? this.#about(`call ${tool}`, [withKey(oversize(bytes, resultBytes))]) : [];
  }

  #inspectResult(
    subject: string,
    tool: string,
    result: unknown,
    {
      limitBytes = this.#options.resultBytes,
      asked,
    }: { limitBytes?: number; asked?: readonly string[] | undefined } = {},
  ): Found[] {
    if (result === undefined) return [];
    return this.#about(subject, inspectResult({ tool, result, limitBytes, asked }));
  }

  #inspectList({ member, kind, name }: { member: string; kind: string; name: string }, result: unknown): Found[] {
    const listed = isObject(result) ? result[member] : undefined;
    if (!Array.isArray(listed)) return [];
    return listed.flatMap((one: unknown) => {
      return isObject(one) ? this.#about(`${kind} ${String(one[name])}`, inspectDefinition(one)) : [];
    });
  }

  #inspectInstructions(result: unknown): Found[] {
    const instructions = isObject(result) ? result["instructions"] : undefined;
    if (typeof instructions !== "string") return [];
    return this.#about("instructions", inspectDefinition({ name: "instructions", description: instructions }));
  }

  #learnRoots(result: unknown): void {
    const roots = isObject(result) ? result["roots"] : undefined;
    if (!Array.isArray(roots)) return;
    this.#roots = roots.flatMap((root: unknown) => {
      return isObject(root) && typeof root["uri"] === "string" ? [root["uri"]] : [];
    });
  }

  #about(subject: string, findings: Finding[]): Found[] {
    const { name } = this.#options;
    return findings.map((finding) => ({ ...finding, subject, key: boundKey(name, subject, finding.key) }));
  }
}

/** That of the rules, for a result of which only the length was recorded. */
function oversize(bytes: number, limit: number): Observation {
  return {
    rule: "oversize-result",
    severity: "low",
    title: "Is larger than a model can use",
    place: "content",
    evidence: `${bytes} bytes, of ${limit} at most`,
    owasp: "MCP10",
  };
}

/** As the rules' own findings have one. */
export function withKey(observation: Observation): Finding {
  const { rule, place, evidence } = observation;
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify([rule, place, evidence])).digest("hex");
  return { ...observation, key: digest.slice(0, 16) };
}
