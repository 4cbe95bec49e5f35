/** The packages of plugins, which operators upload. */
import { listPackages, uploadPackage } from "../../api/contract/admin.ts";
import { newId } from "../../store/new-id.ts";
import * as store from "../../store/packages.ts";
import type { Target } from "../../platforms.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { keepFile, receiveFile } from "../packages/package-files.ts";
import { type Problem, problem } from "../problem.ts";
import { refuseOthers } from "./access.ts";
import { after, idOf, pageOf } from "./page.ts";
import { timeText } from "./time-text.ts";

export const packageAdminRoutes: readonly Route<Deps>[] = [
  route(listPackages, async ({ principal, query }, { database }: Deps) => {
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    const rows = await store.pageOfPackages(database, { ...after(query), name: query.name });
    return pageOf(rows, query.limit, idOf, show);
  }),

  route(uploadPackage, async (context, { database, packages }: Deps) => {
    const { principal, query, body, now } = context;
    const refused = refuseOthers(principal);
    if (refused !== undefined) return refused;
    // Before half a gigabyte is read in vain; what counts is asked again below.
    const versions = await store.listPackages(database, query.name);
    if (versions.some(({ version, platform }) => version === query.version && platform === query.platform)) {
      return isThere();
    }
    await using received = await receiveFile(packages, body);
    const { digest, size } = received;
    if (size === 0) return problem("invalid_request", "The package is empty");
    const one = { id: newId("pkg"), ...query, digest, size, path: digest, created_at: now };
    return await database.transaction(async (tx) => {
      if (!(await store.addPackage(tx, one))) return isThere();
      const { customer } = principal;
      const detail = { ...query, sha256: digest };
      await audit(tx, context, { actor: principal.id, customer, action: "package.upload", target: one.id, detail });
      // A row without its file must never be seen; a file whose row is undone is only a file too many.
      await keepFile(packages, received);
      return { body: show(one) };
    });
  }),
];

function isThere(): Problem {
  return problem("conflict", "This version of the plugin is there for this platform already");
}

function show({ id, name, version, tier, platform, size, digest, created_at }: store.StoredPackage) {
  // Only what is a target was ever added.
  const target = platform as Target;
  return { id, name, version, tier, platform: target, size, sha256: digest, created_at: timeText(created_at) };
}
