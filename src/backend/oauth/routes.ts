/** `oauthRoutes`: the endpoints of a login, but for its page. */
import type { Deps } from "../deps.ts";
import type { Route } from "../handler.ts";
import { authorizeDeviceRoute } from "./authorize-device.ts";
import { authorizationServerRoute, keySetRoute } from "./discovery.ts";
import { exchangeKeyRoute } from "./exchange-key.ts";
import { issueTokenRoute } from "./issue-token.ts";
import { revokeTokenRoute } from "./revoke-token.ts";

export const oauthRoutes: readonly Route<Deps>[] = [
  authorizeDeviceRoute,
  issueTokenRoute,
  revokeTokenRoute,
  authorizationServerRoute,
  keySetRoute,
  exchangeKeyRoute,
];
