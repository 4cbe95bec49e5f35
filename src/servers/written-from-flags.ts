/** `writtenFromFlags`: what `km servers add` was told, as it will stand in the file. */
import { KmError } from "../errors.ts";
import type { WrittenServer } from "./schema.ts";

export interface AddFlags {
  url: string | undefined;
  transport: string | undefined;
  /** `Name: value` or `Name=value`. */
  headers: string[];
  auth: WrittenServer["auth"];
  cwd: string | undefined;
  /** `NAME=value` */
  env: string[];
  tags: string[];
}

/** @throws KmError USAGE; SRV_003 for an address with a name or password in it */
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
  refuseCredentials(name, url);
  return {
    url,
    ...(flags.transport !== undefined && { transport: flags.transport as NonNullable<WrittenServer["transport"]> }),
    ...(flags.headers.length > 0 && {
      headers: pairs(flags.headers, /^([^:=]+?)\s*[:=]\s*([^]*)$/, "--header", '"Name: value"'),
    }),
    ...(flags.auth !== undefined && { auth: flags.auth }),
    ...tags,
  };
}

/** Of the address nothing is repeated that may be one. */
function refuseCredentials(name: string, url: string): void {
  const [all, scheme = ""] = /^(https?:\/\/)[^/?#]*@/i.exec(url) ?? [];
  if (all === undefined) return;
  const plain = (scheme + url.slice(all.length)).replace(/[?#].*$/s, "");
  throw new KmError("SRV_003", `Cannot add ${name}: a name or password stands in its address`, {
    hint: `Add it with km servers add ${name} --url ${plain} --auth basic --username NAME, and store the password with km servers secret set ${name}-password.`,
  });
}

const OF_URL = ["transport", "auth", "headers"] as const;
const OF_COMMAND = ["cwd", "env"] as const;

function refuseOthers(flags: AddFlags, isCommand: boolean): void {
  for (const key of isCommand ? OF_URL : OF_COMMAND) {
    const value = flags[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const other = isCommand ? "--url" : "a command";
    throw new KmError("USAGE", `Flag --${key === "headers" ? "header" : key} is for a server with ${other} alone`);
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
