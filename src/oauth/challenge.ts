/** `readChallenge`: what a server asks for in `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750; 9449; 9728). No I/O. */

export interface Challenge {
  /** Address of the protected resource metadata. */
  resourceMetadata: string | undefined;
  scopes: string[];
  /** `invalid_token`, `insufficient_scope`, `use_dpop_nonce`, ... */
  error: string | undefined;
  /** In small letters, those that are challenged with. */
  schemes: string[];
  /** For proofs of possession; empty where none are named. */
  dpopAlgorithms: string[];
}

const MOST_CHARACTERS = 16_384;
const MOST_SCOPES = 200;

/** A parameter, or a word that begins a challenge. */
const PART = /[\s,]*(?:([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([^\s,]+))/y;

/** @param header the value of all such headers, joined with commas */
export function readChallenge(header: string | null): Challenge {
  const challenges = partsOf((header ?? "").slice(0, MOST_CHARACTERS));
  const [bearer, dpop] = ["bearer", "dpop"].map((name) => challenges.find(({ scheme }) => scheme === name)?.parameters);
  const other = challenges.find(({ parameters }) => parameters.has("resource_metadata"))?.parameters;
  const known = bearer === undefined && dpop === undefined ? [other] : [bearer, dpop];
  const first = (name: string) => known.map((one) => one?.get(name)).find((value) => value !== undefined);
  return {
    resourceMetadata: first("resource_metadata"),
    scopes: scopesIn(first("scope") ?? ""),
    // Of both schemes that were challenged with, the one that was used says what is wrong.
    error: dpop?.get("error") ?? first("error"),
    schemes: challenges.map(({ scheme }) => scheme),
    dpopAlgorithms: scopesIn(dpop?.get("algs") ?? ""),
  };
}

/** What is no scope (RFC 6749, section 3.3) is left out. */
export function scopesIn(text: string): string[] {
  const words = text.split(" ").filter((word) => /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(word));
  return [...new Set(words)].slice(0, MOST_SCOPES);
}

function partsOf(text: string): { scheme: string; parameters: Map<string, string> }[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [, name, quoted, plain, word] of text.matchAll(new RegExp(PART, "gy"))) {
    if (name === undefined) challenges.push({ scheme: (word ?? "").toLowerCase(), parameters: new Map() });
    const parameters = challenges.at(-1)?.parameters;
    const key = name?.toLowerCase();
    if (key === undefined || parameters === undefined || parameters.has(key)) continue;
    parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
  }
  return challenges;
}
