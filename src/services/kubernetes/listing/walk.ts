/**
 * `walk`: the rows of lists of several kinds and namespaces, page by page from where the last answer ended, until there are enough.
 */
import * as v from "valibot";
import type { Cluster } from "../cluster.ts";
import type { Position } from "../continue-token.ts";
import { type Resource, resourcePath } from "../discovery/resource.ts";
import { isNamespaceKind } from "../bounds.ts";
import { KUBE_LIST } from "../kube-object.ts";
import { maskObject } from "../masking/mask-object.ts";
import { selectPath } from "../../select-path.ts";
import { type Row, rowsOf, TABLE, TABLE_TYPE } from "./table.ts";

export interface ListPlace {
  resource: Resource;
  /** Undefined for all. */
  namespace: string | undefined;
}

export interface Listing {
  places: ListPlace[];
  labels: string | undefined;
  fields: string | undefined;
  /** Rows whose name has this in it. */
  match: string | undefined;
  isWide: boolean;
  /** In place of the server's columns. */
  paths: string[] | undefined;
  /** Of each page of the server. */
  pageSize: number;
}

export interface WalkedPage {
  place: number;
  resource: Resource;
  columns: string[];
  rows: Row[];
  /** The server's token by which this page was asked for. */
  token: string | undefined;
  next: string | undefined;
  /** Behind this page, where the server says so. */
  remaining: number | undefined;
}

const MOST_BYTES = 64 << 20;

export async function* walk(
  cluster: Cluster,
  listing: Listing,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<WalkedPage> {
  for (const [place, { resource, namespace }] of listing.places.entries()) {
    if (place < from.place) continue;
    let token = place === from.place ? from.token : undefined;
    for (;;) {
      const page = await pageOf(cluster, listing, { resource, namespace, token }, signal);
      const rows = page.rows.filter(({ name }) => isWanted(cluster, listing, resource, name));
      yield { place, resource, columns: page.columns, rows, token, next: page.next, remaining: page.remaining };
      if (page.next === undefined) break;
      token = page.next;
    }
  }
}

function isWanted({ bounds }: Cluster, { match }: Listing, resource: Resource, name: string): boolean {
  if (match !== undefined && !name.toLowerCase().includes(match.toLowerCase())) return false;
  return !isNamespaceKind(resource) || bounds.mayNamespace(name);
}

async function pageOf(
  cluster: Cluster,
  { labels, fields, isWide, paths, pageSize }: Listing,
  { resource, namespace, token }: ListPlace & { token: string | undefined },
  signal: AbortSignal,
) {
  const request = {
    path: resourcePath(resource, namespace),
    query: { labelSelector: labels, fieldSelector: fields, limit: pageSize, continue: token },
    signal,
    mostBytes: MOST_BYTES,
  };
  if (paths === undefined) {
    const headers = { accept: TABLE_TYPE };
    const query = { ...request.query, includeObject: namespace === undefined ? "Metadata" : "None" };
    const table = await cluster.json({ ...request, query, headers }, v.union([TABLE, KUBE_LIST]));
    if ("columnDefinitions" in table) {
      const { continue: next, remainingItemCount } = table.metadata;
      return { ...rowsOf(v.parse(TABLE, table), isWide), next: next || undefined, remaining: remainingItemCount };
    }
  }
  // A server that has no tables for its kinds gives the objects.
  const { items, metadata } = await cluster.json(request, KUBE_LIST);
  const columns = ["NAME", ...(paths ?? [])];
  const rows = (items ?? []).map((item) => {
    const { kind, ...shown } = maskObject({ apiVersion: "", ...item, kind: resource.kind });
    const cells = (paths ?? []).map((path) =>
      selectPath({ kind, ...shown }, path)
        .map(valueText)
        .join(","),
    );
    return { name: item.metadata.name, namespace: item.metadata.namespace, cells: [item.metadata.name, ...cells] };
  });
  return { columns, rows, next: metadata.continue || undefined, remaining: metadata.remainingItemCount };
}

function valueText(value: unknown): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).replace(/[\t\n]+/g, " ");
}
