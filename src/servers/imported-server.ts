/** `importedServer`: a server of a client's configuration file as it will stand in `servers.yaml`, its secrets apart. */
import type { Redactor } from "../guard/redaction/redact.ts";
import { plainSecrets } from "./plain-secrets.ts";
import { parseReferences, SECRET_NAME, withoutReferences } from "./references.ts";
import type { WrittenServer } from "./schema.ts";
import { secretName } from "./secret-name.ts";

/** What is read from a client's file. */
export interface ImportedDefinition {
  /** Program and arguments; empty for a server with an address, and for an entry that has neither. */
  command: string[];
  cwd: string | undefined;
  env: Record<string, string>;
  url: string | undefined;
  transport: "auto" | "streamable-http" | "sse";
  headers: Record<string, string>;
  /** A variable that holds a bearer token (Codex). */
  tokenVariable: string | undefined;
}

export interface Imported {
  server: WrittenServer;
  /** What the references in it stand for: to be kept. */
  secrets: Map<string, string>;
  /** What somebody has to look at, a sentence each. */
  notes: string[];
}

/** @returns undefined for what is no server */
export function importedServer(name: string, found: ImportedDefinition, redactor: Redactor): Imported | undefined {
  const notes: string[] = [];
  const text = (value: string) => importedText(value, name, notes);
  const texts = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, text(value)]));
  const [program, ...args] = found.command;
  if (program === undefined && found.url === undefined) return undefined;
  const env = texts(found.env);
  const address = addressOf(text(found.url ?? ""));
  const { headers, auth = address.auth } = authOf(texts(found.headers), found.tokenVariable);
  const server: WrittenServer =
    program === undefined
      ? {
          url: address.url,
          ...(found.transport !== "auto" && { transport: found.transport }),
          ...(Object.keys(headers).length > 0 && { headers }),
          ...(auth !== undefined && { auth }),
        }
      : {
          command: text(program),
          ...(args.length > 0 && { args: args.map(text) }),
          ...(found.cwd !== undefined && { cwd: text(found.cwd) }),
          ...(Object.keys(env).length > 0 && { env }),
        };
  return { server, notes, secrets: takeSecrets(name, server, redactor) };
}

/** A name and password in the address are what `auth` is for. */
function addressOf(url: string): { url: string; auth?: WrittenServer["auth"] } {
  const [, scheme, name, password, rest] = /^(https?:\/\/)([^:@/?#]+):([^@/?#]+)@(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || name === undefined || password === undefined || rest === undefined) return { url };
  return { url: scheme + rest, auth: { type: "basic", username: decoded(name), password: decoded(password) } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that means itself
  }
}

/** A bearer token among the headers is what `auth` is for. */
function authOf(headers: Record<string, string>, variable: string | undefined) {
  if (variable !== undefined) return { headers, auth: { type: "bearer", token: `\${env:${variable}}` } as const };
  const name = Object.keys(headers).find((one) => one.toLowerCase() === "authorization");
  const token = name === undefined ? undefined : /^Bearer\s+(\S+)$/i.exec(headers[name] ?? "")?.[1];
  if (name === undefined || token === undefined) return { headers, auth: undefined };
  const { [name]: _token, ...others } = headers;
  return { headers: others, auth: { type: "bearer", token } as const };
}

/** Replaces secrets in the server by references, and gives what they stand for. */
function takeSecrets(name: string, server: WrittenServer, redactor: Redactor): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const { path, value, role } of plainSecrets(server, redactor)) {
    const parsed = parseReferences(value);
    // What refers to something and is a secret besides stays as it is: the check of the file tells of it.
    if (!("parts" in parsed) || parsed.parts.some(({ kind }) => kind !== "text")) continue;
    const literal = parsed.parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
    const secret = freeName(secretName(name, role), literal, secrets);
    secrets.set(secret, literal);
    replaceAt(server, path, `\${keychain:${secret}}`);
  }
  return secrets;
}

function freeName(wanted: string, value: string, taken: Map<string, string>): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted.slice(0, 120)}-${count}`;
    if (!taken.has(name) || taken.get(name) === value) return name;
  }
}

function replaceAt(node: unknown, path: (string | number)[], text: string): void {
  const [step, ...rest] = path;
  if (typeof node !== "object" || node === null || step === undefined) return;
  if (rest.length === 0) Reflect.set(node, step, text);
  else replaceAt(Reflect.get(node, step), rest, text);
}

const CLIENT_REFERENCE = /\$\{([^}]*)\}/g;

/** References as clients have them, `${NAME}` and `${env:NAME}`, to those of km; anything else stands for itself. */
function importedText(value: string, name: string, notes: string[]): string {
  let from = 0;
  let text = "";
  for (const { 0: whole, 1: inner = "", index } of value.matchAll(CLIENT_REFERENCE)) {
    text += withoutReferences(value.slice(from, index)) + importedReference(whole, inner, name, notes);
    from = index + whole.length;
  }
  return text + withoutReferences(value.slice(from));
}

function importedReference(whole: string, inner: string, name: string, notes: string[]): string {
  const [, variable, instead = ""] = /^(?:env:)?([A-Za-z_]\w*)(:-[^]*)?$/.exec(inner) ?? [];
  if (inner === "userHome") return "${env:HOME}";
  if (variable !== undefined && (inner.startsWith("env:") || /^[A-Z_]/.test(inner)))
    return `\${env:${variable}${instead}}`;
  const asked = /^input:(.+)$/.exec(inner)?.[1];
  const secret = asked === undefined ? "" : secretName(name, asked);
  if (SECRET_NAME.test(secret)) {
    notes.push(`asked for ${asked}, which is the secret ${secret} now: km servers secret set ${secret}`);
    return `\${keychain:${secret}}`;
  }
  notes.push(`has ${whole}, which only its client knows: it stands for itself now`);
  return withoutReferences(whole);
}
