/** What a customer's tier may have of the plugins, and the grants by which it is downloaded. */
import { availablePlugins, provisionPlugin } from "../../api/contract/plugins.ts";
import { newId } from "../../store/new-id.ts";
import { addGrant } from "../../store/package-grants.ts";
import { includesTier } from "../../tiers.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { newestFor, readCatalog, showPackage } from "./catalog.ts";
import { tierRequired } from "./tier-required.ts";

const GRANT_MS = 60 * 60_000;

export const provisionRoutes: readonly Route<Deps>[] = [
  route(availablePlugins, async ({ principal, query }, { database }: Deps) => {
    const { packages } = await readCatalog(database);
    const { platform } = query;
    const fitting = platform === undefined ? packages : packages.filter((one) => one.platform === platform);
    return { body: { plugins: newestFor(principal.tier, fitting).map(showPackage) } };
  }),

  route(provisionPlugin, async ({ principal, body, now }, { database, origin }: Deps) => {
    const { name, platform, version } = body;
    const { packages } = await readCatalog(database, name);
    const fitting = packages.filter(
      (one) => one.platform === platform && (version === undefined || one.version === version),
    );
    const [newest] = fitting;
    if (newest === undefined) return problem("not_found", "There is no such plugin for this platform");
    const found = fitting.find(({ tier }) => includesTier(principal.tier, tier));
    if (found === undefined) return tierRequired(name, newest.tier);
    const grant = { id: newId("grt"), package_id: found.id, expires_at: now + GRANT_MS };
    await addGrant(database, principal.customer, grant, now);
    const url = `${origin}/api/plugins/download/${grant.id}`;
    const expires = new Date(grant.expires_at).toISOString();
    return { body: { id: grant.id, ...showPackage(found), url, expires_at: expires } };
  }),
];
