/** `countsOf`: how many rows of a list have which value in a column: what a thousand pods are in ten lines. */
import { KmError } from "../../../errors.ts";
import type { Answer, ToolCall } from "../../tool.ts";
import type { Cluster } from "../cluster.ts";
import { tableText } from "./table.ts";
import { type Listing, walk } from "./walk.ts";

const AT_ONCE = 500;
const MOST_ROWS = 50_000;
const MOST_VALUES = 100;

/** @throws KmError SVC_001 for a column that is not there */
export async function countsOf(
  cluster: Cluster,
  listing: Listing,
  wanted: string,
  { signal, progress }: Pick<ToolCall<unknown>, "signal" | "progress">,
): Promise<Answer<{ tables: { kind: string; columns: string[]; rows: string[][] }[] }>> {
  const kinds = new Map<string, Map<string, number>>();
  let total = 0;
  let isCut = false;
  const whole = { ...listing, isWide: true, pageSize: AT_ONCE };
  for await (const { resource, columns, rows, remaining } of walk(cluster, whole, START, signal)) {
    const index = columns.indexOf(wanted.toUpperCase());
    const isNamespace = wanted.toUpperCase() === "NAMESPACE";
    if (index < 0 && !isNamespace) {
      throw new KmError("SVC_001", `Argument count_by: ${resource.plural} have no column ${JSON.stringify(wanted)}`, {
        hint: `There are: ${["NAMESPACE", ...columns].join(", ")}.`,
      });
    }
    const counts = kinds.get(resource.kind) ?? new Map<string, number>();
    kinds.set(resource.kind, counts);
    for (const { namespace, cells } of rows) {
      const value = isNamespace ? (namespace ?? "") : (cells[index] ?? "");
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    total += rows.length;
    progress(total, remaining === undefined ? undefined : total + remaining);
    isCut = total >= MOST_ROWS;
    if (isCut) break;
  }
  const tables = [...kinds].map(([kind, counts]) => {
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    const rest = sorted.slice(MOST_VALUES).reduce((sum, [, count]) => sum + count, 0);
    const rows = sorted.slice(0, MOST_VALUES).map(([value, count]) => [value, String(count)]);
    if (rest > 0) rows.push(["(others)", String(rest)]);
    return { kind, columns: [wanted.toUpperCase(), "COUNT"], rows };
  });
  return {
    data: { tables },
    text: tables.map(({ kind, columns, rows }) => `# ${kind}\n${tableText(columns, rows)}`).join("\n\n"),
    ...(isCut && { note: `Counted were the first ${total}: narrow it by a namespace or labels.` }),
  };
}

const START = { place: 0, token: undefined, skip: 0 };
