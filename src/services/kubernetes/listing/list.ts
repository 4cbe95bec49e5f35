/** The tool `kubernetes_list`: objects of any kind, as tables or as counts. */
import * as v from "valibot";
import { described, list as listOf, text } from "../../../guard/policy/schema-parts.ts";
import { continueArgument, limitArgument } from "../../page.ts";
import { type Answer, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, fieldsArgument, kindsArgument, labelsArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { type Position, sealed, unsealed } from "../continue-token.ts";
import { pathArgument } from "../../select-path.ts";
import { countsOf } from "./counts.ts";
import { type Row, tableText } from "./table.ts";
import { type Listing, type ListPlace, walk } from "./walk.ts";

const INPUT = v.strictObject({
  kind: kindsArgument,
  namespace: namespaceArgument,
  all_namespaces: v.optional(v.boolean("true or false")),
  labels: labelsArgument,
  fields: fieldsArgument,
  match: described("Part of the name", text("a part of a name", 253)),
  columns: v.optional(listOf(pathArgument("A JSONPath"), "a list of 1 to 20 paths such as [.spec.nodeName]")),
  wide: v.optional(v.boolean("true or false")),
  count_by: described("Only count, by a column: STATUS", text("the name of a column", 63)),
  limit: limitArgument(50),
  continue: continueArgument,
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;
type Tables = { kind: string; columns: string[]; rows: string[][] }[];

/** Of the bytes of an answer, which has its rows twice: as data and as text. */
const SHARE_OF_ROWS = 0.4;
/** Where rows are looked for by their names more are asked for than are shown. */
const SEARCHED_AT_ONCE = 500;

export const list = tool({
  name: "list",
  title: "List objects",
  description: "Objects of any kind as kubectl get shows them. Counts by a column with count_by.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.object({ tables: v.array(v.looseObject({})) }),
  async run(input: Input, call: ToolCall<KubernetesBackend>) {
    const cluster = call.backend.cluster(input.context);
    const listing = await listingOf(cluster, input, call.signal);
    return input.count_by === undefined
      ? await rows(cluster, listing, input, call)
      : await countsOf(cluster, listing, input.count_by, call);
  },
});

async function listingOf(cluster: Cluster, input: Input, signal: AbortSignal): Promise<Listing> {
  const words = [...new Set(input.kind.split(","))];
  const places: ListPlace[] = [];
  for (const word of words) {
    const resource = await cluster.discovery.find(word, signal);
    cluster.bounds.checkReading(resource, undefined, undefined);
    for (const namespace of namespacesOf(cluster, input, resource.isNamespaced)) places.push({ resource, namespace });
  }
  const { labels, fields, match, columns: paths, wide = false, limit } = input;
  const pageSize = match === undefined ? limit : SEARCHED_AT_ONCE;
  return { places, labels, fields, match, paths, isWide: wide, pageSize };
}

function namespacesOf(
  { bounds, namespace: usual }: Cluster,
  { namespace, all_namespaces: isAll = false }: Input,
  isNamespaced: boolean,
): readonly (string | undefined)[] {
  if (!isNamespaced) return [undefined];
  if (namespace === undefined && isAll) return bounds.namespaces ?? [undefined];
  bounds.checkNamespace(namespace ?? usual);
  return [namespace ?? usual];
}

async function rows(
  cluster: Cluster,
  listing: Listing,
  { limit, continue: token, context: _asked, ...question }: Input,
  { signal, mostBytes }: ToolCall<KubernetesBackend>,
): Promise<Answer<{ tables: Tables }>> {
  const asked = [cluster.context.name, question];
  const from: Position = token === undefined ? { place: 0, token: undefined, skip: 0 } : unsealed(token, asked);
  const tables: Tables = [];
  let [count, bytes] = [0, 0];
  let [next, remaining]: [Position | undefined, number | undefined] = [undefined, undefined];
  // The page that is begun anew was cut by its bytes.
  let skip = from.skip;
  for await (const page of walk(cluster, listing, from, signal)) {
    const withNamespace = listing.places[page.place]?.namespace === undefined && page.resource.isNamespaced;
    const table = tableFor(tables, page.resource.kind, page.columns, withNamespace || listing.places.length > 1);
    let shown = skip;
    skip = 0;
    for (const row of page.rows.slice(shown)) {
      const cells = cellsOf(row, table.columns, listing.places[page.place]?.namespace);
      bytes += Buffer.byteLength(JSON.stringify(cells)) + 1;
      if (count === limit || (count > 0 && bytes > mostBytes * SHARE_OF_ROWS)) {
        next = { place: page.place, token: page.token, skip: shown };
        remaining = page.remaining === undefined ? undefined : page.remaining + page.rows.length - shown;
        break;
      }
      table.rows.push(cells);
      count++;
      shown++;
    }
    if (next !== undefined) break;
    const isLastPlace = page.place === listing.places.length - 1;
    if (count >= limit && (page.next !== undefined || !isLastPlace)) {
      next =
        page.next === undefined
          ? { place: page.place + 1, token: undefined, skip: 0 }
          : { place: page.place, token: page.next, skip: 0 };
      remaining = page.next === undefined ? undefined : page.remaining;
      break;
    }
  }
  const shownTables = tables.filter((one) => one.rows.length > 0);
  return {
    data: { tables: shownTables },
    text: textOf(shownTables, listing),
    ...(next !== undefined && {
      next: sealed(next, asked),
      note: `Shown are ${count} rows; ${remaining === undefined ? "there are more" : `${remaining} are left of this kind`}: ask for them with continue, or count them with count_by.`,
    }),
  };
}

function tableFor(tables: Tables, kind: string, columns: string[], withNamespace: boolean): Tables[number] {
  const own = withNamespace ? ["NAMESPACE", ...columns] : columns;
  const last = tables.at(-1);
  if (last?.kind === kind && last.columns.join() === own.join()) return last;
  const table = { kind, columns: own, rows: [] };
  tables.push(table);
  return table;
}

function cellsOf({ namespace, cells }: Row, columns: string[], listed: string | undefined): string[] {
  return columns.length === cells.length ? cells : [namespace ?? listed ?? "", ...cells];
}

function textOf(tables: Tables, { places }: Listing): string {
  if (tables.length === 0) {
    const [first] = places;
    const where =
      first?.namespace === undefined ? "" : ` in ${[...new Set(places.map((one) => one.namespace))].join(", ")}`;
    return `There are no such ${[...new Set(places.map(({ resource }) => resource.plural))].join(", ")}${where}.`;
  }
  const several = new Set(places.map(({ resource }) => resource.kind)).size > 1;
  return tables
    .map(({ kind, columns, rows: some }) => `${several ? `# ${kind}\n` : ""}${tableText(columns, some)}`)
    .join("\n\n");
}
