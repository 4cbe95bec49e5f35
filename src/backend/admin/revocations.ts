/** What operators have revoked for everybody: packages, versions of a plugin, keys that sign packages. */
import { createRevocation, listRevocations } from "../../api/contract/admin.ts";
import { isRange } from "../../plugin/semver-range.ts";
import { newId } from "../../store/new-id.ts";
import * as store from "../../store/revocations.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { refuseOthers } from "./access.ts";
import { after, idOf, pageOf } from "./page.ts";
import { timeText } from "./time-text.ts";

export const revocationRoutes: readonly Route<Deps>[] = [
  route(listRevocations, async ({ principal, query }, { database }: Deps) => {
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    return pageOf(await store.listRevocations(database, after(query)), query.limit, idOf, show);
  }),

  route(createRevocation, async (context, { database }: Deps) => {
    const { principal, body, now } = context;
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    const { kind, value, reason } = body;
    if (!FORMS[kind].matches(value)) {
      const errors = [{ detail: `Expected ${FORMS[kind].expected}`, pointer: "#/value" }];
      return problem("invalid_request", "The body is not as it should be", { errors });
    }
    const id = newId("rev");
    return await database.transaction(async (tx) => {
      const revocation = { id, customer: null, kind, subject: value, reason, expires_at: null };
      if (!(await store.addRevocation(tx, revocation, now))) return problem("conflict", "It is revoked already");
      const { customer } = principal;
      await audit(tx, context, {
        actor: principal.id,
        customer,
        action: "revocation.create",
        target: id,
        detail: body,
      });
      return { body: show({ id, kind, subject: value, reason, created_at: now }) };
    });
  }),
];

/** One that means nothing would give a false sense of safety. */
const FORMS: Record<store.PublicKind, { expected: string; matches(value: string): boolean }> = {
  package: { expected: "the SHA-256 of a package in small hexadecimal digits", matches: (value) => SHA256.test(value) },
  version_range: {
    expected: "a plugin's name and a range of versions, such as: api-logger >=1.0.0 <1.2.3",
    matches(value) {
      const [, range] = NAME_AND_RANGE.exec(value) ?? [];
      return range !== undefined && isRange(range);
    },
  },
  signing_key: { expected: "the id of a key", matches: (value) => /^[\w.:/+=-]+$/.test(value) },
};
const SHA256 = /^[0-9a-f]{64}$/;
const NAME_AND_RANGE = /^[a-z0-9][a-z0-9-]{0,63} (.+)$/;

function show({ id, kind, subject, reason, created_at }: store.PublicRevocation) {
  return { id, kind, value: subject, reason, created_at: timeText(created_at) };
}
