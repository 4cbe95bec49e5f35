/** The API keys of customers. Those of operators are made and revoked by operators alone. */
import { createKey, listKeys, revokeKey } from "../../api/contract/admin.ts";
import { makeApiKey, maskApiKey } from "../../auth/api-key.ts";
import * as store from "../../store/api-keys.ts";
import { findCustomer } from "../../store/customers.ts";
import { hashSecret } from "../../store/hash-secret.ts";
import { newId } from "../../store/new-id.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { isInReach, noCustomer, reachOf, refuseOthers } from "./access.ts";
import { keepingOperators } from "./last-operator.ts";
import { after, idOf, pageOf } from "./page.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

export const keyRoutes: readonly Route<Deps>[] = [
  route(listKeys, async ({ principal, query }, { database }: Deps) => {
    if (query.customer !== undefined && !isInReach(principal, query.customer)) return noCustomer();
    const customer = query.customer ?? reachOf(principal);
    return pageOf(await store.listApiKeys(database, customer, after(query)), query.limit, idOf, show);
  }),

  route(createKey, async (context, { database }: Deps) => {
    const { principal, body, now } = context;
    const { customer, name, kind } = body;
    if (!isInReach(principal, customer)) return noCustomer();
    const refused = kind === "admin" ? refuseOthers(principal) : undefined;
    if (refused !== undefined) return refused;
    const expiresAt = body.expires_at === undefined ? null : Date.parse(body.expires_at);
    if (expiresAt !== null && expiresAt <= now) {
      const errors = [{ detail: "Expected a time that is still to come", pointer: "#/expires_at" }];
      return problem("invalid_request", "The body is not as it should be", { errors });
    }
    const key = makeApiKey(kind);
    // The customer's, not its maker's: builds go on when somebody leaves.
    const facts = { id: newId("key"), user_id: null, name, kind, prefix: maskApiKey(key), expires_at: expiresAt };
    return await database.transaction(async (tx) => {
      if ((await findCustomer(tx, customer)) === null) return noCustomer();
      await store.addApiKey(tx, customer, { ...facts, key_hash: hashSecret(key) }, now);
      const detail = { name, kind, expires_at: timeTextOrNull(expiresAt) };
      await audit(tx, context, { actor: principal.id, customer, action: "key.create", target: facts.id, detail });
      const made = { ...facts, customer_id: customer, created_at: now, last_used_at: null, revoked_at: null };
      return { body: { ...show(made), key } };
    });
  }),

  route(revokeKey, async (context, { database }: Deps) => {
    const { principal, params, now } = context;
    return await database.transaction(async (tx) => {
      const key = await store.findApiKeyById(tx, reachOf(principal), params.id);
      if (key === null) return problem("not_found", "There is no such API key");
      const refused = key.kind === "admin" ? refuseOthers(principal) : undefined;
      if (refused !== undefined) return refused;
      if (key.revoked_at !== null) return { body: null };
      const { customer_id: customer, id } = key;
      const revoke = () => store.revokeApiKey(tx, customer, id, now);
      await (key.kind === "admin" ? keepingOperators(tx, now, revoke) : revoke());
      await audit(tx, context, {
        actor: principal.id,
        customer,
        action: "key.revoke",
        target: id,
        detail: { name: key.name },
      });
      return { body: null };
    });
  }),
];

function show(key: store.ApiKey) {
  const { id, customer_id, name, prefix } = key;
  return {
    id,
    customer: customer_id,
    name,
    prefix,
    created_at: timeText(key.created_at),
    expires_at: timeTextOrNull(key.expires_at),
    last_used_at: timeTextOrNull(key.last_used_at),
    revoked_at: timeTextOrNull(key.revoked_at),
  };
}
