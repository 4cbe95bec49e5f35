/**
 * `ResourceMatcher`: URIs of resources against the globs of a rule. A URI that leads elsewhere once `..` is resolved or an
 * escape is decoded fits only where it fits in each of these forms; otherwise that cannot be told.
 */
import type { NamePatterns } from "./compiled.ts";
import type { Met } from "./met.ts";
import { NameMatcher, shown } from "./name-matcher.ts";
import { pathReadings } from "./path-readings.ts";

export class ResourceMatcher {
  readonly #names: NameMatcher;

  constructor(patterns: NamePatterns) {
    this.#names = new NameMatcher(patterns);
  }

  matches(uri: string): Met {
    const read = pathReadings(uri, false);
    if (read === undefined) return { unclear: `the URI ${shown(uri)} can be read in too many ways` };
    // Whoever takes its quotes or its scheme away, reads a path; here only the URI itself is of interest.
    const scheme = SCHEME.exec(uri)?.[0].toLowerCase() ?? "";
    const uris = read.filter((text) => text.toLowerCase().startsWith(scheme));
    const forms = new Set(uris.flatMap((text) => [text, resolved(text, false), resolved(text, true)]));
    const [first = false, ...others] = Array.from(forms, (text) => this.#names.matches(text));
    if (typeof first === "object" || others.every((met) => met === first)) return first;
    return { unclear: `the URI ${shown(uri)} is another one to other readers` };
  }
}

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const PARTS = /^((?:[a-z][a-z0-9+.-]*:)?(?:\/\/[^/?#]*)?)([^?#]*)(.*)$/is;

/** @param joins whether several slashes are one, as in paths of files */
function resolved(uri: string, joins: boolean): string {
  const [, front = "", path = "", rest = ""] = PARTS.exec(uri) ?? [];
  if (!/(?:^|\/)\.\.?(?:\/|$)/.test(path)) return uri;
  const parts: string[] = [];
  const names = path.split("/");
  names.forEach((name, index) => {
    if (name === "..") parts.splice(Math.max(parts.length - 1, path.startsWith("/") ? 1 : 0));
    else if (name !== "." && !(joins && name === "" && index > 0 && index < names.length - 1)) parts.push(name);
    if (index === names.length - 1 && (name === "." || name === "..")) parts.push("");
  });
  return `${front}${parts.join("/")}${rest}`;
}
