/** The token endpoint: tokens for an approved device code (RFC 8628, section 3.4) or for a refresh token (RFC 6749, section 6). */
import { issueToken } from "../../api/contract/oauth.ts";
import { type Account, findAccount } from "../../store/accounts.ts";
import type { Database } from "../../store/database.ts";
import { pollDevice } from "../../store/device-codes.ts";
import { hashSecret } from "../../store/hash-secret.ts";
import { addRefreshToken, revokeFamily, rotateRefreshToken } from "../../store/refresh-tokens.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Context, route } from "../handler.ts";
import { type OAuthError, oauthError } from "../problem.ts";
import { issueAccessToken } from "./access-token.ts";
import { refuseClient, refuseScope } from "./clients.ts";
import { isRefreshToken, makeRefreshToken } from "./opaque-token.ts";

/** Of each refresh token anew, so that a login ends when it was not used for that long. */
const REFRESH_LIFE_MS = 90 * 86_400_000;

/** What a grant leads to: whom the tokens are for, and the refresh token that is theirs. */
type Granted = { kind: "granted"; account: Account; scope: string; refreshToken: string };

type Asked = Context<typeof issueToken>;

export const issueTokenRoute = route(issueToken, async (context, deps: Deps) => {
  const granted = await grant(context, deps.database);
  if (granted.kind === "oauth-error") return granted;
  const { account, scope, refreshToken } = granted;
  // Outside of the transaction, and from keys in memory: once the old token is spent, nothing may keep the new ones.
  const token = await issueAccessToken(deps, account, scope, context.now);
  return { body: { ...token, refresh_token: refreshToken, scope } };
});

async function grant(context: Asked, database: Database): Promise<Granted | OAuthError> {
  const { grant_type, client_id, device_code, refresh_token, scope } = context.body;
  const refused = (client_id === undefined ? undefined : refuseClient(client_id)) ?? refuseScope(scope);
  if (refused !== undefined) return refused;
  switch (grant_type) {
    case "urn:ietf:params:oauth:grant-type:device_code":
      if (device_code === undefined || client_id === undefined) {
        return oauthError("invalid_request", "This grant needs device_code and client_id");
      }
      return await database.transaction((tx) => takeDeviceCode(context, tx, device_code, client_id));
    case "refresh_token":
      if (refresh_token === undefined) return oauthError("invalid_request", "This grant needs refresh_token");
      if (!isRefreshToken(refresh_token)) return invalidGrant("The refresh token is not known");
      return await database.transaction((tx) => takeRefreshToken(context, tx, refresh_token));
    default:
      return oauthError("unsupported_grant_type", "There are the grants of device codes and of refresh tokens");
  }
}

async function takeDeviceCode(
  context: Asked,
  tx: Database,
  code: string,
  client: string,
): Promise<Granted | OAuthError> {
  const { now } = context;
  const poll = await pollDevice(tx, hashSecret(code), client, now);
  switch (poll.state) {
    case "pending":
      return oauthError("authorization_pending", "The user has not answered yet");
    case "slow_down":
      return oauthError("slow_down", "Wait five seconds longer between requests from now on");
    case "denied":
      return oauthError("access_denied", "The user has denied it");
    case "expired":
      return oauthError("expired_token", "The device code has expired");
    case "unknown":
      return invalidGrant("The device code is not known, or was used");
    case "approved":
      break;
  }
  const { customer, user, scope } = poll;
  const account = await findAccount(tx, customer, user, now);
  if (account === null) return invalidGrant("The user may not log in any more");
  const refreshToken = makeRefreshToken();
  const family = crypto.randomUUID();
  const kept = {
    token_hash: hashSecret(refreshToken),
    family,
    subject: user,
    scope,
    expires_at: now + REFRESH_LIFE_MS,
  };
  await addRefreshToken(tx, customer, kept, now);
  await audit(tx, context, { customer, actor: user, action: "login", target: client });
  return { kind: "granted", account, scope, refreshToken };
}

async function takeRefreshToken(context: Asked, tx: Database, token: string): Promise<Granted | OAuthError> {
  const { now } = context;
  const refreshToken = makeRefreshToken();
  const next = { token_hash: hashSecret(refreshToken), expires_at: now + REFRESH_LIFE_MS };
  const rotation = await rotateRefreshToken(tx, hashSecret(token), next, now);
  switch (rotation.state) {
    case "reused": {
      const { customer, subject } = rotation;
      // Somebody else has a copy, or the answer to the first use was lost: which of them, nobody can tell.
      context.log("warn", "A refresh token came twice, its login has ended", { customer, principal: subject });
      await audit(tx, context, { customer, actor: subject, action: "login.ended.token_reused", target: subject });
      return invalidGrant("The refresh token was used before, and the login has ended");
    }
    case "revoked":
      return invalidGrant("The login has ended");
    case "expired":
      return invalidGrant("The refresh token has expired");
    case "unknown":
      return invalidGrant("The refresh token is not known");
    case "rotated":
      break;
  }
  const { customer, subject, scope, family } = rotation;
  const account = await findAccount(tx, customer, subject, now);
  if (account !== null) return { kind: "granted", account, scope, refreshToken };
  await revokeFamily(tx, customer, family, now);
  return invalidGrant("The user may not log in any more");
}

/** Clients forget the token for good. */
function invalidGrant(description: string): OAuthError {
  return oauthError("invalid_grant", description);
}
