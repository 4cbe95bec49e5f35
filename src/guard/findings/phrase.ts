/** `Phrase`: a wording that says little alone and much together; `phrase` writes one down. */

/** What a wording does. */
export type Aim =
  | "override" // takes back what the model was told before
  | "conceal" // keeps something from the user
  | "address" // speaks to the model
  | "demand" // presses
  | "tag" // looks like a part of the prompt
  | "hidden" // stands where people do not look
  | "shadow" // is about what other tools do
  | "read" // has something secret fetched
  | "secret" // names something secret
  | "send" // has something sent away
  | "pass" // has something put into a parameter
  | "task" // has something done in the user's name
  | "rights" // takes rights or does without checks
  | "owner" // speaks in the user's name
  | "ask" // asks for something with a consequence outside
  | "cue" // speaks of a model's work, tools and user
  | "field" // stands in a field of data
  | "act"; // has something else done

export interface Phrase {
  aim: Aim;
  /** What it does, as the evidence has it. */
  says: string;
  /** In a definition, and in a result. A definition is expected to tell the model what to do. */
  weight: [definition: number, result: number];
  /** What every match begins with: at least three ASCII characters, lower case. None for other scripts. */
  begins: readonly string[];
  /** Sticky with `begins`, else global. Every repetition is bounded. */
  pattern: RegExp;
  /** What makes it say the opposite, or something else, where it stands right before. */
  notAfter?: RegExp;
  /** What has to stand right before it. */
  onlyAfter?: RegExp;
}

/**
 * In the source, a space is any gap between words, with the marks of Markdown and line ends; `~n` up to n words of any
 * kind. What begins a match is written once more in `begins`, in lower case.
 */
export function phrase(
  aim: Aim,
  says: string,
  weight: number | [definition: number, result: number],
  begins: string,
  source: string,
): Phrase {
  const written = source
    .replaceAll(/ ?~(\d) ?/g, (_, count: string) => `${GAP}(?:${WORD}${GAP}){0,${count}}?`)
    .replaceAll(" ?", `(?:${GAP})?`)
    .replaceAll(" ", GAP);
  const notAfter = NOT_AFTER[aim];
  const onlyAfter = ONLY_AFTER[aim];
  return {
    aim,
    says,
    ...(notAfter !== undefined && { notAfter }),
    ...(onlyAfter !== undefined && { onlyAfter }),
    weight: typeof weight === "number" ? [weight, weight] : weight,
    begins: begins === "" ? [] : begins.split("|"),
    pattern: new RegExp(written, begins === "" ? "gi" : "iy"),
  };
}

// The two have no character in common: there is one way to read a text as words and gaps. A sentence's end is neither.
const WORD = "(?:[\\w'@$%&-]|\\.(?=\\w)){1,24}";
const GAP = '[\\s*"`>#,:;()\\[\\]/~|!]{1,6}';

const NEGATION = /(?:\b(?:never|not|cannot|without|avoid|nobody|no one|neither|nor)|n't)\s+(?:\w{1,12}\s+)?$/i;
const NOT_AFTER: Partial<Record<Aim, RegExp>> = {
  read: NEGATION,
  send: NEGATION,
  pass: NEGATION,
  act: NEGATION,
  ask: NEGATION,
  task: NEGATION,
  override: /(?:\b(?:never|cannot|do not|must not|should not|will not|not to)\s|n't\s|[\w@]-)\s*$/i,
  // "we don't tell the user" is no order
  conceal:
    /\b(?:we|they|i|it|he|she|who|which|that|servers?|clients?|apps?|system|service|staff|does|did|can|could|be|is|are|would)\s+$/i,
};
/** Where an order begins: with a sentence or a part of one, or behind what makes it one. */
const ONLY_AFTER: Partial<Record<Aim, RegExp>> = {
  ask: /(?:^|[^\w\s'’/@&+$%.-]\s{0,8}|[.…-]\s{1,8}|\n\s{0,8}|^\s{1,8}|\b(?:please|kindly|must|should|shall|will|can|could|would|and|then|also|now|first|next|immediately|automatically|silently|quietly|secretly|simply|just|always|instead|or|you|don't forget to|(?:need|needs|have|has|want you|like you|required|asked|instructed|sure|remember|try|begin|start by|proceed|you|authorized|go ahead and|model|assistant|agent|ai|is|are) to|help|instructions?|action|task|todo)\s{1,4})$/i,
};
