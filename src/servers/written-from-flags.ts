/** `writtenFromFlags`: what `km servers add` was told, as it will stand in the file. */
import { KmError } from "../errors.ts";
import type { WrittenServer } from "./schema.ts";

export interface AddFlags {
  url: string | undefined;
  transport: string | undefined;
  /** `Name: value` or `Name=value`. */
  headers: string[];
  auth: string | undefined;
  username: string | undefined;
  clientId: string | undefined;
  scopes: string[];
  cwd: string | undefined;
  /** `NAME=value` */
  env: string[];
  tags: string[];
}

/** @throws KmError USAGE */
export function writtenFromFlags(name: string, flags: AddFlags, command: string[]): WrittenServer {
  const { url } = flags;
  if (url !== undefined && command.length > 0) throw new KmError("USAGE", "Either --url or a command, not both");
  if (url === undefined && command.length === 0) {
    throw new KmError("USAGE", "No server to add", {
      hint: `Put its command behind two dashes, km servers add ${name} -- npx -y some-server, or give --url.`,
    });
  }
  refuseOthers(flags, url === undefined);
  const tags = flags.tags.length === 0 ? {} : { tags: flags.tags };
  if (url === undefined) {
    const [program = "", ...args] = command;
    return {
      command: program,
      ...(args.length > 0 && { args }),
      ...(flags.cwd !== undefined && { cwd: flags.cwd }),
      ...(flags.env.length > 0 && { env: pairs(flags.env, /^([^=]+)=([^]*)$/, "--env", "NAME=VALUE") }),
      ...tags,
    };
  }
  const auth = authFrom(name, flags);
  return {
    url,
    ...(flags.transport !== undefined && { transport: flags.transport as NonNullable<WrittenServer["transport"]> }),
    ...(flags.headers.length > 0 && {
      headers: pairs(flags.headers, /^([^:=]+?)\s*[:=]\s*([^]*)$/, "--header", '"Name: value"'),
    }),
    ...(auth !== undefined && { auth }),
    ...tags,
  };
}

const OF_URL = ["transport", "auth", "username", "clientId", "headers", "scopes"] as const;
const OF_COMMAND = ["cwd", "env"] as const;

function refuseOthers(flags: AddFlags, isCommand: boolean): void {
  const spelled: Record<string, string> = { clientId: "client-id", headers: "header", scopes: "scope" };
  for (const key of isCommand ? OF_URL : OF_COMMAND) {
    if (flags[key] === undefined || flags[key].length === 0) continue;
    const other = isCommand ? "--url" : "a command";
    throw new KmError("USAGE", `Flag --${spelled[key] ?? key} is for a server with ${other} alone`);
  }
}

/** Secrets are never given on the command line: what is written refers to them. */
function authFrom(name: string, flags: AddFlags): WrittenServer["auth"] {
  const { auth: type, username, clientId, scopes } = flags;
  if (username !== undefined && type !== "basic")
    throw new KmError("USAGE", "Flag --username is for --auth basic alone");
  if ((clientId !== undefined || scopes.length > 0) && type !== "oauth")
    throw new KmError("USAGE", "Flags --client-id and --scope are for --auth oauth alone");
  switch (type) {
    case "bearer":
      return { type, token: `\${keychain:${name}-token}` };
    case "basic":
      if (username === undefined) throw new KmError("USAGE", "Flag --auth basic needs --username");
      return { type, username, password: `\${keychain:${name}-password}` };
    case "api-key":
      return { type, value: `\${keychain:${name}-key}` };
    case "oauth":
      return { type, ...(clientId !== undefined && { client_id: clientId }), ...(scopes.length > 0 && { scopes }) };
    case "none":
      return { type };
    default:
      return undefined;
  }
}

function pairs(texts: string[], form: RegExp, flag: string, shape: string): Record<string, string> {
  const found = texts.map((text): [string, string] => {
    const [, key, value] = form.exec(text) ?? [];
    if (key === undefined || value === undefined)
      throw new KmError("USAGE", `Flag ${flag} needs ${shape}, not "${text}"`);
    return [key, value];
  });
  return Object.fromEntries(found);
}
