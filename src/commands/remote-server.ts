/** `remoteServer`: a server that is reached by HTTP, as one that is started: by km itself, which speaks HTTP in its place. */
import { KmError } from "../errors.ts";
import type { Remote } from "../http/remote.ts";
import { shownUrl } from "../http/shown-url.ts";
import { selfCommand } from "../self.ts";
import { DEFAULT_LIMITS, remoteTo, type Server } from "../servers/server.ts";
import { type Ordered, orderOf } from "./server-order.ts";

/** Where a server answers with JSON, that comes when it is done. */
const ANSWER_TIMEOUT_MS = 600_000;

export interface RemoteServer extends Ordered {
  command: string[];
  /** The command as it is recorded, the same wherever km lies. */
  recorded: string[];
  /** What the session is called unless the user says otherwise. */
  name: string;
}

/** @param name as the user calls the server; by its host unless given */
export function remoteServer(remote: Remote, name = hostOf(remote.url)): RemoteServer {
  const shown = URL.canParse(remote.url) ? shownUrl(remote.url) : name;
  const server: Server = { name, start: { kind: "remote", remote }, limits: DEFAULT_LIMITS, fallback: [], tags: [] };
  return {
    command: selfCommand(["__remote", shown]),
    recorded: ["km", "__remote", shown],
    name,
    ...orderOf([server]),
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "server";
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
