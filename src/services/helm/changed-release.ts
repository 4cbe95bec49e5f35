/** `changedRelease`: what the tools that bring a chart into a cluster answer. */
import type { HelmWork } from "./helm-work.ts";
import type { Release } from "./read-release.ts";

export function changedRelease(work: HelmWork, release: Release, done: string) {
  const { name, namespace, revision, status, chart, notes } = release;
  const said = work.masked(notes);
  return {
    data: { name, namespace, revision, status, chart, notes: said },
    text: [
      `${done} ${namespace}/${name}: revision ${revision}, ${status}${chart === undefined ? "" : `, ${chart}`}`,
      said,
    ]
      .filter(Boolean)
      .join("\n"),
    note: "helm_release with part health says whether its objects are ready.",
  };
}
