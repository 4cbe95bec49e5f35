/** What two replicas of the service on one PostgreSQL must agree on. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { type ApiService, startApiService } from "../../fixtures/api-service.ts";
import { emptyPostgres, HAS_POSTGRES } from "../../fixtures/postgres.ts";
import { asking, itemsOf } from "../admin/callers.ts";

setDefaultTimeout(60_000);

const TIMEOUT_MS = 60_000;

test.skipIf(!HAS_POSTGRES)(
  "a nonce is taken once and the last administrator key is kept, whichever of two replicas is asked",
  async () => {
    const database = await emptyPostgres();
    await using first = await startApiService({ database });
    await using second = await startApiService({ database });
    const ask = async (api: ApiService, key: string) => asking(api, await api.exchange(key));
    const members = [await ask(first, first.key), await ask(second, first.key)];
    for (let round = 0; round < 5; round++) {
      const body = { plugin: "p", nonce: `nonce-of-the-round-${round}` };
      const both = await Promise.all(members.map((member) => member("POST", "/api/plugins/authenticate", body)));
      expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 409]));
    }
    const adminKey = first.adminKey ?? "";
    const operators = [await ask(first, adminKey), await ask(second, adminKey)];
    const [one, two] = operators as [(typeof members)[0], (typeof members)[0]];
    await one("POST", "/api/admin/keys", { customer: first.customer, name: "next", kind: "admin" });
    const keys = itemsOf(await two("GET", "/api/admin/keys?limit=1000"));
    const ids = keys.filter(({ prefix }) => String(prefix).startsWith("km_admin")).map(({ id }) => String(id));
    const revoked = await Promise.all(ids.map((id, index) => operators[index]?.("DELETE", `/api/admin/keys/${id}`)));
    expect(new Set(revoked.map((answer) => answer?.status))).toEqual(new Set([204, 409]));
  },
  TIMEOUT_MS,
);
