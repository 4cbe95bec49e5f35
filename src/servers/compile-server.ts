/** `compileServer`: what is written of a server to what is used, or everything that is wrong with it. */
import { join } from "node:path";
import { parseDuration } from "../config/units.ts";
import type { IdentityProvider, Remote, RemoteAuth, RemoteClient, TokenSource } from "../http/remote.ts";
import { parseReferences } from "./references.ts";
import type { WrittenServer } from "./schema.ts";
import { type CommandStart, DEFAULT_LIMITS, defaultAuth, remoteTo, type Server, type ServerLimits } from "./server.ts";

/** `path` leads from the server to the place; `message` goes on from its name: "is missing". */
export interface ServerProblem {
  path: (string | number)[];
  part: "key" | "value";
  message: string;
  hint?: string;
}

const WITH_COMMAND = ["args", "cwd", "env"] as const;
const WITH_URL = ["transport", "headers", "auth", "tls"] as const;

/** @param home for paths that begin with `~/` */
export function compileServer(
  name: string,
  written: WrittenServer,
  home: string | undefined,
): { server: Server } | { problems: ServerProblem[] } {
  const problems: ServerProblem[] = [];
  const add = (path: ServerProblem["path"], message: string, hint?: string, part: "key" | "value" = "value") =>
    void problems.push({ path, part, message, ...(hint === undefined ? {} : { hint }) });
  checkReferences(written, [], add);
  const limits = limitsOf(written.limits ?? {}, add);
  const start = startFrom(written, limits, home, add);
  if (start === undefined || problems.length > 0) return { problems };
  return { server: { name, start, limits, fallback: written.fallback ?? [], tags: written.tags ?? [] } };
}

type Add = (path: ServerProblem["path"], message: string, hint?: string, part?: "key" | "value") => void;

function checkReferences(node: unknown, path: ServerProblem["path"], add: Add): void {
  if (typeof node === "string") {
    const parsed = parseReferences(node);
    if ("problem" in parsed) add(path, `has ${parsed.problem}, which is no reference`, parsed.hint);
  } else if (Array.isArray(node)) node.forEach((item, index) => checkReferences(item, [...path, index], add));
  else if (typeof node === "object" && node !== null) {
    for (const [key, value] of Object.entries(node)) checkReferences(value, [...path, key], add);
  }
}

function startFrom(
  written: WrittenServer,
  limits: ServerLimits,
  home: string | undefined,
  add: Add,
): Server["start"] | undefined {
  const { command, url } = written;
  if (command === undefined && url === undefined) {
    add([], "has neither command nor url", "Give it a command to start, or the url where it is.", "key");
    return undefined;
  }
  if (command !== undefined && url !== undefined) {
    add(["url"], "stands beside command", "A server has one of them.", "key");
    return undefined;
  }
  for (const key of url === undefined ? WITH_URL : WITH_COMMAND) {
    if (written[key] === undefined) continue;
    add([key], `is for a server with ${url === undefined ? "url" : "command"} alone`, undefined, "key");
  }
  if (url === undefined) return commandStart(written, home, add);
  if (written.limits?.restarts !== undefined)
    add(["limits", "restarts"], "is for a server with command alone", undefined, "key");
  return { kind: "remote", remote: remoteOf(written, url, limits, home, add) };
}

function commandStart({ command = [], args = [], cwd, env = {} }: WrittenServer, home: string | undefined, add: Add) {
  const words = [command].flat();
  for (const key of Object.keys(env)) {
    if (key === "" || /[=\0]/.test(key)) add(["env", key], "cannot be the name of a variable", undefined, "key");
  }
  const start: CommandStart = {
    kind: "command",
    command: [...words, ...args].map((word) => withHome(word, home)),
    cwd: placeOf(cwd, ["cwd"], home, add),
    env,
  };
  return start;
}

function remoteOf(
  { transport = "auto", headers = {}, auth, tls = {} }: WrittenServer,
  url: string,
  limits: ServerLimits,
  home: string | undefined,
  add: Add,
): Remote {
  checkUrl(url, add);
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      add(["headers", name], "cannot be the name of a header", undefined, "key");
    else if (OWN_HEADERS.test(name)) add(["headers", name], "is a header that km sets itself", undefined, "key");
    else if (/[\r\n\0]/.test(value)) add(["headers", name], "cannot have a line feed");
    else if (/^authorization$/i.test(name) && auth !== undefined && auth.type !== "none" && auth.type !== "api-key")
      add(["headers", name], "stands beside auth", "Leave out one of them.", "key");
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [given, other] = tls.key === undefined ? ["cert", "key"] : ["key", "cert"];
    add(["tls", given], `needs ${other} beside it`, undefined, "key");
  }
  (tls.pins ?? []).forEach((pin, index) => {
    if (!/^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin))
      add(["tls", "pins", index], "is no pin", "Such as sha256/ and the 44 characters of a hash in base64.");
  });
  return remoteTo(url, {
    transport,
    headers,
    auth: authOf(auth, headers, home, add),
    tls: {
      ca: placeOf(tls.ca, ["tls", "ca"], home, add),
      cert: placeOf(tls.cert, ["tls", "cert"], home, add),
      key: placeOf(tls.key, ["tls", "key"], home, add),
      passphrase: tls.passphrase,
      serverName: tls.server_name,
      pins: tls.pins ?? [],
    },
    connectTimeoutMs: limits.connectTimeoutMs,
    answerTimeoutMs: limits.answerTimeoutMs,
    retries: limits.retries,
  });
}

/** Of the connection and of the protocol. */
const OWN_HEADERS =
  /^(?:host|connection|content-(?:length|type|encoding)|transfer-encoding|te|upgrade|accept|last-event-id|mcp-.*)$/i;

function checkUrl(url: string, add: Add): void {
  // What a reference stands for is not known yet: only the rest can be wrong.
  const probe = url.replace(/\$\{[^}]*\}/g, "0");
  const parsed = URL.canParse(probe) ? new URL(probe) : undefined;
  const isReference = url.startsWith("${");
  if (!isReference && (parsed === undefined || !/^https?:$/.test(parsed.protocol)))
    add(["url"], "is no address of a server", "It begins with https:// or http://.");
  else if (parsed !== undefined && (parsed.username !== "" || parsed.password !== ""))
    add(["url"], "has a password in it", "Write auth: { type: basic, username: ..., password: ... }.");
}

/** Of each type with which an authorization server gives tokens. */
const LOGIN = [
  "client_id",
  "client_secret",
  "client_metadata_url",
  "client_key",
  "issuer",
  "dpop",
  "scopes",
] as const satisfies AuthKey[];

const MEMBERS: Record<RemoteAuth["type"], { needs: AuthKey[]; takes: readonly AuthKey[] }> = {
  none: { needs: [], takes: [] },
  bearer: { needs: ["token"], takes: [] },
  basic: { needs: ["username", "password"], takes: [] },
  "api-key": { needs: ["value"], takes: ["header"] },
  oauth: { needs: [], takes: [...LOGIN, "grant", "redirect_port"] },
  workload: { needs: ["assertion"], takes: [...LOGIN, "audience"] },
  enterprise: { needs: ["idp"], takes: LOGIN },
};
type WrittenAuth = NonNullable<WrittenServer["auth"]>;
type AuthKey = Exclude<keyof WrittenAuth, "type">;

function authOf(
  auth: WrittenServer["auth"],
  headers: Record<string, string>,
  home: string | undefined,
  add: Add,
): RemoteAuth {
  if (auth === undefined) return defaultAuth(headers);
  const { needs, takes } = MEMBERS[auth.type];
  const isAllowed = (key: string) => key === "type" || [...needs, ...takes].some((one) => one === key);
  for (const key of needs) if (auth[key] === undefined) add(["auth", key], "is missing", undefined, "key");
  for (const key of Object.keys(auth).filter((one) => !isAllowed(one))) {
    const types = Object.entries(MEMBERS).filter(([, { needs: n, takes: t }]) =>
      [...n, ...t].some((one) => one === key),
    );
    const names = types
      .map(([name]) => name)
      .join(", ")
      .replace(/, (?=[^,]+$)/, " and ");
    add(["auth", key], `is for ${names} alone`, `The type is ${auth.type}.`, "key");
  }
  switch (auth.type) {
    case "none":
      return { type: "none" };
    case "bearer":
      return { type: "bearer", token: auth.token ?? "" };
    case "basic":
      return { type: "basic", username: auth.username ?? "", password: auth.password ?? "" };
    case "api-key":
      return { type: "api-key", header: auth.header ?? "X-API-Key", value: auth.value ?? "" };
    case "oauth":
      return { type: "oauth", ...clientOf(auth, home, add), grant: auth.grant, redirectPort: auth.redirect_port };
    case "workload":
      if (auth.audience !== undefined && auth.issuer === undefined) {
        const hint = "Without it any server could name who gets the token.";
        add(["auth", "audience"], "needs issuer beside it", hint, "key");
      }
      return {
        type: "workload",
        ...clientOf(auth, home, add),
        assertion: sourceOf(auth.assertion, ["auth", "assertion"], home, add),
        audience: auth.audience,
      };
    case "enterprise":
      return { type: "enterprise", ...clientOf(auth, home, add), idp: idpOf(auth.idp, home, add) };
  }
}

function clientOf(auth: WrittenAuth, home: string | undefined, add: Add): RemoteClient {
  return {
    clientId: auth.client_id,
    clientSecret: auth.client_secret,
    clientMetadataUrl: auth.client_metadata_url,
    clientKey: placeOf(auth.client_key, ["auth", "client_key"], home, add),
    issuer: auth.issuer,
    dpop: auth.dpop,
    scopes: auth.scopes ?? [],
  };
}

function sourceOf(
  source: WrittenAuth["assertion"],
  path: ServerProblem["path"],
  home: string | undefined,
  add: Add,
): TokenSource {
  const { file, env, command } = source ?? {};
  const given = [file, env, command].filter((one) => one !== undefined).length;
  if (source !== undefined && given !== 1)
    add(path, `has ${given === 0 ? "none" : "several"} of file, env and command`, "It needs one of them.");
  if (env !== undefined) return { env };
  if (command !== undefined) return { command: command.map((word) => withHome(word, home)) };
  return { file: placeOf(file, [...path, "file"], home, add) ?? "" };
}

function idpOf(idp: WrittenAuth["idp"], home: string | undefined, add: Add): IdentityProvider {
  const path = ["auth", "idp"];
  const { issuer = "", client_id: clientId = "", id_token: idToken } = idp ?? {};
  if (idp !== undefined && !issuer.startsWith("${") && !/^https?:/i.test(URL.parse(issuer)?.protocol ?? "")) {
    add([...path, "issuer"], "is no address of an identity provider", "It begins with https://.");
  }
  return {
    issuer,
    clientId,
    clientSecret: idp?.client_secret,
    clientKey: placeOf(idp?.client_key, [...path, "client_key"], home, add),
    idToken: idToken && sourceOf(idToken, [...path, "id_token"], home, add),
    redirectPort: idp?.redirect_port,
    scopes: idp?.scopes ?? [],
  };
}

function limitsOf(written: NonNullable<WrittenServer["limits"]>, add: Add): ServerLimits {
  const span = (key: "connect_timeout" | "timeout", instead: number): number => {
    const text = written[key];
    const ms = text === undefined ? instead : parseDuration(text);
    if (ms !== undefined && ms >= 100 && ms <= 3_600_000) return ms;
    add(["limits", key], "is no such duration", "Allowed: 100ms to 1h with its unit, such as 10s.");
    return instead;
  };
  return {
    connectTimeoutMs: span("connect_timeout", DEFAULT_LIMITS.connectTimeoutMs),
    answerTimeoutMs: span("timeout", DEFAULT_LIMITS.answerTimeoutMs),
    retries: written.retries ?? DEFAULT_LIMITS.retries,
    calls: callsOf(written.calls, add),
    concurrent: written.concurrent,
    restarts: written.restarts,
  };
}

function callsOf(text: string | undefined, add: Add): ServerLimits["calls"] {
  if (text === undefined) return undefined;
  const [, number, span = ""] = /^([1-9]\d{0,8})\s*\/\s*(\S+)$/.exec(text) ?? [];
  const perMs = parseDuration(/^\d/.test(span) ? span : `1${span}`);
  if (number !== undefined && perMs !== undefined && perMs >= 1000) return { count: Number(number), perMs };
  add(["limits", "calls"], "is no number of calls in a time", "Such as 100/1m, or 5/s.");
  return undefined;
}

function placeOf(text: string | undefined, path: ServerProblem["path"], home: string | undefined, add: Add) {
  if (text === undefined) return undefined;
  const whole = withHome(text, home);
  // A relative one would lie somewhere else each time.
  if (!/^(?:\/|[A-Za-z]:[\\/]|\\\\|\$\{)/.test(whole)) add(path, "is no absolute path", "It may begin with ~/.");
  return whole;
}

/** As a shell has it: at the beginning of a word. */
function withHome(text: string, home: string | undefined): string {
  if (home === undefined || !/^~(?:[\\/]|$)/.test(text)) return text;
  return text === "~" ? home : join(home, text.slice(2));
}
