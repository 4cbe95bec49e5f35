/** `podRows`: pods that belong to something, each in a line: those that are not well first. */
import type { Cluster } from "../cluster.ts";
import { walk } from "../listing/walk.ts";
import { problemOf } from "../overview/problems.ts";

const MOST_SHOWN = 15;
const MOST_READ = 2000;

export async function podRows(
  cluster: Cluster,
  namespace: string | undefined,
  { labels, fields }: { labels?: string; fields?: string },
  signal: AbortSignal,
): Promise<string[]> {
  const resource = await cluster.discovery.find("pods", signal);
  if (cluster.bounds.isDenied(resource)) return [];
  const namespaces = namespace === undefined ? (cluster.bounds.namespaces ?? [undefined]) : [namespace];
  const listing = {
    places: namespaces.map((one) => ({ resource, namespace: one })),
    labels,
    fields,
    match: undefined,
    isWide: false,
    paths: undefined,
    pageSize: 500,
  };
  const found: { text: string; isIll: boolean }[] = [];
  let more = 0;
  for await (const page of walk(cluster, listing, { place: 0, token: undefined, skip: 0 }, signal)) {
    const cell = (cells: string[], column: string): string => cells[page.columns.indexOf(column)] ?? "";
    for (const { name, namespace: own, cells } of page.rows) {
      const isIll = problemOf("Pod", (column) => cell(cells, column)) !== undefined;
      const shown = namespace === undefined ? `${own ?? ""}/${name}` : name;
      const states = ["STATUS", "READY", "RESTARTS", "AGE"].map((column) => cell(cells, column));
      found.push({ text: `${shown} ${states[0]} ${states[1]} ready, ${states[2]} restarts, ${states[3]}`, isIll });
    }
    more = page.remaining ?? 0;
    if (found.length >= MOST_READ) break;
  }
  const sorted = found.sort((a, b) => Number(b.isIll) - Number(a.isIll)).map(({ text }) => text);
  const rest = found.length - MOST_SHOWN + (found.length >= MOST_READ ? more : 0);
  return rest > 0 ? [...sorted.slice(0, MOST_SHOWN), `... and ${rest} more`] : sorted;
}
