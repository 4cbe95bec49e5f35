/** The keys that the service signs its tokens with, which operators change. */
import { listSigningKeys, rotateSigningKeys } from "../../api/contract/admin.ts";
import * as store from "../../store/signing-keys.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { refuseOthers } from "./access.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

export const signingKeyRoutes: readonly Route<Deps>[] = [
  route(listSigningKeys, async ({ principal }, { database }: Deps) => {
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    return { body: { items: (await store.listSigningKeys(database, 0)).map(show), next: null } };
  }),

  route(rotateSigningKeys, async (context, { tokens }: Deps) => {
    const { principal, now } = context;
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    const { id: actor, customer } = principal;
    const kid = await tokens.rotate(now, (tx, target) =>
      audit(tx, context, { actor, customer, action: "signing_key.rotate", target }),
    );
    if (kid === undefined) {
      return problem("conflict", "The signing key is a file of the operator: start the service with another one");
    }
    return { body: { kid } };
  }),
];

function show({ kid, private_key, created_at, retired_at }: store.SigningKey) {
  const keptBy = private_key === null ? ("operator" as const) : ("service" as const);
  return { kid, kept_by: keptBy, created_at: timeText(created_at), retired_at: timeTextOrNull(retired_at) };
}
