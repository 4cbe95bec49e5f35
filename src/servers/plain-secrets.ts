/** `plainSecrets`: values of a server that are secrets and stand there as they are, where a reference belongs. */
import { maskCommand } from "../guard/redaction/mask-command.ts";
import { createRedactor, type Redactor } from "../guard/redaction/redact.ts";
import { referencesIn } from "./references.ts";
import type { WrittenServer } from "./schema.ts";

export interface PlainSecret {
  /** From the server to the value. */
  path: (string | number)[];
  value: string;
  /** What the secret may be called, behind the name of its server: `token`. */
  role: string;
}

/** Secret whatever they look like. */
const ALWAYS = ["token", "password", "value", "client_secret"] as const;

export function plainSecrets(server: WrittenServer, redactor: Redactor = createRedactor()): PlainSecret[] {
  const found: PlainSecret[] = [];
  const add = (path: PlainSecret["path"], value: string | undefined, role: string) => {
    if (value !== undefined && literalOf(value) !== "") found.push({ path, value, role });
  };
  for (const key of ALWAYS) add(["auth", key], server.auth?.[key], key);
  add(["auth", "idp", "client_secret"], server.auth?.idp?.client_secret, "idp-client-secret");
  add(["tls", "passphrase"], server.tls?.passphrase, "passphrase");
  for (const group of ["env", "headers"] as const) {
    for (const [name, value] of Object.entries(server[group] ?? {})) {
      if (isSecret(name, literalOf(value), redactor)) add([group, name], value, name);
    }
  }
  if (server.url !== undefined && isMasked(literalOf(server.url), redactor)) add(["url"], server.url, "url");
  const program = [server.command ?? []].flat();
  const words = [...program, ...(server.args ?? [])];
  const masked = maskCommand(words.map(literalOf), redactor);
  words.forEach((word, index) => {
    if (masked[index] === literalOf(word)) return;
    const inArguments = index - program.length;
    const path =
      inArguments >= 0 ? ["args", inArguments] : Array.isArray(server.command) ? ["command", index] : ["command"];
    add(path, word, words[index - 1]?.replace(/^-+/, "") ?? "argument");
  });
  return found;
}

/** What stands there besides references. */
function literalOf(text: string): string {
  const references = text.includes("${") ? referencesIn(text) : [];
  if (references === undefined) return text;
  return text.replace(/\$\$\{|\$\{[^}]*\}/g, "").trim();
}

function isSecret(name: string, value: string, redactor: Redactor): boolean {
  return isMasked(JSON.stringify({ [name]: value }), redactor) || isMasked(value, redactor);
}

function isMasked(text: string, redactor: Redactor): boolean {
  return redactor.find(text).length > 0;
}
