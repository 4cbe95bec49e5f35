/** `authorizerOf`: who proves to a server on whose behalf km asks it, as its `auth` says. */
import type { Authorizer } from "../http/authorizer.ts";
import { isLogin, type Remote } from "../http/remote.ts";
import { staticAuthorizer } from "../http/static-authorizer.ts";
import { oauthAuthorizer } from "./oauth-authorizer.ts";
import type { OAuthPlaces } from "./places.ts";

export function authorizerOf(remote: Remote, places: OAuthPlaces): Authorizer {
  const { auth } = remote;
  return isLogin(auth) ? oauthAuthorizer(remote, auth, places) : staticAuthorizer(auth);
}
