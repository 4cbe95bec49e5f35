/** A company's identity provider: users sign on to it, and it says by an ID-JAG which servers they may use. */
import { type Asked, type AuthorizationServer, startAuthorizationServer } from "./authorization-server.ts";
import { makeTokens, type TokenMaker } from "./token-maker.ts";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG = "urn:ietf:params:oauth:token-type:id-jag";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
export const JAG_TYPE = "oauth-id-jag+jwt";
const USER = "ada@example.com";

export interface IdentityProvider extends AsyncDisposable {
  issuer: string;
  /** As an authorization server. */
  http: AuthorizationServer;
  tokens: TokenMaker;
  /** Why it refuses an exchange; undefined where it agrees. */
  refusal: string | undefined;
  /** Of its ID tokens. */
  seconds: number;
  /** What was exchanged, the newest last. */
  exchanges: Asked[];
  idToken(): Promise<string>;
  /** Who may do what, by an ID-JAG for that authorization server; undefined for none. */
  readJag(asked: Asked, audience: string): Promise<string[] | undefined>;
}

/** @param clientAtServer as which km is known to the servers' authorization server */
export function startIdentityProvider(client: string, secret: string, clientAtServer: string): IdentityProvider {
  const http = startAuthorizationServer({
    metadata: "/.well-known/openid-configuration",
    clients: { [client]: secret },
    members: {
      token_endpoint_auth_methods_supported: ["client_secret_post"],
      scopes_supported: ["openid", "offline_access"],
    },
  });
  const tokens = makeTokens(http.issuer);

  const exchange = async (asked: Asked): Promise<Response> => {
    idp.exchanges.push(asked);
    const { parameters } = asked;
    const { audience = "", resource, scope, subject_token: subject = "" } = parameters;
    const refuse = (error: string) =>
      Response.json({ error, error_description: "see your administrator" }, { status: 400 });
    if (parameters["client_id"] !== client || parameters["client_secret"] !== secret) return refuse("invalid_client");
    if (parameters["requested_token_type"] !== ID_JAG) return refuse("invalid_request");
    if (parameters["subject_token_type"] !== ID_TOKEN) return refuse("invalid_request");
    if (idp.refusal !== undefined) return refuse(idp.refusal);
    const user = await tokens.read(subject, client);
    if (user === undefined) return refuse("invalid_grant");
    const claims = { sub: user.sub ?? "", aud: audience, client_id: clientAtServer, resource, scope };
    const jag = await tokens.make(claims, 60, JAG_TYPE);
    return Response.json({ access_token: jag, issued_token_type: ID_JAG, token_type: "N_A", expires_in: 60 });
  };

  const idp: IdentityProvider = {
    issuer: http.issuer,
    http,
    tokens,
    refusal: undefined,
    seconds: 300,
    exchanges: [],
    idToken: async () => await tokens.make({ sub: USER, aud: client }, idp.seconds),
    async readJag({ parameters }, audience) {
      const claims = await tokens.read(parameters["assertion"] ?? "", audience, JAG_TYPE);
      if (claims?.["client_id"] !== clientAtServer || claims["resource"] !== parameters["resource"]) return undefined;
      return typeof claims["scope"] === "string" ? claims["scope"].split(" ") : [];
    },
    [Symbol.asyncDispose]: async () => await http[Symbol.asyncDispose](),
  };
  http.behaviour.idToken = async () => await idp.idToken();
  http.behaviour.tokenAnswer = async (asked) =>
    asked.parameters["grant_type"] === EXCHANGE ? await exchange(asked) : undefined;
  return idp;
}
