/** A server that is reached by HTTP, as the registry or the command line has it. Plain data. */

export interface Remote {
  /** Of its endpoint: `https://host/mcp`, or `http://`; that of the event stream with the transport `sse`. */
  url: string;
  /** `auto`: Streamable HTTP, and where the server does not know it, HTTP with SSE as before 2025-03-26. */
  transport: "auto" | "streamable-http" | "sse";
  /** Sent with each request. What is secret in them stands there as a reference (src/servers/references.ts). */
  headers: Record<string, string>;
  auth: RemoteAuth;
  tls: RemoteTls;
  /** Milliseconds until a connection must stand, and until the head of an answer must have come. */
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  /** How often what is safe to repeat is tried again after the first time. */
  retries: number;
}

export type RemoteAuth =
  | { type: "none" }
  | { type: "bearer"; token: string }
  | { type: "basic"; username: string; password: string }
  /** In a header of that name. */
  | { type: "api-key"; header: string; value: string }
  | RemoteLogin;

export function isLogin(auth: RemoteAuth): auth is RemoteLogin {
  return auth.type === "oauth" || auth.type === "workload" || auth.type === "enterprise";
}

/** Those by which an authorization server gives tokens, that are kept and renewed. */
export type RemoteLogin = RemoteOAuth | RemoteWorkload | RemoteEnterprise;

/** As which client km asks an authorization server, and for what. */
export interface RemoteClient {
  /** Of a client that was registered by hand. */
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  clientMetadataUrl?: string | undefined;
  /** File with the client's private key in PEM, for those that prove themselves with one in place of a secret. */
  clientKey?: string | undefined;
  /** The authorization server that the client was registered with; otherwise the one that the server first named. */
  issuer?: string | undefined;
  /** Whether tokens are bound to a key of the login (RFC 9449); `auto`, where the server asks for it, unless given. */
  dpop?: boolean | "auto" | undefined;
  /** Beyond what the server asks for. */
  scopes: string[];
}

/** As the MCP specification has it. Also what a server without `auth` gets when it asks for a login. */
export interface RemoteOAuth extends RemoteClient {
  type: "oauth";
  /** `client_credentials` for a client that acts for itself and asks nobody; `authorization_code` unless given. */
  grant?: "authorization_code" | "client_credentials" | undefined;
  /** On this machine, where an authorization server wants to know it beforehand; any that is free unless given. */
  redirectPort?: number | undefined;
}

/** With a token of the platform that km runs on, which the authorization server trusts (RFC 7523). */
export interface RemoteWorkload extends RemoteClient {
  type: "workload";
  assertion: TokenSource;
  /** What the assertion must be for, where that is neither the authorization server's name nor its token endpoint. */
  audience?: string | undefined;
}

/** By a company's identity provider, which decides who may use which server (RFC 8693, then RFC 7523). */
export interface RemoteEnterprise extends RemoteClient {
  type: "enterprise";
  idp: IdentityProvider;
}

export interface IdentityProvider {
  issuer: string;
  clientId: string;
  clientSecret?: string | undefined;
  clientKey?: string | undefined;
  /** Where an ID token for that client is; without it the user logs in to the identity provider in a browser. */
  idToken?: TokenSource | undefined;
  redirectPort?: number | undefined;
  /** Beyond `openid`. */
  scopes: string[];
}

/** Where a token is that others make, and make anew: read each time that one is needed. */
export type TokenSource = { file: string } | { env: string } | { command: string[] };

export interface RemoteTls {
  /** Files in PEM: authorities that are trusted besides the system's, and km's own certificate with its key. */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** Of the key. */
  passphrase?: string | undefined;
  /** The name that the certificate must be for, where it is not the host's. */
  serverName?: string | undefined;
  /** `sha256/<base64>` each: the public key of the server's own certificate must be among them. Empty for any. */
  pins: string[];
}
