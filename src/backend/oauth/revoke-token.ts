/** The end of a login (RFC 7009). */
import { revokeToken } from "../../api/contract/oauth.ts";
import { hashSecret } from "../../store/hash-secret.ts";
import { revokeFamilyOf } from "../../store/refresh-tokens.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { route } from "../handler.ts";
import { refuseClient } from "./clients.ts";
import { isRefreshToken } from "./opaque-token.ts";

/** An access token is good until it expires, which is soon; it is answered like a token that is not known. */
export const revokeTokenRoute = route(revokeToken, async (context, { database }: Deps) => {
  const { token, client_id } = context.body;
  const refused = client_id === undefined ? undefined : refuseClient(client_id);
  if (refused !== undefined) return refused;
  if (isRefreshToken(token)) {
    await database.transaction(async (tx) => {
      const ended = await revokeFamilyOf(tx, hashSecret(token), context.now);
      if (ended === null) return;
      const { customer, subject } = ended;
      await audit(tx, context, { customer, actor: subject, action: "login.ended", target: subject });
    });
  }
  return { body: {} };
});
