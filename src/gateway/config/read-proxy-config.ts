/** `readProxyConfig`: the text of a file for `km proxy --access` to a `ProxyConfig`, or everything that is wrong with it, each with its place. */
import { dirname, join, resolve } from "node:path";
import type { ConfigProblem } from "../../config/problem.ts";
import { type FoundProblem, readChecked } from "../../config/read-checked.ts";
import { parsePerTime, parseSize, type PerTime } from "../../config/units.ts";
import { closest } from "../../closest.ts";
import { isLoopback } from "../../backend/hosts.ts";
import { readListenAddress } from "../../backend/listen-address.ts";
import { messageOf } from "../../errors.ts";
import { parseNames } from "../../guard/policy/written.ts";
import { parseReferences } from "../../servers/references.ts";
import { addressSet } from "../access/address-set.ts";
import {
  type AuthConfig,
  DEFAULT_FILE,
  DEFAULT_LOGINS,
  type ProxyConfig,
  type RotatedFile,
  type TokenIssuer,
} from "./proxy-config.ts";
import { ALGORITHMS, PROXY_CONFIG, type WrittenProxy } from "./schema.ts";

type Report = (problem: FoundProblem) => void;
type WrittenAuth = NonNullable<WrittenProxy["auth"]>;
type WrittenIntrospection = NonNullable<NonNullable<WrittenAuth["tokens"]>[number]["introspection"]>;

/**
 * @param file where it stands, absolute
 * @param home for paths that begin with `~/`
 * @param look says what is wrong with a file that is named, where that is to be known, too
 */
export function readProxyConfig(
  file: string,
  text: string,
  home: string | undefined,
  look?: (file: string, use: "read" | "append") => string | undefined,
): { value: ProxyConfig } | { problems: ConfigProblem[] } {
  return readChecked(file, text, PROXY_CONFIG, (written, report) => {
    const place = (path: string): string =>
      home !== undefined && path.startsWith("~/") ? join(home, path.slice(2)) : resolve(dirname(file), path);
    checkRoles(written, report);
    for (const { path, named, use } of filesOf(written)) {
      const message = look?.(place(named), use);
      if (message !== undefined) report({ path, message });
    }
    const tls = written.tls && tlsOf(written.tls, place, report);
    return {
      file,
      tls,
      auth: authOf(written, tls?.clients !== undefined, place, report),
      roles: written.roles && new Map(Object.entries(written.roles)),
      limits: limitsOf(written.limits ?? {}),
      trustedProxies: trustedOf(written.trusted_proxies, report),
      audit: written.audit && {
        ...fileOf("audit", written.audit, place, report),
        required: written.audit.required ?? false,
      },
      log: {
        file:
          written.log?.file === undefined
            ? undefined
            : fileOf("log", { ...written.log, file: written.log.file }, place, report),
        format: written.log?.format,
        level: written.log?.level,
      },
      metrics: metricsOf(written.metrics, report),
    };
  });
}

interface NamedFile {
  path: FoundProblem["path"];
  named: string;
  use: "read" | "append";
}

function filesOf({ tls, auth, audit, log }: WrittenProxy): NamedFile[] {
  const files: NamedFile[] = [];
  const add = (path: NamedFile["path"], named: string | undefined, use: NamedFile["use"]): void => {
    if (named !== undefined) files.push({ path, named, use });
  };
  for (const key of ["cert", "key", "client_ca"] as const) add(["tls", key], tls?.[key], "read");
  auth?.tokens?.forEach(({ key }, index) => add(["auth", "tokens", index, "key"], key, "read"));
  add(["audit", "file"], audit?.file, "append");
  add(["log", "file"], log?.file, "append");
  return files;
}

function tlsOf(
  tls: NonNullable<WrittenProxy["tls"]>,
  place: (path: string) => string,
  report: Report,
): ProxyConfig["tls"] {
  if (tls.clients !== undefined && tls.client_ca === undefined) {
    report({ path: ["tls", "clients"], part: "key", message: "needs client_ca beside it" });
  }
  const clients =
    tls.client_ca === undefined ? undefined : { ca: place(tls.client_ca), required: tls.clients !== "asked" };
  return { cert: place(tls.cert), key: place(tls.key), clients };
}

function authOf(
  { auth, tls }: WrittenProxy,
  hasCertificates: boolean,
  place: (path: string) => string,
  report: Report,
): AuthConfig | undefined {
  if (auth === undefined && !hasCertificates) return undefined;
  const { resource, keys = [], users = [], tokens = [], certificates }: WrittenAuth = auth ?? {};
  if (certificates !== undefined && tls?.client_ca === undefined) {
    report({ path: ["auth", "certificates"], part: "key", message: "needs tls.client_ca" });
  }
  if (!hasCertificates && keys.length + users.length + tokens.length === 0) {
    const hint = "Add keys, users or tokens; without auth, only this machine can be listened at.";
    report({ path: ["auth"], part: "key", message: "lets nobody in", hint });
  }
  checkUnique("keys", keys, report);
  checkUnique("users", users, report);
  users.forEach(({ password }, index) => {
    if (!/^\$(?:argon2(?:id|i|d)|2[aby])\$/.test(password))
      report({
        path: ["auth", "users", index, "password"],
        message: "is no hash",
        hint: "Make one: km access password.",
      });
  });
  const asked = tokens.flatMap(({ introspection }, index) => (introspection === undefined ? [] : [index]));
  for (const index of asked.slice(1)) {
    const hint = "A token that nobody can read does not say whose it is.";
    report({
      path: ["auth", "tokens", index, "introspection"],
      part: "key",
      message: "stands at another issuer",
      hint,
    });
  }
  if (resource !== undefined && !isAddress(resource))
    report({
      path: ["auth", "resource"],
      message: "is no URL that begins with https://",
      hint: "http:// is for this machine alone.",
    });
  return {
    resource,
    keys: keys.map(({ name, sha256, roles = [], expires }, index) => {
      const expiresMs = expires === undefined ? undefined : Date.parse(expires);
      if (Number.isNaN(expiresMs))
        report({ path: ["auth", "keys", index, "expires"], message: "is no day such as 2027-01-31" });
      return { name, sha256, roles, expiresMs };
    }),
    users: users.map(({ name, password, roles = [] }) => ({ name, password, roles })),
    tokens: tokens.map((one, index) => issuerOf(one, index, resource, place, report)),
    certificates: hasCertificates
      ? (certificates ?? [{ subject: "*" }]).map(({ subject, roles = [] }) => ({ subject: [subject].flat(), roles }))
      : undefined,
  };
}

function issuerOf(
  written: NonNullable<WrittenAuth["tokens"]>[number],
  index: number,
  resource: string | undefined,
  place: (path: string) => string,
  report: Report,
): TokenIssuer {
  const path = ["auth", "tokens", index];
  const { issuer, jwks, key, introspection, audience = resource, algorithms, scopes = [], roles = [] } = written;
  if (resource === undefined) {
    const hint = "Clients find their way to the login by it: auth.resource: https://mcp.example.com/mcp";
    report({ path: ["auth", "resource"], part: "key", message: "is missing, which tokens need", hint });
  }
  const ways = Object.entries({ jwks, key, introspection }).filter(([, way]) => way !== undefined);
  if (ways.length !== 1) {
    const names = ways.map(([way]) => way).join(" and ");
    const message = ways.length === 0 ? "needs jwks, key or introspection" : `has ${names}, of which one is needed`;
    report({ path, part: "key", message });
  }
  if (jwks !== undefined && !isAddress(jwks)) {
    report({
      path: [...path, "jwks"],
      message: "is no URL that begins with https://",
      hint: "http:// is for this machine alone.",
    });
  }
  if (introspection !== undefined) checkIntrospection(introspection, [...path, "introspection"], report);
  if (introspection !== undefined && algorithms !== undefined) {
    report({ path: [...path, "algorithms"], part: "key", message: "mean nothing beside introspection" });
  }
  if (written.roles_of !== undefined && written.roles_claim === undefined) {
    report({ path: [...path, "roles_of"], part: "key", message: "needs roles_claim beside it" });
  }
  return {
    issuer,
    audience: audience === undefined ? [] : [audience].flat(),
    keys: keysOf(written, place),
    algorithms: algorithms ?? [...ALGORITHMS],
    scopes,
    roles,
    rolesClaim: written.roles_claim?.split("."),
    rolesOf: written.roles_of,
  };
}

function keysOf(
  { jwks, key, introspection }: NonNullable<WrittenAuth["tokens"]>[number],
  place: (path: string) => string,
): TokenIssuer["keys"] {
  if (introspection !== undefined) {
    const { url, client_id: clientId, client_secret: clientSecret } = introspection;
    return { kind: "introspection", url, clientId, clientSecret };
  }
  return jwks === undefined ? { kind: "file", file: place(key ?? "") } : { kind: "jwks", url: jwks };
}

function checkIntrospection(
  { url, client_secret: secret }: Pick<WrittenIntrospection, "url" | "client_secret">,
  path: FoundProblem["path"],
  report: Report,
): void {
  if (!isAddress(url)) {
    const hint = "http:// is for this machine alone.";
    report({ path: [...path, "url"], message: "is no URL that begins with https://", hint });
  }
  const parsed = parseReferences(secret);
  const isReference = "parts" in parsed && parsed.parts.length > 0 && parsed.parts.every(({ kind }) => kind !== "text");
  if (isReference) return;
  // What stands there may be the secret itself, which is not repeated.
  const hint = "Write ${env:NAME}, or ${keychain:name} after km servers secret set name.";
  report({ path: [...path, "client_secret"], message: "is no reference: there are no secrets in this file", hint });
}

/** What goes over other machines' networks is encrypted. */
function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname.replace(/^\[|\]$/g, "")));
}

function checkUnique(part: "keys" | "users", entries: { name: string }[], report: Report): void {
  const seen = new Set<string>();
  entries.forEach(({ name }, index) => {
    if (seen.has(name))
      report({ path: ["auth", part, index, "name"], message: "is taken: each has a name of its own" });
    seen.add(name);
  });
}

/** A role that is named somewhere must be there, or a slip of the pen would go unseen. */
function checkRoles({ auth, tls, roles }: WrittenProxy, report: Report): void {
  if (roles !== undefined && auth === undefined && tls?.client_ca === undefined) {
    report({
      path: ["roles"],
      part: "key",
      message: "mean nothing where nobody is asked who they are",
      hint: "Add auth.",
    });
  }
  const known = Object.keys(roles ?? {});
  const check = (names: readonly string[] | undefined, path: FoundProblem["path"]): void => {
    names?.forEach((name, index) => {
      if (known.includes(name)) return;
      const near = closest(name, known);
      const hint = near === undefined ? "Write it under roles." : `Did you mean ${near}?`;
      report({ path: [...path, index], message: `names no role: ${name}`, hint });
    });
  };
  for (const part of ["keys", "users", "tokens", "certificates"] as const) {
    auth?.[part]?.forEach(({ roles: named }, index) => check(named, ["auth", part, index, "roles"]));
  }
  auth?.tokens?.forEach(({ roles_of: of = {} }, index) => {
    for (const [value, named] of Object.entries(of)) check(named, ["auth", "tokens", index, "roles_of", value]);
  });
  for (const [name, role] of Object.entries(roles ?? {})) {
    if (!/^[\w.@-]{1,100}$/.test(name))
      report({ path: ["roles", name], part: "key", message: "cannot be the name of a role" });
    for (const [part, names] of Object.entries(role)) {
      if (names !== undefined && parseNames(names) === undefined)
        report({ path: ["roles", name, part], message: "has an empty name" });
    }
  }
}

function limitsOf(written: NonNullable<WrittenProxy["limits"]>): ProxyConfig["limits"] {
  const per = (key: "requests" | "bytes" | "logins"): PerTime | undefined => parsePerTime(written[key] ?? "");
  return {
    requests: per("requests"),
    bytes: per("bytes"),
    concurrent: written.concurrent,
    sessions: written.sessions,
    logins: per("logins") ?? DEFAULT_LOGINS,
  };
}

function trustedOf(written: WrittenProxy["trusted_proxies"], report: Report): ProxyConfig["trustedProxies"] {
  if (written === undefined) return undefined;
  const { addresses, header = "x-forwarded-for" } = written;
  addresses.forEach((one, index) => {
    if (addressSet([one]) !== undefined) return;
    const hint = "Such as 10.0.0.7, 10.0.0.0/8 or fd00::/8.";
    report({ path: ["trusted_proxies", "addresses", index], message: "is no address and no network", hint });
  });
  return { addresses, header };
}

function fileOf(
  part: "audit" | "log",
  written: { file: string; max_size?: string | number | undefined; keep?: number | undefined },
  place: (path: string) => string,
  report: Report,
): RotatedFile {
  const maxBytes = written.max_size === undefined ? DEFAULT_FILE.maxBytes : (parseSize(String(written.max_size)) ?? 0);
  if (maxBytes < 1024) report({ path: [part, "max_size"], message: "is too small", hint: "At least 1kb." });
  return { file: place(written.file), maxBytes, keep: written.keep ?? DEFAULT_FILE.keep };
}

function metricsOf(text: string | undefined, report: Report): ProxyConfig["metrics"] {
  if (text === undefined) return undefined;
  try {
    return readListenAddress("metrics", text, "127.0.0.1:9465");
  } catch (error) {
    report({
      path: ["metrics"],
      message: `is no address with its port: ${messageOf(error)}`,
      hint: "Such as 127.0.0.1:9465.",
    });
    return undefined;
  }
}
