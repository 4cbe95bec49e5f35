/** `keyWordOf`: the word of an order to a model that a token stands for, although it is not spelt like it. */

/** Words of orders to models. Those of six letters and more are known with one slip of the pen too. */
const KEY_WORDS: ReadonlySet<string> = new Set(
  [
    "ignore ignoring ignored disregard disregarding forget forgetting override overriding bypass bypassing circumvent abandon discard pretend obey comply",
    "previous previously prior above earlier original existing initial preceding foregoing everything anything all any every your the these those other before after",
    "instruction instructions prompt prompts directive directives guideline guidelines restriction restrictions limitation limitations constraint constraints rule rules orders command commands safeguards guardrails policies context training programming filters",
    "system developer assistant administrator admin operator chatbot model user users human agent",
    "conversation history message messages chat task tasks role mode text",
    "important mandatory critical urgent immediately attention priority must always never now instead following follow",
    "mention mentioning inform informing reveal disclose display show tell telling notify without silently secretly quietly confidential knowledge hidden not you them this that with from into about",
    "password passwords credential credentials secret secrets token tokens private key keys environment variable variables",
    "send forward upload transfer transmit delete execute download install retrieve append include exfiltrate publish submit collect extract read write run call open visit post email file files data contents content print output repeat translate summarize respond answer reply",
    "address account payment recipient external server webhook endpoint parameter function tool tools",
    "safety security access grant permission permissions privileges confirmation approval money link click website attachment authorized following",
    "response responding answering continue proceed jailbreak unrestricted unfiltered uncensored roleplay act are new who was were said",
  ]
    .join(" ")
    .split(" "),
);

/** Words that are one letter from a key word, and meant. */
const ORDINARY: ReadonlySet<string> = new Set(
  "massage precious pervious exiting discord repeal revel repent fellow hollow deplete summit unload sever serve contest consent contend contexts consents contests despond instill instal intention forgot forged uniform infirm effect prepend junction unction semver trailing draining raining straining selling yelling felling transit translit collet commend commends borders fillers falters ridden bidden midden tokes allays forlorn discount systems systeme instruktion instruccions ordens uninstall".split(
    " ",
  ),
);

const SHORTEST = 6;
const LONGEST = 16;

/** The word itself where it is a key word, the one that it is one slip away from, or nothing. */
export function keyWordOf(word: string): string | undefined {
  if (KEY_WORDS.has(word)) return word;
  if (word.length < SHORTEST - 1 || word.length > LONGEST || ORDINARY.has(word)) return undefined;
  const itself = MISSPELT.get(word);
  if (itself !== undefined && isSlip(word, itself)) return itself;
  for (let i = 0; i < word.length; i++) {
    const known = MISSPELT.get(word.slice(0, i) + word.slice(i + 1));
    if (known !== undefined && isSlip(word, known)) return known;
  }
  return undefined;
}

/** Whether a part of a text is worth the look: true for all that `keyWordOf` knows and for little else. ASCII letters. */
export function mayBeKeyWord(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < SHORTEST - 1 || length > LONGEST) return false;
  let hash = 0;
  for (let i = 0; i < length; i++) {
    BEFORE[i] = hash;
    hash = (hash + Math.imul(text.charCodeAt(start + i) | 32, POWERS[i] ?? 0)) | 0;
  }
  BEFORE[length] = hash;
  if (hasHash(hash)) return true;
  for (let i = 0; i < length; i++) {
    // Without its i-th letter, what follows moves to the left: it is divided by the base.
    const rest = Math.imul(hash - (BEFORE[i + 1] ?? 0), INVERSE);
    if (hasHash(((BEFORE[i] ?? 0) + rest) | 0)) return true;
  }
  return false;
}

const BASE = 0x01000193; // odd, so that it has an inverse among numbers of 32 bits
const INVERSE = inverseOf(BASE);
const POWERS = powersOf(BASE);
/** The hash of what stands before each letter of the word that is looked at. */
const BEFORE = new Int32Array(LONGEST + 1);

function inverseOf(odd: number): number {
  let inverse = odd; // right in three bits, and each step doubles them
  for (let step = 0; step < 4; step++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

function powersOf(base: number): Int32Array {
  const powers = new Int32Array(LONGEST);
  for (let i = 0, power = 1; i < LONGEST; i++, power = Math.imul(power, base)) powers[i] = power;
  return powers;
}

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (hash + Math.imul(word.charCodeAt(i), POWERS[i] ?? 0)) | 0;
  return hash;
}

function hasHash(hash: number): boolean {
  return HASHES[hash >>> 16] === 1;
}

export function isKeyWord(word: string): boolean {
  return KEY_WORDS.has(word);
}

/** Words written together or joined by the same sign; nothing where there are fewer than `least`, or others among them. */
export function splitIntoKeyWords(run: string, least: number): string[] | undefined {
  // How the part that ends at each place ends: with the longest word that leaves a part which can be split.
  const lastWord: string[] = [""];
  for (let end = 1; end <= run.length; end++) {
    for (let start = Math.max(0, end - LONGEST); start < end; start++) {
      const isReached = start === 0 || lastWord[start] !== undefined;
      const word = run.slice(start, end);
      if (!isReached || !KEY_WORDS.has(word)) continue;
      lastWord[end] = word;
      break;
    }
  }
  const words: string[] = [];
  for (let end = run.length; end > 0; end -= words[0]?.length ?? end) {
    const word = lastWord[end];
    if (word === undefined) return undefined;
    words.unshift(word);
  }
  return words.length < least ? undefined : words;
}

/** Every long key word, by itself and by what is left of it without one of its letters. */
const MISSPELT: ReadonlyMap<string, string> = new Map(
  [...KEY_WORDS].flatMap((word) => {
    if (word.length < SHORTEST) return [];
    const spellings = [word, ...Array.from(word, (_, i) => word.slice(0, i) + word.slice(i + 1))];
    return spellings.map((spelling): [string, string] => [spelling, word]);
  }),
);

/** One letter more, less, another, or two of them swapped. What goes on where the other ends is an inflection. */
function isSlip(word: string, key: string): boolean {
  if (word.startsWith(key) || key.startsWith(word)) return false;
  let from = 0;
  while (word[from] === key[from]) from++;
  let rest = 0; // equal at the end
  const most = Math.min(word.length, key.length) - from;
  while (rest < most && word.at(-1 - rest) === key.at(-1 - rest)) rest++;
  const [left, right] = [word.slice(from, word.length - rest), key.slice(from, key.length - rest)];
  if (left.length + right.length <= 1) return true;
  if (left.length === 1 && right.length === 1) return rest > 0; // another last letter makes another form of the word
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}

/** The upper half of their hashes. */
const HASHES = new Uint8Array(1 << 16);
for (const word of MISSPELT.keys()) HASHES[hashOf(word) >>> 16] = 1;
