/** `ProxyConfig`: what `km proxy` is told by its file, ready to be used. */
import type { ListenAddress } from "../../backend/listen-address.ts";
import type { PerTime } from "../../config/units.ts";
import { DEFAULT_ROTATION } from "../../process/rotating-file.ts";
import type { WrittenRole } from "./schema.ts";

export interface ProxyConfig {
  file: string;
  tls: ListenerTls | undefined;
  /** Undefined where nobody is asked who they are. */
  auth: AuthConfig | undefined;
  /** By name; undefined where everybody may everything. */
  roles: ReadonlyMap<string, WrittenRole> | undefined;
  limits: PrincipalLimits;
  /** Undefined where whoever connects is who asks. */
  trustedProxies: TrustedProxies | undefined;
  audit: (RotatedFile & { required: boolean }) | undefined;
  log: LogConfig;
  metrics: ListenAddress | undefined;
}

export interface ListenerTls {
  cert: string;
  key: string;
  /** Undefined where clients are not asked for a certificate. */
  clients: { ca: string; required: boolean } | undefined;
}

export interface AuthConfig {
  /** The address that clients know; tokens need it. */
  resource: string | undefined;
  keys: { name: string; sha256: string; roles: string[]; expiresMs: number | undefined }[];
  users: { name: string; password: string; roles: string[] }[];
  tokens: TokenIssuer[];
  /** Undefined where clients have no certificates. The first that fits counts. */
  certificates: { subject: string[]; roles: string[] }[] | undefined;
}

export interface TokenIssuer {
  issuer: string;
  audience: string[];
  keys: { kind: "jwks"; url: string } | { kind: "file"; file: string } | ({ kind: "introspection" } & Introspection);
  algorithms: string[];
  scopes: string[];
  roles: string[];
  /** The way to the claim that names more. */
  rolesClaim: string[] | undefined;
  /** What its values stand for; what is not there stands for itself where there is no such mapping. */
  rolesOf: Record<string, string[]> | undefined;
}

/** Of tokens of which only their issuer knows what they are. */
export interface Introspection {
  url: string;
  clientId: string;
  /** With references in place of the secret itself. */
  clientSecret: string;
}

export interface TrustedProxies {
  addresses: string[];
  /** In which they say on whose behalf they ask. */
  header: "x-forwarded-for" | "forwarded";
}

export interface PrincipalLimits {
  requests: PerTime | undefined;
  bytes: PerTime | undefined;
  concurrent: number | undefined;
  sessions: number | undefined;
  /** Failed ones, of an address. */
  logins: PerTime;
}

export interface RotatedFile {
  file: string;
  maxBytes: number;
  keep: number;
}

export interface LogConfig {
  /** Undefined for stderr. */
  file: RotatedFile | undefined;
  format: "text" | "json" | undefined;
  level: LogLevel | undefined;
}

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const DEFAULT_LOGINS: PerTime = { count: 20, perMs: 60_000 };
export const DEFAULT_FILE = DEFAULT_ROTATION;

/** What holds without a file. */
export const NO_CONFIG: ProxyConfig = {
  file: "",
  tls: undefined,
  auth: undefined,
  roles: undefined,
  limits: { requests: undefined, bytes: undefined, concurrent: undefined, sessions: undefined, logins: DEFAULT_LOGINS },
  trustedProxies: undefined,
  audit: undefined,
  log: { file: undefined, format: undefined, level: undefined },
  metrics: undefined,
};
