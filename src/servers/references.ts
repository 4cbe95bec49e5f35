/**
 * References in the texts of a server: `${keychain:name}` for a secret that km keeps, `${env:NAME}` or `${env:NAME:-text}`
 * for a variable, `$${` for `${` itself. They are resolved by the process that needs the text, at the moment it does.
 */
import { KmError } from "../errors.ts";

export type Part = { kind: "text"; text: string } | Reference;

export type Reference = { kind: "keychain"; name: string } | { kind: "env"; name: string; instead: string | undefined };

export const SECRET_NAME = /^[A-Za-z0-9][\w.-]{0,127}$/;
export const SECRET_NAME_WORDS = "1 to 128 letters, digits, dots, dashes and underscores, the first a letter or digit";

const ANY = /\$\$\{|\$\{([^}]*)(\}?)/g;
const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** @returns what is wrong, where it is no text with references */
export function parseReferences(text: string): { parts: Part[] } | { problem: string; hint: string } {
  const parts: Part[] = [];
  let from = 0;
  const literal = (to: string) => {
    const last = parts.at(-1);
    if (last?.kind === "text") last.text += to;
    else if (to !== "") parts.push({ kind: "text", text: to });
  };
  for (const match of text.matchAll(ANY)) {
    const [whole, inner, end] = match;
    literal(text.slice(from, match.index));
    from = match.index + whole.length;
    if (inner === undefined) literal("${");
    else {
      const reference = end === "}" ? parseReference(inner) : undefined;
      if (reference === undefined) return { problem: whole, hint: hintFor(inner, end === "}") };
      parts.push(reference);
    }
  }
  literal(text.slice(from));
  return { parts };
}

function parseReference(inner: string): Reference | undefined {
  const [, name, instead] = VARIABLE.exec(inner) ?? [];
  if (name !== undefined) return { kind: "env", name, instead };
  const secret = inner.startsWith("keychain:") ? inner.slice("keychain:".length) : "";
  return SECRET_NAME.test(secret) ? { kind: "keychain", name: secret } : undefined;
}

function hintFor(inner: string, isClosed: boolean): string {
  const literal = "$${ stands for ${ itself.";
  if (!isClosed) return `It has no }. ${literal}`;
  if (inner.startsWith("keychain:")) return `A secret's name has ${SECRET_NAME_WORDS}.`;
  if (/^[A-Za-z_]\w*$/.test(inner)) return `Did you mean \${env:${inner}}? ${literal}`;
  return `There are \${keychain:name} and \${env:NAME}. ${literal}`;
}

/** Undefined where the text has something like a reference that is none. */
export function referencesIn(text: string): Reference[] | undefined {
  const parsed = parseReferences(text);
  return "parts" in parsed ? parsed.parts.filter((part) => part.kind !== "text") : undefined;
}

/** A text that stands for itself: without this, what is in it could be taken for a reference. */
export function withoutReferences(text: string): string {
  return text.replaceAll("${", () => "$${"); // in a text, two dollars would mean one
}

export interface ReferenceSources {
  env: Record<string, string | undefined>;
  /** Undefined where there is no secret of that name. */
  readSecret: (name: string) => Promise<string | undefined>;
}

/**
 * @param where the text stands: `files: env.TOKEN`
 * @throws KmError SRV_004 for a variable or a secret that is not there; what `readSecret` throws
 */
export async function resolveText(text: string, where: string, sources: ReferenceSources): Promise<string> {
  if (!text.includes("${")) return text;
  const parsed = parseReferences(text);
  if ("problem" in parsed)
    throw new KmError("SRV_004", `Cannot resolve ${parsed.problem} of ${where}`, { hint: parsed.hint });
  const texts = await Promise.all(parsed.parts.map((part) => valueOf(part, where, sources)));
  return texts.join("");
}

async function valueOf(part: Part, where: string, { env, readSecret }: ReferenceSources): Promise<string> {
  if (part.kind === "text") return part.text;
  const { kind, name } = part;
  if (kind === "env") {
    const value = env[name] || part.instead; // an empty variable counts as not set
    if (value !== undefined) return value;
    throw new KmError("SRV_004", `Cannot resolve \${env:${name}} of ${where}: the variable is not set`, {
      hint: `Set ${name} where km is started: a client may not pass on what your shell has.`,
    });
  }
  const value = await readSecret(name);
  if (value !== undefined) return value;
  throw new KmError("SRV_004", `Cannot resolve \${keychain:${name}} of ${where}: there is no such secret`, {
    hint: `Store it: km servers secret set ${name}`,
  });
}
