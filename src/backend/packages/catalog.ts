/** `readCatalog`: the packages on offer, without those that were revoked. */
import { liesInRange } from "../../plugin/semver-range.ts";
import type { Database } from "../../store/database.ts";
import { listPackages, type StoredPackage } from "../../store/packages.ts";
import { listRevocations, type PublicRevocation } from "../../store/revocations.ts";
import type { Target } from "../../platforms.ts";
import { includesTier, type Tier } from "../../tiers.ts";

type Version = Pick<StoredPackage, "name" | "version">;

export interface Catalog {
  /** The newest version first. */
  packages: StoredPackage[];
  /** Of the whole version, for whichever platform. */
  isRevoked(version: Version): boolean;
}

/** @param name of one plugin; all of them unless given */
export async function readCatalog(database: Database, name?: string): Promise<Catalog> {
  const revocations = await listRevocations(database);
  const isRevoked = (one: Version): boolean => revocations.some((revocation) => concernsVersion(revocation, one));
  const digests = new Set(revocations.filter(({ kind }) => kind === "package").map(({ subject }) => subject));
  const packages = (await listPackages(database, name))
    .filter((one) => !digests.has(one.digest) && !isRevoked(one))
    .toSorted((a, b) => Bun.semver.order(b.version, a.version));
  return { packages, isRevoked };
}

/** A pre-release is meant by a range that either it or its release lies in: better one too many than one too few. */
function concernsVersion({ kind, subject }: PublicRevocation, { name, version }: Version): boolean {
  if (kind !== "version_range" || !subject.startsWith(`${name} `)) return false;
  const range = subject.slice(name.length + 1);
  return liesInRange(version, range) || Bun.semver.satisfies(version, range);
}

/** Of each plugin and platform the newest that the tier includes. */
export function newestFor(tier: Tier, packages: readonly StoredPackage[]): StoredPackage[] {
  const newest = new Map<string, StoredPackage>();
  for (const one of packages) {
    const name = `${one.name} ${one.platform}`;
    if (includesTier(tier, one.tier) && !newest.has(name)) newest.set(name, one);
  }
  return [...newest.values()];
}

/** As callers see it. */
export function showPackage({ name, version, tier, platform, size, digest }: StoredPackage) {
  // Only what is a target was ever added.
  return { name, version, tier, platform: platform as Target, size, sha256: digest };
}
