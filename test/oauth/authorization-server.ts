/** An authorization server that confirms at once what a browser asks it, and looks closely at what clients send. */
import { createHash, randomUUID } from "node:crypto";

export interface Asked {
  path: string;
  method: string;
  /** Of the query and the form together. */
  parameters: Record<string, string>;
  authorization: string | null;
  /** The proof of possession that came with it. */
  dpop: string | null;
  /** Of a registration. */
  json: Record<string, unknown>;
}

export interface Behaviour {
  /** Of the issuer: `/tenant1`. */
  path: string;
  /** Where its metadata is; undefined for none. */
  metadata: string | undefined;
  /** Members of the metadata that are otherwise; undefined leaves one out. */
  members: Record<string, unknown>;
  /** What it answers at the authorization endpoint besides the code. */
  answer: Record<string, string>;
  /** What it says it is in that answer; undefined for nothing. */
  iss: string | undefined;
  /** Of a registration's answer. */
  registration: Record<string, unknown>;
  /** Who may ask for tokens without a registration, with their secrets. */
  clients: Record<string, string | undefined>;
  lifetime: number;
  /** Scopes it never grants. */
  withheld: string[];
  /** Whether a refresh token is good for one refresh. */
  rotates: boolean;
  /** Scopes for who has such an assertion (RFC 7523); undefined where it is not good. */
  asserted: ((asked: Asked) => Promise<string[] | undefined>) | undefined;
  /** For a client that asks for `openid`. */
  idToken: ((client: string) => Promise<string>) | undefined;
  /** What the token endpoint answers in place of tokens. */
  tokenAnswer: ((asked: Asked) => Response | undefined | Promise<Response | undefined>) | undefined;
}

export interface AuthorizationServer extends AsyncDisposable {
  origin: string;
  issuer: string;
  behaviour: Behaviour;
  asked: Asked[];
  to(path: string): Asked[];
  /** Scopes by access token that is good now. */
  access: Map<string, string[]>;
  /** Refresh tokens that are good now, each with the login it belongs to. */
  refresh: Map<string, { login: string; scopes: string[] }>;
  /** Refresh tokens that came a second time. */
  reuses: number;
}

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

interface Given {
  /** Undefined for one that is not refreshed. */
  login: string | undefined;
  scopes: string[];
  client: string;
}

export function startAuthorizationServer(change: Partial<Behaviour> = {}): AuthorizationServer {
  const codes = new Map<string, { challenge: string; client: string; redirect: string; scopes: string[] }>();
  const spent = new Set<string>();
  const registered = new Map<string, string | undefined>();
  const http = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const asked = await read(request);
      server.asked.push(asked);
      const { path } = server.behaviour;
      if (asked.path === server.behaviour.metadata) return Response.json(metadata());
      switch (asked.path) {
        case `${path}/authorize`:
          return authorize(asked);
        case `${path}/token`:
          return (await server.behaviour.tokenAnswer?.(asked)) ?? (await token(asked));
        case `${path}/register`:
          return register(asked);
        case `${path}/revoke`:
          server.refresh.delete(asked.parameters["token"] ?? "");
          return new Response();
        default:
          return new Response("not here", { status: 404 });
      }
    },
  });

  const metadata = () => ({
    issuer: server.issuer,
    authorization_endpoint: `${server.issuer}/authorize`,
    token_endpoint: `${server.issuer}/token`,
    registration_endpoint: `${server.issuer}/register`,
    revocation_endpoint: `${server.issuer}/revoke`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    authorization_response_iss_parameter_supported: true,
    ...server.behaviour.members,
  });

  const authorize = ({ parameters }: Asked): Response => {
    const {
      redirect_uri: redirect = "",
      state = "",
      code_challenge: challenge = "",
      client_id: client = "",
      scope,
    } = parameters;
    const code = randomUUID();
    codes.set(code, { challenge, client, redirect, scopes: granted(scope) });
    const back = new URL(redirect);
    const { iss, answer } = server.behaviour;
    for (const [name, value] of Object.entries({ code, state, ...(iss !== undefined && { iss }), ...answer })) {
      if (value === "") back.searchParams.delete(name);
      else back.searchParams.set(name, value);
    }
    return Response.redirect(back.href, 302);
  };

  const granted = (scope = ""): string[] =>
    scope.split(" ").filter((one) => one !== "" && !server.behaviour.withheld.includes(one));

  const register = ({ json }: Asked): Response => {
    const id = randomUUID();
    const given: Record<string, unknown> = { client_id: id, ...json, ...server.behaviour.registration };
    registered.set(id, typeof given["client_secret"] === "string" ? given["client_secret"] : undefined);
    return Response.json(given, { status: 201 });
  };

  const token = async (asked: Asked): Promise<Response> => {
    const { parameters } = asked;
    const { asserted } = server.behaviour;
    const isAsserted = asserted !== undefined && parameters["grant_type"] === JWT_BEARER;
    const isUnidentified = isAsserted && parameters["client_id"] === undefined && asked.authorization === null;
    const client = isUnidentified ? "" : clientOf(asked);
    if (client === undefined) return refusal("invalid_client", 401);
    switch (parameters["grant_type"]) {
      case JWT_BEARER: {
        const scopes = await asserted?.(asked);
        return scopes === undefined ? refusal("invalid_grant") : tokens({ login: undefined, scopes, client });
      }
      case "client_credentials":
        return tokens({ login: undefined, scopes: granted(parameters["scope"]), client });
      case "refresh_token":
        return renew(parameters["refresh_token"] ?? "", client);
      default: {
        const code = codes.get(parameters["code"] ?? "");
        codes.delete(parameters["code"] ?? "");
        const digest = createHash("sha256")
          .update(parameters["code_verifier"] ?? "")
          .digest("base64url");
        const isRight =
          code?.challenge === digest && code.client === client && code.redirect === parameters["redirect_uri"];
        return isRight ? tokens({ login: randomUUID(), scopes: code.scopes, client }) : refusal("invalid_grant");
      }
    }
  };

  const renew = (old: string, client: string): Response | Promise<Response> => {
    const known = server.refresh.get(old);
    if (spent.has(old)) {
      server.reuses++;
      const login = known?.login;
      for (const [other, one] of server.refresh)
        if (login === undefined || one.login === login) server.refresh.delete(other);
    }
    if (known === undefined) return refusal("invalid_grant");
    if (server.behaviour.rotates) {
      server.refresh.delete(old);
      spent.add(old);
    }
    return tokens({ ...known, client });
  };

  const tokens = async ({ login, scopes, client }: Given): Promise<Response> => {
    const [access, refresh] = [`access-${randomUUID()}`, `refresh-${randomUUID()}`];
    server.access.set(access, scopes);
    if (login !== undefined) server.refresh.set(refresh, { login, scopes });
    return Response.json({
      access_token: access,
      token_type: "Bearer",
      expires_in: server.behaviour.lifetime,
      ...(login !== undefined && { refresh_token: refresh }),
      ...(scopes.length > 0 && { scope: scopes.join(" ") }),
      ...(scopes.includes("openid") && { id_token: await server.behaviour.idToken?.(client) }),
    });
  };

  /** Undefined for a client that does not prove who it is. */
  const clientOf = ({ parameters, authorization }: Asked): string | undefined => {
    const [id = "", secret] = authorization?.startsWith("Basic ")
      ? Buffer.from(authorization.slice(6), "base64")
          .toString()
          .split(":")
          .map((part) => decodeURIComponent(part.replaceAll("+", " ")))
      : [parameters["client_id"], parameters["client_secret"]];
    const known = registered.has(id) ? registered : new Map(Object.entries(server.behaviour.clients));
    const isDocument = id.startsWith("https://");
    const isAssured = parameters["client_assertion"] !== undefined;
    if (isDocument || isAssured) return id;
    return known.has(id) && known.get(id) === secret ? id : undefined;
  };

  const origin = `http://127.0.0.1:${http.port}`;
  const { path = "" } = change;
  const server: AuthorizationServer = {
    origin,
    issuer: `${origin}${path}`,
    behaviour: {
      path,
      metadata: `/.well-known/oauth-authorization-server${path}`,
      members: {},
      answer: {},
      iss: `${origin}${path}`,
      registration: {},
      clients: {},
      lifetime: 3600,
      withheld: [],
      asserted: undefined,
      idToken: undefined,
      rotates: true,
      tokenAnswer: undefined,
      ...change,
    },
    asked: [],
    to: (to) => server.asked.filter((one) => one.path === to),
    access: new Map(),
    refresh: new Map(),
    reuses: 0,
    [Symbol.asyncDispose]: async () => await http.stop(true),
  };
  return server;
}

function refusal(error: string, status = 400): Response {
  return Response.json({ error, error_description: "no" }, { status });
}

async function read(request: Request): Promise<Asked> {
  const url = new URL(request.url);
  const text = await request.text();
  const isForm = request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
  const form = isForm ? new URLSearchParams(text) : new URLSearchParams();
  return {
    path: url.pathname,
    method: request.method,
    parameters: Object.fromEntries([...url.searchParams, ...form]),
    authorization: request.headers.get("authorization"),
    dpop: request.headers.get("dpop"),
    json: isForm || text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}
