/** What a change would make of a release, found out by helm's own dry run: nothing is changed by it. */
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import type { Target } from "./backend.ts";
import type { FoundChart, NamedChart } from "./chart-places.ts";
import { checkBounds } from "./check-bounds.ts";
import type { HelmWork } from "./helm-work.ts";
import { manifestDiff, type ObjectChange } from "./manifest-diff.ts";
import { objectsOf, plainObjects, readRelease, readValues, RELEASE, type Release, releaseOf } from "./read-release.ts";

export interface WantedUpgrade extends NamedChart {
  name: string;
  values?: Record<string, unknown> | undefined;
  /** Those that the release has stay, but for what `values` says of them. */
  keep_values?: boolean | undefined;
}

export interface PlannedUpgrade {
  /** Of helm upgrade, but for what says how to wait. */
  args: string[];
  before: Release;
  after: Release;
  changes: ObjectChange[];
}

/** @throws KmError SVC_002 where the chart brings what is out of bounds; as HelmWork */
export async function plannedUpgrade(work: HelmWork, target: Target, wanted: WantedUpgrade): Promise<PlannedUpgrade> {
  const { name, values, keep_values: isKeeping = true } = wanted;
  const chart = await work.backend.places.find(wanted);
  const before = await readRelease(work, target, name, undefined);
  const old = await readValues(work, target, name, { revision: undefined, isAll: false });
  const own = await work.valuesFlags(isKeeping ? merged(old, values ?? {}) : (values ?? {}));
  const args = [...target.flags, "--reset-values", ...own, ...chart.flags];
  const after = await dryRun(work, target, {
    could: `work out the upgrade of ${name}`,
    args: ["upgrade", ...args],
    name,
    chart,
  });
  const changes = manifestDiff(plainObjects(before), plainObjects(after), work.known);
  return { args: [...args, "--", name, chart.name], before, after, changes };
}

export async function dryRun(
  work: HelmWork,
  target: Target,
  { could, args, name, chart }: { could: string; args: string[]; name: string; chart: FoundChart },
): Promise<Release> {
  const step = { could, args: [...args, "--dry-run", "--output=json", "--", name, chart.name] };
  const release = releaseOf(work, await work.json(step, RELEASE));
  if (work.backend.isBounded) await checkBounds(objectsOf(release), target, work.signal);
  return release;
}

/** As helm merges values: mappings member by member, all else as a whole; null takes away what the chart says. */
export function merged(old: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...old };
  for (const [name, value] of Object.entries(given)) {
    const before = Object.hasOwn(result, name) ? result[name] : undefined;
    Object.defineProperty(result, name, {
      value: isMapping(before) && isMapping(value) ? merged(before, value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/** For a person: what changes first, then how. */
export function changesDetail(changes: readonly ObjectChange[]): string {
  const list = changes.map(({ object, change }) => `${change} ${object}`);
  return [list.join("\n"), ...changes.map(({ diff }) => diff)].filter(Boolean).join("\n\n");
}

/** @throws KmError SVC_006 where the release has no revision before */
export function previousRevision(revisions: readonly { revision: number }[], of: number): number {
  const before = revisions.map(({ revision }) => revision).filter((revision) => revision < of);
  if (before.length > 0) return Math.max(...before);
  throw new KmError("SVC_006", `There is no revision before ${of}`, {
    hint: "helm_history lists those that there are.",
  });
}
