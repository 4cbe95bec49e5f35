/** `readChallenge`: what a server asks for in `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750; RFC 9728). No I/O. */

export interface Challenge {
  /** Address of the protected resource metadata. */
  resourceMetadata: string | undefined;
  scopes: string[];
  /** `invalid_token`, `insufficient_scope`, ... */
  error: string | undefined;
}

const MOST_CHARACTERS = 16_384;
const MOST_SCOPES = 200;

/** A parameter, or a word that begins a challenge. */
const PART = /[\s,]*(?:([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([^\s,]+))/y;

/** @param header the value of all such headers, joined with commas */
export function readChallenge(header: string | null): Challenge {
  const challenges = partsOf((header ?? "").slice(0, MOST_CHARACTERS));
  const own =
    challenges.find(({ scheme }) => scheme === "bearer") ??
    challenges.find(({ parameters }) => parameters.has("resource_metadata"));
  const parameters = own?.parameters ?? new Map<string, string>();
  return {
    resourceMetadata: parameters.get("resource_metadata"),
    scopes: scopesIn(parameters.get("scope") ?? ""),
    error: parameters.get("error"),
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
