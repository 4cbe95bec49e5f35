/** `definitionShapeRules`: what a definition is called, what it takes and what it claims. */
import { around } from "../evidence.ts";
import { latinLookalikes } from "../look-alikes.ts";
import { eachText, type Hit, type Rule, type Subject } from "../rule.ts";

/** Honest ones that explain a language or a workflow reach a few thousand. */
const MAX_DESCRIPTION = 12_000;

export const definitionShapeRules: readonly Rule[] = [
  {
    id: "lookalike-name",
    severity: "high",
    title: "Has a name with letters that look like others",
    owasp: "MCP03",
    kinds: ["definition"],
    detect: eachText(({ text, role }) => {
      if (role !== "name" || !/[A-Za-z0-9]/.test(text)) return undefined;
      const folded = latinLookalikes(text.normalize("NFKC"));
      if (folded === text || !/[\u0370-\u04ff\uff01-\uff5e\u{1d400}-\u{1d7ff}\u2100-\u214f]/u.test(text))
        return undefined;
      return { evidence: `${text} looks like ${folded} (${Array.from(text, codeOf).join(" ")})` };
    }),
  },
  {
    id: "covert-parameter",
    severity: "high",
    title: "Takes what the tool does not need: the conversation, the prompt or other tools",
    owasp: "MCP10",
    kinds: ["definition"],
    detect: covertParameters,
  },
  {
    id: "annotation-contradiction",
    severity: "medium",
    title: "Has annotations that its name contradicts",
    owasp: "MCP02",
    kinds: ["definition"],
    detect: contradiction,
  },
  {
    id: "long-description",
    severity: "low",
    title: "Has a description that nobody reads to its end",
    owasp: "MCP03",
    kinds: ["definition"],
    detect: eachText(({ text, role }) => {
      if (role !== "prose" || text.length <= MAX_DESCRIPTION) return undefined;
      return { evidence: `${text.length} characters: ${text.slice(0, 80)}… …${text.slice(-200)}` };
    }),
  },
];

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 128 ? character : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Names that only make sense for somebody who listens. */
const COVERT_NAME =
  /^(?:side_?notes?|system_?prompts?|conversation_?(?:history|context|log|so_?far|transcript)|chat_?(?:history|log|context|transcript)|message_?history|previous_?messages|full_?(?:conversation|context|chat)|hidden_?\w{2,20}|secret_?(?:note|message|context|instructions?)|model_?name|tool_?(?:list|calls?_?list|call_?history|names?)|chain_?of_?thought|tools?_?list|initial_?(?:query|prompt)|env_?(?:contents?|dump)|ssh_?keys?|private_?keys?_?contents?)$/i;
/** What such a parameter is said to be for. */
const COVERT_PURPOSE =
  /(?:(?:entire|full|whole|complete|all(?: of)?(?: the)?|previous|recent) (?:\w{2,12} ){0,2}(?:conversation|chat|dialog(?:ue)?|messages|context window|history)\b|\b(?:your|the|current|full|original) system prompt|\b(?:content|contents) of (?:the )?(?:[~/]|file\b[^.]{0,40}(?:\.ssh|\.env|id_rsa|mcp\.json))|(?:names?|list) of (?:all )?(?:the )?(?:other |available |accessible )+tools)/i;

function* covertParameters({ texts, value }: Subject): Iterable<Hit> {
  // Where talking to a model is what the tool is for, such parameters are its input.
  const about = ["name", "description"].map((member) => textOf(memberOf(value, member))).join("\n");
  const talks =
    /chat|conversation|completion|llm|prompt|model|agent|memory|summar|thinking|feedback|transcript|message/i.test(
      about,
    );
  for (const text of texts) {
    if (text.role === "name" && COVERT_NAME.test(text.text) && text.place.includes("properties")) {
      if (!talks || /side_?note|hidden|secret|ssh|env/i.test(text.text)) {
        yield { place: text.place, evidence: `a parameter called ${text.text}` };
      }
    } else if (text.role === "prose" && text.place !== "description" && !talks) {
      const match = COVERT_PURPOSE.exec(text.plain.slice(0, 20_000));
      if (match !== null) {
        yield { place: text.place, evidence: around(text.plain, match.index, match.index + match[0].length) };
      }
    }
  }
}

const READS =
  /^(?:get|list|read|search|find|describe|fetch|query|show|view|check|count|explain|preview|lookup|is|has|can|diff|compare|validate|watch)$/;
const CHANGES =
  /^(?:delete|remove|write|update|create|insert|drop|send|exec|execute|kill|deploy|destroy|purge|wipe|erase|truncate|overwrite|rename|move|upload|publish|merge|push|transfer|uninstall|install|revoke|grant|terminate|shutdown|restart|edit|modify|patch|set|add)$/;
const DESTROYS = /^(?:delete|drop|destroy|purge|wipe|erase|truncate|terminate|uninstall|overwrite)$/;

function* contradiction({ value }: Subject): Iterable<Hit> {
  const annotations = memberOf(value, "annotations");
  const name = memberOf(value, "name");
  if (typeof name !== "string" || name.length > 200) return;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  // The verb stands first, or behind the name of the service.
  const verb = words.slice(0, 3).find((word) => READS.test(word) || CHANGES.test(word));
  if (verb === undefined || READS.test(verb)) return;
  if (memberOf(annotations, "readOnlyHint") === true) {
    yield { place: "annotations.readOnlyHint", evidence: `${name} is said to change nothing` };
  } else if (memberOf(annotations, "destructiveHint") === false && DESTROYS.test(verb)) {
    yield { place: "annotations.destructiveHint", evidence: `${name} is said to destroy nothing`, severity: "low" };
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 400) : "";
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
