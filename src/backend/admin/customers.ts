/** The customers: whom operators add and change, and administrators see their own of. */
import { changeCustomer, createCustomer, listCustomers } from "../../api/contract/admin.ts";
import type { BodyOf } from "../../api/contract/endpoint.ts";
import * as store from "../../store/customers.ts";
import type { Database } from "../../store/database.ts";
import { newId } from "../../store/new-id.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { noCustomer, reachOf, refuseOthers } from "./access.ts";
import { keepingOperators } from "./last-operator.ts";
import { after, idOf, pageOf } from "./page.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

export const customerRoutes: readonly Route<Deps>[] = [
  route(listCustomers, async ({ principal, query }, { database }: Deps) => {
    const own = reachOf(principal);
    if (own === null) {
      const page = after(query);
      return pageOf(await store.listCustomers(database, page.after, page.limit), query.limit, idOf, show);
    }
    const customer = await store.findCustomer(database, own);
    return pageOf(customer === null ? [] : [customer], query.limit, idOf, show);
  }),

  route(createCustomer, async (context, { database }: Deps) => {
    const { principal, body, now } = context;
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    const customer = { id: newId("cus"), ...body };
    await database.transaction(async (tx) => {
      await store.createCustomer(tx, customer, now);
      await audit(tx, context, {
        actor: principal.id,
        customer: customer.id,
        action: "customer.create",
        target: customer.id,
        detail: body,
      });
    });
    return { body: show({ ...customer, created_at: now, disabled_at: null }) };
  }),

  route(changeCustomer, async (context, { database }: Deps) => {
    const { principal, params, body, now } = context;
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    return await database.transaction(async (tx) => {
      if ((await store.findCustomer(tx, params.id)) === null) return noCustomer();
      await change(tx, params.id, body, now);
      await audit(tx, context, {
        actor: principal.id,
        customer: params.id,
        action: "customer.change",
        target: params.id,
        detail: body,
      });
      const customer = await store.findCustomer(tx, params.id);
      return customer === null ? noCustomer() : { body: show(customer) };
    });
  }),
];

async function change(
  tx: Database,
  id: string,
  { name, tier, disabled }: BodyOf<typeof changeCustomer>,
  now: number,
): Promise<void> {
  if (name !== undefined) await store.renameCustomer(tx, id, name);
  if (tier !== undefined) await store.changeTier(tx, id, tier);
  if (disabled === false) await store.disableCustomer(tx, id, null);
  if (disabled === true) await keepingOperators(tx, now, () => store.disableCustomer(tx, id, now));
}

function show({ id, name, tier, created_at, disabled_at }: store.Customer) {
  return { id, name, tier, created_at: timeText(created_at), disabled_at: timeTextOrNull(disabled_at) };
}
