/** `remoteServer`: a server that is reached by HTTP, as one that is started: by km itself, which speaks HTTP in its place. */
import { KmError } from "../errors.ts";
import type { Remote } from "../http/remote.ts";
import { shownUrl } from "../http/shown-url.ts";
import { selfCommand } from "../self.ts";
import { remoteTo } from "../servers/server.ts";

/** Where `km __remote` finds what it is to connect to. */
export const REMOTE_VARIABLE = "KM_REMOTE";

/** Where a server answers with JSON, that comes when it is done. */
const ANSWER_TIMEOUT_MS = 600_000;
/** Bun makes no more than 256 requests at a time unless told otherwise; streams stay open, and what they wait for must pass. */
const MOST_REQUESTS = "4096";

export interface RemoteServer {
  command: string[];
  /** The command as it is recorded, the same wherever km lies. */
  recorded: string[];
  /** What the session is called unless the user says otherwise. */
  name: string;
  env: Record<string, string>;
}

/** What `km __remote` is told. */
export interface RemoteOrder {
  /** For words to people. */
  name: string;
  /** With its references: the process that needs the secrets resolves them. */
  remote: Remote;
}

/** @param name as the user calls the server; by its host unless given */
export function remoteServer(remote: Remote, name = hostOf(remote.url)): RemoteServer {
  const shown = URL.canParse(remote.url) ? shownUrl(remote.url) : name;
  const order: RemoteOrder = { name, remote };
  return {
    command: selfCommand(["__remote", shown]),
    recorded: ["km", "__remote", shown],
    name,
    env: {
      [REMOTE_VARIABLE]: JSON.stringify(order),
      ...secretsOf(process.env),
      BUN_CONFIG_MAX_HTTP_REQUESTS: MOST_REQUESTS,
    },
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "server";
}

/** What no other program gets from km: the secrets that it keeps may be locked with it. */
function secretsOf({ KM_PASSPHRASE_FILE: file }: NodeJS.ProcessEnv): Record<string, string> {
  return file === undefined ? {} : { KM_PASSPHRASE_FILE: file };
}

/**
 * @param headers `Name: value` each
 * @throws KmError USAGE
 */
export function remoteOf(url: string, transport: string, headers: string[]): Remote {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    throw new KmError("USAGE", `Flag --url needs a URL, not "${url}"`, { hint: "Write for example https://host/mcp." });
  }
  const { username, password } = parsed;
  parsed.username = "";
  parsed.password = "";
  parsed.hash = "";
  const known = {
    transport: transportOf(transport),
    headers: Object.fromEntries(headers.map(headerOf)),
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  };
  if (username === "" && password === "") return remoteTo(parsed.href, known);
  const auth = {
    type: "basic",
    username: decoded(username),
    password: decoded(password),
  } as const;
  return remoteTo(parsed.href, { ...known, auth });
}

/** @throws KmError USAGE, which does not repeat what may be a secret */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new KmError("USAGE", "Flag --url has a name or password with a % that means nothing", {
      hint: "Write %25 for the character itself.",
    });
  }
}

function transportOf(text: string): Remote["transport"] {
  if (text === "auto" || text === "streamable-http" || text === "sse") return text;
  throw new KmError("USAGE", `No transport is called "${text}"`, { hint: "Use auto, streamable-http or sse." });
}

const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*?)[ \t]*$/;

function headerOf(text: string): [string, string] {
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    // Its value may be a secret, so it is not repeated.
    throw new KmError("USAGE", "Flag --header needs a name, a colon and a value", {
      hint: "Write for example --header 'X-Team: platform'.",
    });
  }
  return [name.toLowerCase(), value];
}
