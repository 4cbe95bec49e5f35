/** The bytes of a package that was granted, of which a part may be asked for (RFC 9110, sections 13 and 14). */
import { downloadPlugin } from "../../api/contract/plugins.ts";
import { findGranted } from "../../store/package-grants.ts";
import { includesTier } from "../../tiers.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { parseRange } from "./byte-range.ts";
import { readCatalog } from "./catalog.ts";
import { findFile } from "./package-files.ts";
import { tierRequired } from "./tier-required.ts";

/** The tier is asked for again, and what was revoked meanwhile is not given out any more. */
export const downloadRoute: Route<Deps> = route(downloadPlugin, async (context, { database, packages }: Deps) => {
  const { principal, params, request, now } = context;
  const granted = await findGranted(database, principal.customer, params.id, now);
  const catalog = granted === null ? undefined : await readCatalog(database, granted.name);
  if (granted === null || !catalog?.packages.some(({ id }) => id === granted.id)) {
    return problem("not_found", "There is no such download, or its time is over");
  }
  if (!includesTier(principal.tier, granted.tier)) return tierRequired(granted.name, granted.tier);
  const file = findFile(packages, granted);
  if (file === undefined) {
    context.log("error", "The file of a package is missing or damaged", { package: granted.id });
    return problem("unavailable", "The package cannot be read now");
  }
  const etag = `"${granted.digest}"`;
  const headers = {
    etag,
    "accept-ranges": "bytes",
    // All of it are letters, digits, dashes, dots and plus signs.
    "content-disposition": `attachment; filename="${granted.name}-${granted.version}-${granted.platform}.kmpkg"`,
  };
  if (isKnown(request.headers.get("if-none-match"), etag)) return { body: null, status: 304, headers };
  // Only of GET a part may be asked for.
  const takesRange = request.method === "GET" && isSame(request.headers.get("if-range"), etag);
  const part = parseRange(takesRange ? request.headers.get("range") : null, granted.size);
  switch (part.kind) {
    case "all":
      return { body: file.slice(0, granted.size), headers };
    case "part": {
      const { first, last } = part;
      const contentRange = `bytes ${first}-${last}/${granted.size}`;
      return { body: file.slice(first, last + 1), status: 206, headers: { ...headers, "content-range": contentRange } };
    }
    case "unsatisfiable": {
      const contentRange = `bytes */${granted.size}`;
      return problem("range_not_satisfiable", "The range begins behind the end of the package", {
        headers: { "content-range": contentRange },
      });
    }
  }
});

/** By the weak comparison, which does not look at `W/`. */
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  const tags = new Set((ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, "")));
  return tags.has(etag) || tags.has("*");
}

/** By the strong comparison. A date is never the same: what was downloaded is known by its digest alone. */
function isSame(ifRange: string | null, etag: string): boolean {
  return ifRange === null || ifRange.trim() === etag;
}
