/** `authFromFlags`: how km proves to a server who it is, as `km servers add` is told. */
import { resolve } from "node:path";
import type { Args, Flags } from "../../command.ts";
import { splitWords } from "../../connect/split-words.ts";
import { KmError } from "../../errors.ts";
import type { WrittenServer } from "../../servers/schema.ts";

const LOGINS = "With --auth oauth, workload or enterprise";

export const authFlags = {
  auth: {
    type: "enum",
    options: ["none", "bearer", "basic", "api-key", "oauth", "workload", "enterprise"],
    description: "How km proves who it is; default: as the server asks for",
  },
  username: { type: "string", valueHint: "name", description: "With --auth basic" },
  "client-id": { type: "string", valueHint: "id", description: `${LOGINS}: of a client that is registered` },
  "client-secret": { type: "boolean", description: `${LOGINS}: it has a secret, which km servers secret set keeps` },
  "client-key": {
    type: "string",
    valueHint: "file",
    description: `${LOGINS}: its private key in PEM, in place of a secret`,
    complete: "file",
  },
  "client-metadata-url": { type: "string", valueHint: "url", description: `${LOGINS}: of the client's metadata` },
  issuer: { type: "string", valueHint: "url", description: `${LOGINS}: the authorization server` },
  scope: { type: "string", repeat: true, valueHint: "word", description: `${LOGINS}; may be repeated` },
  dpop: {
    type: "enum",
    options: ["auto", "on", "off"],
    description: `${LOGINS}: whether tokens are bound to a key; default: auto, where the server asks for it`,
  },
  grant: {
    type: "enum",
    options: ["authorization_code", "client_credentials"],
    description: "With --auth oauth; default: authorization_code",
  },
  "redirect-port": { type: "string", valueHint: "port", description: "With --auth oauth: where it must be known" },
  assertion: {
    type: "string",
    valueHint: "source",
    description: "With --auth workload: where its token is, file:PATH, env:NAME or command:WORDS",
  },
  audience: { type: "string", valueHint: "text", description: "With --auth workload: what that token is for" },
  "idp-issuer": { type: "string", valueHint: "url", description: "With --auth enterprise: the identity provider" },
  "idp-client-id": { type: "string", valueHint: "id", description: "With --auth enterprise: of km there" },
  "idp-client-secret": { type: "boolean", description: "With --auth enterprise: as --client-secret" },
  "idp-client-key": {
    type: "string",
    valueHint: "file",
    description: "With --auth enterprise: as --client-key",
    complete: "file",
  },
  "idp-redirect-port": { type: "string", valueHint: "port", description: "With --auth enterprise: as --redirect-port" },
  "idp-scope": {
    type: "string",
    repeat: true,
    valueHint: "word",
    description: "With --auth enterprise: beyond openid",
  },
  "id-token": {
    type: "string",
    valueHint: "source",
    description: "With --auth enterprise: where an ID token is, as --assertion; default: you sign on in a browser",
  },
} satisfies Flags;

export type AuthArgs = Args<typeof authFlags>;
type Written = NonNullable<WrittenServer["auth"]>;
type Source = NonNullable<Written["assertion"]>;

const OF_LOGINS = [
  "client-id",
  "client-secret",
  "client-key",
  "client-metadata-url",
  "issuer",
  "scope",
  "dpop",
] as const satisfies (keyof AuthArgs)[];

/** Which flags go with which kind, besides those of all. */
const OF_KIND: Record<string, readonly (keyof AuthArgs)[]> = {
  basic: ["username"],
  oauth: [...OF_LOGINS, "grant", "redirect-port"],
  workload: [...OF_LOGINS, "assertion", "audience"],
  enterprise: [
    ...OF_LOGINS,
    "idp-issuer",
    "idp-client-id",
    "idp-client-secret",
    "idp-client-key",
    "idp-redirect-port",
    "idp-scope",
    "id-token",
  ],
};

/**
 * Secrets are never given on the command line: what is written refers to them by the server's name.
 *
 * @returns undefined where the server is to say what it wants
 * @throws KmError USAGE for flags of another kind, and for those that are missing
 */
export function authFromFlags(name: string, args: AuthArgs): Written | undefined {
  const { auth: type } = args;
  refuseOthers(type, args);
  switch (type) {
    case "none":
      return { type };
    case "bearer":
      return { type, token: `\${keychain:${name}-token}` };
    case "basic":
      return { type, username: required(args, "username"), password: `\${keychain:${name}-password}` };
    case "api-key":
      return { type, value: `\${keychain:${name}-key}` };
    case "oauth":
      return { type, ...clientFrom(name, args), ...grantFrom(args) };
    case "workload":
      return {
        type,
        assertion: sourceFrom("assertion", required(args, "assertion")),
        ...(args.audience !== undefined && { audience: args.audience }),
        ...clientFrom(name, args),
      };
    case "enterprise":
      return { type, ...clientFrom(name, args), idp: idpFrom(name, args) };
    default:
      return undefined;
  }
}

function refuseOthers(type: string | undefined, args: AuthArgs): void {
  const allowed = OF_KIND[type ?? ""] ?? [];
  for (const flags of Object.values(OF_KIND)) {
    for (const flag of flags) {
      const value = args[flag];
      const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
      if (!isGiven || allowed.includes(flag)) continue;
      const kinds = Object.keys(OF_KIND).filter((kind) => OF_KIND[kind]?.includes(flag));
      throw new KmError("USAGE", `Flag --${flag} is for --auth ${kinds.join(", ")} alone`);
    }
  }
}

function required(args: AuthArgs, flag: "username" | "assertion" | "idp-issuer" | "idp-client-id"): string {
  const { [flag]: value } = args;
  if (value === undefined) throw new KmError("USAGE", `Flag --auth ${args.auth} needs --${flag}`);
  return value;
}

function clientFrom(name: string, args: AuthArgs): Omit<Written, "type"> {
  const { "client-id": id, "client-key": key, "client-metadata-url": metadata, issuer, dpop, scope } = args;
  return {
    ...(id !== undefined && { client_id: id }),
    ...(args["client-secret"] && { client_secret: `\${keychain:${name}-client-secret}` }),
    ...(key !== undefined && { client_key: fileFrom(key) }),
    ...(metadata !== undefined && { client_metadata_url: metadata }),
    ...(issuer !== undefined && { issuer }),
    ...(dpop !== undefined && { dpop: dpop === "auto" ? dpop : dpop === "on" }),
    ...(scope.length > 0 && { scopes: scope }),
  };
}

function grantFrom({ grant, "redirect-port": port }: AuthArgs): Omit<Written, "type"> {
  const isKnown = grant === "authorization_code" || grant === "client_credentials";
  return {
    ...(isKnown && { grant }),
    ...(port !== undefined && { redirect_port: portFrom("redirect-port", port) }),
  };
}

function idpFrom(name: string, args: AuthArgs): NonNullable<Written["idp"]> {
  const { "idp-client-key": key, "idp-redirect-port": port, "idp-scope": scopes, "id-token": token } = args;
  return {
    issuer: required(args, "idp-issuer"),
    client_id: required(args, "idp-client-id"),
    ...(args["idp-client-secret"] && { client_secret: `\${keychain:${name}-idp-client-secret}` }),
    ...(key !== undefined && { client_key: fileFrom(key) }),
    ...(token !== undefined && { id_token: sourceFrom("id-token", token) }),
    ...(port !== undefined && { redirect_port: portFrom("idp-redirect-port", port) }),
    ...(scopes.length > 0 && { scopes }),
  };
}

function sourceFrom(flag: string, text: string): Source {
  const [, kind, value = ""] = /^(file|env|command):([^]+)$/.exec(text) ?? [];
  if (kind === "file") return { file: fileFrom(value) };
  if (kind === "env") return { env: value };
  const words = kind === "command" ? splitWords(value)?.map((word) => word.text) : undefined;
  if (words !== undefined && words.length > 0) return { command: words };
  // It may be the token itself, which is not repeated.
  throw new KmError("USAGE", `Flag --${flag} does not say where its token is`, {
    hint: "Write file:PATH, env:NAME, or command: and what prints it, in quotes.",
  });
}

/** The file of servers is read in any folder. */
function fileFrom(text: string): string {
  return /^(?:~|\$\{)/.test(text) ? text : resolve(text);
}

function portFrom(flag: string, text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new KmError("USAGE", `Flag --${flag} cannot be "${text}"`, { hint: "Give a port from 1 to 65535." });
}
