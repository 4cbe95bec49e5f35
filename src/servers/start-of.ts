/** `startOf`: what a server is started or reached by, with its references resolved: for the process that does so. */
import { KmError } from "../errors.ts";
import type { IdentityProvider, Remote, RemoteAuth, RemoteClient, RemoteTls, TokenSource } from "../http/remote.ts";
import { showAsWritten } from "../http/shown-url.ts";
import { type ReferenceSources, resolveText } from "./references.ts";
import type { CommandStart, Server } from "./server.ts";

export type ResolvedStart = ResolvedCommand | { kind: "remote"; remote: Remote };

export interface ResolvedCommand {
  kind: "command";
  command: string[];
  /** The same as it is written: for records, and for who is only to recognise it. */
  shown: string[];
  cwd: string | undefined;
  env: Record<string, string>;
}

/** @throws KmError SRV_004 for a reference that leads to nothing; what `sources` throws */
export async function startOf(
  { name, start }: Pick<Server, "name" | "start">,
  sources: ReferenceSources,
): Promise<ResolvedStart> {
  if (start.kind === "command") return await resolvedCommand(name, start, sources);
  const resolve: Resolve = (text, key) => resolveText(text, `${name}: ${key}`, sources);
  return { kind: "remote", remote: await resolvedRemote(name, start.remote, resolve) };
}

/** As `startOf`. */
export async function resolvedCommand(
  name: string,
  start: CommandStart,
  sources: ReferenceSources,
): Promise<ResolvedCommand> {
  const resolve: Resolve = (text, key) => resolveText(text, `${name}: ${key}`, sources);
  return {
    kind: "command",
    command: await Promise.all(start.command.map((word) => resolve(word, "command"))),
    shown: start.command,
    cwd: await optional(start.cwd, "cwd", resolve),
    env: await members(start.env, "env", resolve),
  };
}

type Resolve = (text: string, key: string) => Promise<string>;

async function resolvedRemote(name: string, remote: Remote, resolve: Resolve): Promise<Remote> {
  const url = await resolve(remote.url, "url");
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new KmError("SRV_004", `Cannot use the url of ${name}: it is no address once its references are resolved`);
  }
  if (url !== remote.url) showAsWritten(url, remote.url);
  return {
    ...remote,
    url,
    headers: await members(remote.headers, "headers", resolve),
    auth: await resolvedAuth(remote.auth, resolve),
    tls: await resolvedTls(remote.tls, resolve),
  };
}

async function resolvedAuth(auth: RemoteAuth, resolve: Resolve): Promise<RemoteAuth> {
  switch (auth.type) {
    case "none":
      return auth;
    case "bearer":
      return { ...auth, token: await resolve(auth.token, "auth.token") };
    case "basic":
      return {
        ...auth,
        username: await resolve(auth.username, "auth.username"),
        password: await resolve(auth.password, "auth.password"),
      };
    case "api-key":
      return { ...auth, value: await resolve(auth.value, "auth.value") };
    case "oauth":
      return { ...auth, ...(await resolvedClient(auth, resolve)) };
    case "workload":
      return {
        ...auth,
        ...(await resolvedClient(auth, resolve)),
        assertion: await resolvedSource(auth.assertion, "auth.assertion", resolve),
        audience: await optional(auth.audience, "auth.audience", resolve),
      };
    case "enterprise":
      return { ...auth, ...(await resolvedClient(auth, resolve)), idp: await resolvedIdp(auth.idp, resolve) };
  }
}

async function resolvedClient(auth: RemoteClient, resolve: Resolve) {
  return {
    clientId: await optional(auth.clientId, "auth.client_id", resolve),
    clientSecret: await optional(auth.clientSecret, "auth.client_secret", resolve),
    clientMetadataUrl: await optional(auth.clientMetadataUrl, "auth.client_metadata_url", resolve),
    clientKey: await optional(auth.clientKey, "auth.client_key", resolve),
    issuer: await optional(auth.issuer, "auth.issuer", resolve),
  };
}

async function resolvedIdp(idp: IdentityProvider, resolve: Resolve): Promise<IdentityProvider> {
  return {
    ...idp,
    issuer: await resolve(idp.issuer, "auth.idp.issuer"),
    clientId: await resolve(idp.clientId, "auth.idp.client_id"),
    clientSecret: await optional(idp.clientSecret, "auth.idp.client_secret", resolve),
    clientKey: await optional(idp.clientKey, "auth.idp.client_key", resolve),
    idToken: idp.idToken && (await resolvedSource(idp.idToken, "auth.idp.id_token", resolve)),
  };
}

/** The variable is read when the token is needed. */
async function resolvedSource(source: TokenSource, key: string, resolve: Resolve): Promise<TokenSource> {
  if ("env" in source) return source;
  if ("file" in source) return { file: await resolve(source.file, `${key}.file`) };
  return { command: await Promise.all(source.command.map((word) => resolve(word, `${key}.command`))) };
}

async function resolvedTls(tls: RemoteTls, resolve: Resolve): Promise<RemoteTls> {
  return {
    ...tls,
    ca: await optional(tls.ca, "tls.ca", resolve),
    cert: await optional(tls.cert, "tls.cert", resolve),
    key: await optional(tls.key, "tls.key", resolve),
    passphrase: await optional(tls.passphrase, "tls.passphrase", resolve),
  };
}

async function optional(text: string | undefined, key: string, resolve: Resolve): Promise<string | undefined> {
  return text === undefined ? undefined : await resolve(text, key);
}

async function members(texts: Record<string, string>, key: string, resolve: Resolve): Promise<Record<string, string>> {
  const entries = Object.entries(texts).map(
    async ([name, text]) => [name, await resolve(text, `${key}.${name}`)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
