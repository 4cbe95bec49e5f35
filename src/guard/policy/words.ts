/** Policies in words, for people who want to see whether km has understood what they meant. */
import { formatBytes, formatDuration } from "../../config/units.ts";
import type {
  AddressRange,
  Asking,
  CompiledLevel,
  CompiledRule,
  Conditions,
  Folder,
  Masking,
  NamePatterns,
  ValuePath,
  ValueTest,
} from "./compiled.ts";

/** A line for each rule, in order, and one for each thing that holds besides them. */
export function levelWords(level: CompiledLevel): string[] {
  const lines = level.rules.map((rule, index) => `${index + 1}. ${ruleWords(rule)}`);
  const rest = {
    allow: "is allowed",
    deny: "is denied",
    ask: `needs the agreement of a person (${askWords(level.ask)})`,
  };
  lines.push(`Whatever no rule decides ${rest[level.default]}.`);
  if (level.max_tokens !== undefined) lines.push(`Of a result, ${level.max_tokens} tokens are handed out at once.`);
  for (const status of ["new", "changed"] as const) {
    if (level.tools[status] === "warn") lines.push(`km warns of tools whose definition is ${status}.`);
    if (level.tools[status] === "block")
      lines.push(`Tools whose definition is ${status} are blocked until it is accepted.`);
  }
  if (level.lists === "allowed") lines.push("What is denied whatever the arguments is not listed.");
  if (level.mode === "observe") lines.push("Nothing of this is enforced: mode is observe.");
  return lines;
}

function ruleWords({ name, when, effect, on_error: onError, reason }: CompiledRule): string {
  const doubt = onError === "pass" && effect.action !== "allow" ? "; not where that cannot be told" : "";
  const why = reason === undefined ? "" : ` ("${reason}")`;
  return `${name}: ${verb()} ${conditionWords(when)}${doubt}${why}`;

  function verb(): string {
    switch (effect.action) {
      case "allow":
        return "allow";
      case "deny":
        return "deny";
      case "ask":
        return `ask a person (${askWords(effect.ask)}) about`;
      case "redact":
        return `mask ${maskWords(effect.arguments, effect.result)} of`;
      case "limit": {
        const { calls, bytes, window_ms: windowMs, max_tokens: tokens } = effect.limit;
        const most = [
          ...(calls === undefined ? [] : [`${calls} ${calls === 1 ? "call" : "calls"}`]),
          ...(bytes === undefined ? [] : [formatBytes(bytes)]),
        ];
        const rate = most.length === 0 ? [] : [`to ${most.join(" and ")} in ${formatDuration(windowMs)}`];
        const bound =
          tokens === undefined ? [] : [tokens === null ? "to no number of tokens" : `each to ${tokens} tokens`];
        return `limit ${[...rate, ...bound].join(" and ")}:`;
      }
    }
  }
}

function askWords({ timeout_ms: timeout, on_timeout: onTimeout, remember }: Asking): string {
  const otherwise = onTimeout === "pass" ? "then it passes" : "then it is blocked";
  return `for ${formatDuration(timeout)}, ${otherwise}; remembered at most for ${SCOPE_WORDS[remember]}`;
}

const SCOPE_WORDS: Record<Asking["remember"], string> = {
  once: "this call",
  "session-call": "the same call in the session",
  "session-tool": "the tool in the session",
  call: "the same call, for ever",
  tool: "the tool, for ever",
};

function maskWords(ofArguments: Masking | undefined, ofResult: Masking | undefined): string {
  const words = (masking: Masking | undefined, what: string): string[] => {
    if (masking === undefined) return [];
    const { secrets, paths, patterns } = masking;
    const parts = [
      ...(secrets ? ["secrets"] : []),
      ...paths.map(placeWords),
      ...patterns.map((source) => `/${source}/`),
    ];
    return [`${parts.join(", ")} in the ${what}`];
  };
  return [...words(ofArguments, "arguments"), ...words(ofResult, "result")].join(" and ");
}

function conditionWords(when: Conditions): string {
  const parts: string[] = [];
  if (when.tool !== undefined) parts.push(`calls of ${nameWords(when.tool, "tool")}`);
  else if (when.prompt !== undefined) parts.push(`what is asked of ${nameWords(when.prompt, "prompt")}`);
  else if (when.resource !== undefined) parts.push(`what is asked of ${nameWords(when.resource, "resource")}`);
  else if (when.method !== undefined) parts.push(nameWords(when.method, "method"));
  else parts.push((when.annotations ?? when.definition) ? "calls of any tool" : "whatever does or reads something");
  if ((when.tool ?? when.prompt ?? when.resource) !== undefined && when.method !== undefined)
    parts.push(`as ${nameWords(when.method, "method")}`);
  if (when.server !== undefined) parts.push(`on ${nameWords(when.server, "server")}`);
  const where = when.arguments.map(({ path, tests }) => `${placeWords(path)} ${tests.map(testWords).join(" and ")}`);
  for (const [hint, value] of Object.entries(when.annotations ?? {})) where.push(`${hint} is ${String(value)}`);
  if (when.definition !== undefined) where.push(`the definition is ${when.definition.join(" or ")}`);
  if (when.time !== undefined) where.push(timeWords(when.time));
  if (when.findings !== undefined) {
    const { least, in: places, rules } = when.findings;
    const which = rules === undefined ? "" : ` of ${nameWords(rules, "rule")}`;
    where.push(`there are findings${which} of severity ${least} or worse in the ${places.join(" or the ")}`);
  }
  return parts.join(" ") + (where.length === 0 ? "" : ` where ${where.join(", and ")}`);
}

function nameWords({ any, none }: NamePatterns, what: string): string {
  const but = none.length === 0 ? "" : ` but ${none.join(", ")}`;
  return any.length === 0 ? `any ${what}${but}` : any.join(" or ") + but;
}

function placeWords(path: ValuePath): string {
  return path.reduce((text, step) => {
    if (/^\d+$/.test(step)) return `${text}[${step}]`;
    if (/[.[\]"]/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

function testWords(test: ValueTest): string {
  switch (test.test) {
    case "present":
      return test.present ? "is there" : "is not there";
    case "one of":
      return `is ${test.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "matches":
      return `matches /${test.pattern}/`;
    case "inside":
      return `is a path inside ${test.folders.map(folderWords).join(" or ")}`;
    case "outside":
      return `is a path outside ${test.folders.map(folderWords).join(" and ")}`;
    case "host": {
      const names = test.hosts.any.length + test.hosts.none.length === 0 ? [] : [nameWords(test.hosts, "host")];
      return `is of the host ${[...names, ...test.ranges.map(rangeWords)].join(" or ")}`;
    }
    case "private address":
      return test.isPrivate ? "is of a private network or this machine" : "is of a public host";
    case "above":
      return `is above ${test.bound}`;
    case "below":
      return `is below ${test.bound}`;
    case "longer than":
      return `is longer than ${test.length}`;
    case "not":
      return `is there and not so: ${test.tests.map(testWords).join(" and ")}`;
  }
}

function folderWords([root = "/", ...parts]: Folder): string {
  return root === "/" ? `/${parts.join("/")}` : [root, ...parts].join("\\");
}

function rangeWords({ bytes, bits }: AddressRange): string {
  if (bytes.length === 4) return `${bytes.join(".")}${bits === 32 ? "" : `/${bits}`}`;
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return `${groups.join(":")}${bits === 128 ? "" : `/${bits}`}`;
}

function timeWords({ hours, days, zone }: NonNullable<Conditions["time"]>): string {
  const clock = (minutes: number): string =>
    [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
  const spans = hours.map(({ from, to }) => `from ${clock(from)} to ${clock(to)}`);
  const names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const on = days.length === 0 ? [] : [`on ${days.map((day) => names[day]).join(", ")}`];
  return `it is ${[spans.join(" or "), ...on].filter((part) => part !== "").join(" ")}${zone === undefined ? "" : ` in ${zone}`}`;
}
