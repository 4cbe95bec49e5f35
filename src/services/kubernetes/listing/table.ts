/** `Table`: rows of objects as the API server itself sums them up, the columns of `kubectl get`. */
import * as v from "valibot";
import { sensitiveName } from "../../../guard/redaction/names.ts";

export const TABLE = v.looseObject({
  kind: v.literal("Table"),
  metadata: v.optional(
    v.looseObject({ continue: v.optional(v.string()), remainingItemCount: v.optional(v.number()) }),
    {},
  ),
  columnDefinitions: v.array(v.looseObject({ name: v.string(), priority: v.optional(v.number(), 0) })),
  rows: v.nullish(
    v.array(
      v.looseObject({
        cells: v.array(v.unknown()),
        object: v.nullish(
          v.looseObject({
            metadata: v.optional(
              v.looseObject({ name: v.optional(v.string()), namespace: v.optional(v.string()) }),
              {},
            ),
          }),
        ),
      }),
    ),
    [],
  ),
});

export const TABLE_TYPE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

export interface Row {
  name: string;
  namespace: string | undefined;
  cells: string[];
}

const kindOfName = sensitiveName({});

/** @param isWide with the columns that are only shown on demand */
export function rowsOf(table: v.InferOutput<typeof TABLE>, isWide: boolean): { columns: string[]; rows: Row[] } {
  const shown = table.columnDefinitions
    .map(({ name, priority }, index) => ({ name, index, isShown: isWide || priority === 0 }))
    .filter(({ isShown }) => isShown);
  const rows = (table.rows ?? []).map(({ cells, object }) => ({
    name: object?.metadata.name ?? cellText(cells[0]),
    namespace: object?.metadata.namespace,
    // A custom resource may have a column for what is secret.
    cells: shown.map(({ name, index }) => (kindOfName(name) === undefined ? cellText(cells[index]) : "[redacted]")),
  }));
  return { columns: shown.map(({ name }) => name.toUpperCase()), rows };
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return (typeof cell === "string" ? cell : JSON.stringify(cell)).replace(/[\t\n]+/g, " ");
}

/** Columns are parted by tabs: for a model padding is waste. */
export function tableText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, ...rows].map((cells) => cells.join("\t")).join("\n");
}
