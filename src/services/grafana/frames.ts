/** What a query of a data source answers: frames, as columns of values; shown as series in short, or as rows. */
import * as v from "valibot";
import { type Labels, LABELS, seriesName } from "../labels.ts";
import { momentText } from "../moment.ts";
import { counted } from "../../counted.ts";

const FIELD = v.looseObject({
  name: v.optional(v.string(), ""),
  type: v.optional(v.string(), ""),
  labels: v.nullish(LABELS),
  config: v.nullish(v.looseObject({ displayNameFromDS: v.optional(v.string()) })),
});
const FRAME = v.looseObject({
  schema: v.looseObject({
    name: v.optional(v.string(), ""),
    fields: v.nullish(v.array(FIELD), []),
    meta: v.nullish(
      v.looseObject({ notices: v.nullish(v.array(v.looseObject({ text: v.optional(v.string(), "") })), []) }),
    ),
  }),
  data: v.nullish(v.looseObject({ values: v.nullish(v.array(v.array(v.unknown())), []) })),
});
export const RESULTS = v.object({
  results: v.record(
    v.string(),
    v.looseObject({
      error: v.optional(v.string()),
      status: v.optional(v.number()),
      frames: v.nullish(v.array(FRAME), []),
    }),
  ),
});
export type Frame = v.InferOutput<typeof FRAME>;

export interface Series {
  name: string;
  min: number | undefined;
  avg: number | undefined;
  max: number | undefined;
  first: number | undefined;
  last: number | undefined;
  points: number;
  /** Milliseconds since 1970 and the value; null where there is none. */
  values?: [number, number | null][];
}

export interface Table {
  columns: string[];
  total: number;
  rows: unknown[][];
}

export type Shown = { kind: "series"; series: Series } | { kind: "table"; table: Table };

/** @param isAll with the points themselves; @param mostRows of a table */
export function shownFrame(
  { schema, data }: Frame,
  { isAll, mostRows }: { isAll: boolean; mostRows: number },
): Shown[] {
  const fields = schema.fields ?? [];
  const columns = data?.values ?? [];
  const time = fields.findIndex(({ type }) => type === "time");
  const numbers = fields.flatMap(({ type }, index) => (type === "number" ? [index] : []));
  const isSeries = time >= 0 && numbers.length > 0 && fields.every(({ type }) => type === "time" || type === "number");
  if (isSeries) {
    return numbers.map((index) => {
      const times = columns[time] ?? [];
      const points = (columns[index] ?? []).map((value, at): [number, number | null] => [
        Number(times[at] ?? 0),
        typeof value === "number" ? value : null,
      ]);
      return { kind: "series", series: seriesOf(nameOf(fields[index], schema.name), points, isAll) };
    });
  }
  const total = Math.max(0, ...columns.map((column) => column.length));
  const rows = Array.from({ length: Math.min(total, mostRows) }, (_, at) =>
    fields.map(({ type }, index) => cell(columns[index]?.[at], type)),
  );
  const names = fields.map((field) => nameOf(field, ""));
  return fields.length === 0 ? [] : [{ kind: "table", table: { columns: names, total, rows } }];
}

export function seriesLine({ name, min, avg, max, last, points, values }: Series): string {
  if (values !== undefined)
    return [name, ...values.map(([at, value]) => `  ${momentText(at)}  ${value ?? ""}`)].join("\n");
  if (last === undefined) return `${name}  no values (${counted(points, "point")})`;
  if (points === 1) return `${name}  ${last}`;
  return `${name}  min ${short(min)} avg ${short(avg)} max ${short(max)}  last ${short(last)} (${counted(points, "point")})`;
}

export function tableLines({ columns, rows }: Table): string[] {
  const line = (cells: readonly unknown[]): string =>
    cells
      .map((one) => (typeof one === "string" ? one : (JSON.stringify(one) ?? "")).replace(/[\t\n]+/g, " "))
      .join("\t");
  return [columns.join("\t"), ...rows.map(line)];
}

function seriesOf(name: string, points: [number, number | null][], isAll: boolean): Series {
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  const isEmpty = values.length === 0;
  return {
    name,
    min: isEmpty ? undefined : min,
    avg: isEmpty ? undefined : sum / values.length,
    max: isEmpty ? undefined : max,
    first: values[0],
    last: values.at(-1),
    points: points.length,
    ...(isAll && { values: points }),
  };
}

function nameOf(field: v.InferOutput<typeof FIELD> | undefined, frame: string): string {
  const labels: Labels = field?.labels ?? {};
  const given = field?.config?.displayNameFromDS;
  if (given !== undefined && given !== "") return given;
  const own = field?.name === "Value" || field?.name === "value" ? frame : (field?.name ?? "");
  return Object.keys(labels).length === 0
    ? own || (field?.name ?? "")
    : seriesName({ ...(own !== "" && { __name__: own }), ...labels });
}

function cell(value: unknown, type: string): unknown {
  return type === "time" && typeof value === "number" ? momentText(value) : (value ?? null);
}

function short(value: number | undefined): string {
  return value === undefined ? "" : String(Number(value.toPrecision(6)));
}
