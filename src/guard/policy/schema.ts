/** What may stand in a policy file, as it is written. Imports valibot: load this file only when there is one to check. */
import * as v from "valibot";
import { isMapping } from "../../is-mapping.ts";
import { SEVERITIES } from "../findings/finding.ts";
import {
  choice,
  described,
  duration,
  list,
  mapping,
  number,
  record,
  size,
  text,
  textOrList,
  wholeNumber,
  word,
} from "./schema-parts.ts";

const NAMES = "a name with * and ?, or a list of such names; ! stands in front of what is left out";
const FOLDERS = "a folder or a list of folders: absolute, or beginning with ~ or ${cwd}";
const SCALARS = "a text, a number, true, false, null, or a list of these";
const RULE_NAME = "a name of 1 to 100 letters, digits, dots, dashes or underscores";
const PATTERNS = "true for secrets, or a list of regular expressions";
const DURATION = "a duration of 1s to 31d with its unit, such as 30s or 1h";
const BOUND = "a whole number of tokens, at least 1";

const scalar = choice([v.string(SCALARS), number(SCALARS), v.boolean(SCALARS), v.null(SCALARS)], SCALARS, (value) =>
  Math.max(0, ["string", "number", "boolean", "object"].indexOf(typeof value)),
);

const tests = {
  present: described("Whether there is a value at all, other than null", v.boolean("true, false")),
  equals: described("Is exactly this", scalar),
  one_of: described("Is one of these", list(scalar, SCALARS)),
  matches: described("A regular expression matches somewhere in it", text("a regular expression")),
  inside: described("Is a path inside one of these folders", textOrList(FOLDERS)),
  outside: described("Is a path outside all of these folders", textOrList(FOLDERS)),
  host: described(
    "Is a URL or host whose name is one of these, or whose address is in one of these ranges",
    textOrList("a host such as *.example.com, a range such as 10.0.0.0/8, or a list of both"),
  ),
  private_address: described("Is a URL or host of this machine or a private network", v.boolean("true, false")),
  above: described("Is a number above this", number("a number")),
  below: described("Is a number below this", number("a number")),
  longer_than: described("Has more characters; of a list or mapping, its JSON has", wholeNumber("a whole number")),
};

export type WrittenTests = v.InferOutput<v.StrictObjectSchema<typeof tests, undefined>> & {
  not?: WrittenTests | undefined;
};

const TESTS = "a mapping of equals, one_of, matches, inside, outside, host, private_address, above, below, ...";
const test: v.GenericSchema<unknown, WrittenTests> = mapping(
  {
    ...tests,
    not: described(
      "Meets not all of these",
      v.lazy((): v.GenericSchema<unknown, WrittenTests> => test),
    ),
  },
  TESTS,
);

const condition = choice([scalar, list(scalar, SCALARS), test], `${SCALARS}; or ${TESTS}`, (value) =>
  Array.isArray(value) ? 1 : Number(isMapping(value)) * 2,
);

const severity = word(...SEVERITIES);
const findings = choice(
  [
    severity,
    mapping(
      {
        at_least: severity,
        in: described(
          "Where they are",
          choice(
            [word("arguments", "result"), list(word("arguments", "result"), "arguments, result")],
            "arguments, result",
            (value) => Number(Array.isArray(value)),
          ),
        ),
        rules: described("Ids of the rules that find them", textOrList(NAMES)),
      },
      "a mapping of at_least, in and rules",
    ),
  ],
  SEVERITIES.join(", "),
  (value) => Number(isMapping(value)),
);

const asking = mapping(
  {
    timeout: described("How long it waits for an answer", duration(DURATION)),
    on_timeout: described("What happens without one", word("block", "pass")),
    remember: described(
      "How long an approval may be remembered at most",
      word("once", "session-call", "session-tool", "call", "tool"),
    ),
  },
  "a mapping of timeout, on_timeout and remember",
);

const patterns = choice([v.literal(true, PATTERNS), list(text("a regular expression"), PATTERNS)], PATTERNS, (value) =>
  Number(Array.isArray(value)),
);
const PLACES = "true for secrets, or a list of places such as [password, user.token, headers.*]";

const rule = mapping(
  {
    name: v.pipe(
      v.string(RULE_NAME),
      v.regex(/^[\w.-]{1,100}$/, RULE_NAME),
      v.description("Unique in the file; messages and records show it"),
    ),
    action: v.pipe(
      word("allow", "deny", "ask", "redact", "limit"),
      v.description("What happens where all conditions are met"),
    ),
    reason: described("Told to the model and to people", text("a text of at most 400 characters", 400)),
    on_error: described("What happens where it cannot be told whether the conditions are met", word("block", "pass")),
    server: described("Names of servers, as km sessions shows them", textOrList(NAMES)),
    tool: described("Names of tools", textOrList(NAMES)),
    prompt: described("Names of prompts", textOrList(NAMES)),
    resource: described("URIs of resources", textOrList(NAMES)),
    method: described("Methods of MCP; default: tools/call and what else does or reads something", textOrList(NAMES)),
    arguments: described(
      "What must stand in the arguments, by place",
      record(condition, "a mapping of places to conditions"),
    ),
    annotations: described(
      "What the server says of the tool",
      mapping(
        {
          readOnlyHint: v.optional(v.boolean("true, false")),
          destructiveHint: v.optional(v.boolean("true, false")),
          idempotentHint: v.optional(v.boolean("true, false")),
          openWorldHint: v.optional(v.boolean("true, false")),
        },
        "a mapping of readOnlyHint, destructiveHint, idempotentHint and openWorldHint",
      ),
    ),
    definition: described(
      "How the tool's definition is, against what was accepted",
      choice([word("new", "changed"), list(word("new", "changed"), "new, changed")], "new, changed", (value) =>
        Number(Array.isArray(value)),
      ),
    ),
    hours: described("The time of day", textOrList("a span such as 09:00-17:30, or a list of spans")),
    days: described("The day of the week", textOrList("a day such as mon, a span such as mon-fri, or a list of both")),
    zone: described(
      "The time zone of hours and days; default: this machine's",
      text("a time zone such as Europe/Berlin", 100),
    ),
    findings: described("Findings at least this severe in the arguments or the result", findings),
    ask: described("How a person is asked", asking),
    redact: described(
      "What is masked",
      mapping(
        {
          arguments: described(
            "Places in the arguments whose values are masked",
            choice([v.literal(true, PLACES), list(text("a place"), PLACES)], PLACES, (value) =>
              Number(Array.isArray(value)),
            ),
          ),
          result: described("What is masked in the result", patterns),
        },
        "a mapping of arguments and result",
      ),
    ),
    limit: described(
      "How much is too much",
      mapping(
        {
          calls: described("So many calls", wholeNumber("a whole number, at least 1")),
          bytes: described("So many bytes of calls and their results", size("a size such as 500kb or 1mb")),
          per: described("In any span of time of this length", duration(DURATION)),
          max_tokens: described(
            "So many tokens of each result, in place of results.max_tokens",
            choice([wholeNumber(BOUND), v.literal("none", `${BOUND}, or none`)], BOUND, (value) =>
              Number(typeof value === "string"),
            ),
          ),
        },
        "a mapping of calls, bytes, per and max_tokens",
      ),
    ),
  },
  "a mapping of name, action and conditions",
);

const toolAction = word("allow", "warn", "block");

export const POLICY = mapping(
  {
    version: v.pipe(v.literal(1, "1"), v.description("The version of this format")),
    mode: described("observe: nothing is enforced, km policy test tells what would be", word("enforce", "observe")),
    default: described("What happens where no rule decides", word("allow", "deny", "ask")),
    ask: described("How a person is asked where the rule does not say", asking),
    rules: described(
      "The first that allows, denies or asks decides; those that redact or limit all apply",
      v.pipe(v.array(rule, "a list of rules"), v.maxLength(1000, "a list of at most 1000 rules")),
    ),
    results: described(
      "Results that are too large for a model",
      mapping(
        { max_tokens: described("So many tokens of a result are handed out at once", wholeNumber(BOUND)) },
        "a mapping of max_tokens",
      ),
    ),
    tools: described(
      "Tools whose definitions nobody accepted",
      mapping(
        {
          new: described("Those that come later than the first list", toolAction),
          changed: described("Those whose definition is another", toolAction),
        },
        "a mapping of new and changed",
      ),
    ),
    lists: described(
      "allowed: tools, prompts and resources that are denied whatever the arguments are not listed",
      word("whole", "allowed"),
    ),
  },
  "a mapping that begins with version: 1",
);

export type WrittenPolicy = v.InferOutput<typeof POLICY>;
export type WrittenRule = v.InferOutput<typeof rule>;
export type WrittenAsking = v.InferOutput<typeof asking>;
export type WrittenCondition = v.InferOutput<typeof condition>;
