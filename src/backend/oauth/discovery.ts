/** What a client finds out by itself: where the endpoints are (RFC 8414), and the public keys (RFC 7517). */
import { authorizeDevice, authorizationServer, issueToken, keySet, revokeToken } from "../../api/contract/oauth.ts";
import type { Deps } from "../deps.ts";
import { route } from "../handler.ts";
import { SCOPES } from "./clients.ts";

/** Who meets a key that it does not know asks again. */
const CACHED = { "cache-control": "public, max-age=300" };

export const authorizationServerRoute = route(authorizationServer, (_, { origin }: Deps) => ({
  headers: CACHED,
  body: {
    issuer: origin,
    device_authorization_endpoint: `${origin}${authorizeDevice.path}`,
    token_endpoint: `${origin}${issueToken.path}`,
    revocation_endpoint: `${origin}${revokeToken.path}`,
    jwks_uri: `${origin}${keySet.path}`,
    grant_types_supported: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    response_types_supported: [], // of the authorization endpoint, which there is not
    token_endpoint_auth_methods_supported: ["none"],
    scopes_supported: [...SCOPES],
  },
}));

export const keySetRoute = route(keySet, async (_, { tokens }: Deps) => ({
  headers: CACHED,
  body: { keys: await tokens.publicKeys() },
}));
