/** The tool `jaeger_trace`: one trace as a tree, its critical path, its errors, or spans with everything. */
import * as v from "valibot";
import { described, word } from "../../guard/policy/schema-parts.ts";
import { KmError } from "../../errors.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { type JaegerBackend, readerOf } from "./backend.ts";
import { criticalPath } from "./critical-path.ts";
import { childrenOf, milliseconds, type Span, summaryOf, type TraceSummary } from "./trace.ts";
import { summaryLine } from "./traces-tool.ts";

const ID = "the id of a trace: 16 or 32 hexadecimal digits";

export const trace = tool({
  name: "trace",
  title: "One trace",
  description: "A trace as tree, critical_path (where its time went), errors, or spans with tags and logs.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    id: v.pipe(v.string(ID), v.regex(/^[\da-f]{1,32}$/i, ID)),
    view: v.optional(word("tree", "critical_path", "errors", "spans"), "tree"),
    span: described(
      "One span's id",
      v.pipe(v.string("the id of a span"), v.regex(/^[\da-f]{1,16}$/i, "the id of a span")),
    ),
    search: searchArgument,
    ...listArguments(100),
  }),
  output: v.object({ spans: v.array(v.unknown()) }),
  async run(
    { id, view, span, search, limit, ...input },
    { backend, signal, mostBytes }: ToolCall<JaegerBackend>,
  ): Promise<Answer<OneTrace>> {
    const reader = await readerOf(backend, input.connection, signal);
    const found = await reader.trace(id, signal);
    if (found === undefined) {
      throw new KmError("SVC_006", `There is no trace ${id}`, {
        hint: "Find some with jaeger_traces; old ones are removed.",
      });
    }
    const summary = summaryOf(found);
    const wanted = (one: Span): boolean =>
      (span === undefined || one.id === span) &&
      hasWords(`${one.service} ${one.operation} ${JSON.stringify(one.tags)}`, search);
    const rows = ROWS[span === undefined ? view : "spans"](found.spans).filter(({ of }) => wanted(of));
    return listed(
      {
        all: rows,
        what: "spans",
        limit,
        token: input.continue,
        question: [id, view, span, search, input.connection],
        mostBytes,
        head: [summaryLine(summary), ...found.warnings].join("\n"),
        line: ({ line }) => line,
      },
      (items, total) => ({ trace: summary, total, spans: items.map(({ shown }) => shown) }),
    );
  },
});

interface OneTrace {
  trace: TraceSummary;
  total: number;
  spans: object[];
}

interface Row {
  of: Span;
  shown: object;
  line: string;
}

const ROWS: Record<"tree" | "critical_path" | "errors" | "spans", (spans: readonly Span[]) => Row[]> = {
  tree: treeRows,
  critical_path(spans) {
    const path = criticalPath(spans);
    const wholeUs = path.reduce((sum, { ownUs }) => sum + ownUs, 0);
    return path.map(({ span, ownUs, sections }) => {
      const percent = Math.round((ownUs / wholeUs) * 1000) / 10;
      const shown = { ...brief(span), ownMs: milliseconds(ownUs), percent, sections };
      return {
        of: span,
        shown,
        line: `${percent}%  ${shown.ownMs} ms  ${span.service}: ${span.operation}  (${span.id})`,
      };
    });
  },
  errors: (spans) => spans.filter(({ isError }) => isError).map(wholeRow),
  spans: (spans) => spans.toSorted((a, b) => a.startUs - b.startUs).map(wholeRow),
};

/** In the order of time, each below the one that called it. */
function treeRows(spans: readonly Span[]): Row[] {
  const children = childrenOf(spans);
  const startUs = spans.reduce((least, span) => Math.min(least, span.startUs), Infinity);
  const rows: Row[] = [];
  const open = (children.get("") ?? []).map((span) => ({ span, depth: 0 })).toReversed();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { span, depth } = next;
    const shown = { ...brief(span), depth, atMs: milliseconds(span.startUs - startUs) };
    const failed = span.isError ? "  ERROR" : "";
    const line = `${"  ".repeat(Math.min(depth, 40))}${span.service}: ${span.operation}  +${shown.atMs} ms  ${shown.durationMs} ms${failed}  (${span.id})`;
    rows.push({ of: span, shown, line });
    open.push(...(children.get(span.id) ?? []).map((child) => ({ span: child, depth: depth + 1 })).toReversed());
    children.delete(span.id);
  }
  return rows;
}

function brief(span: Span) {
  return {
    id: span.id,
    service: span.service,
    operation: span.operation,
    durationMs: milliseconds(span.durationUs),
    ...(span.isError && { error: true }),
  };
}

function wholeRow(span: Span): Row {
  const { parent, kind, startUs, tags, resource, logs, warnings } = span;
  const shown = {
    ...brief(span),
    ...(parent !== undefined && { parent }),
    kind,
    start: new Date(startUs / 1000).toISOString(),
    tags,
    ...(Object.keys(resource).length > 0 && { resource }),
    logs: logs.map(({ atUs, fields }) => ({ atMs: milliseconds(atUs - startUs), ...fields })),
    ...(warnings.length > 0 && { warnings }),
  };
  const pairs = (some: object): string =>
    Object.entries(some)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(" ");
  const head = `${span.service}: ${span.operation}  ${shown.durationMs} ms${span.isError ? "  ERROR" : ""}  (${span.id})`;
  return {
    of: span,
    shown,
    line: [
      head,
      `  ${pairs(tags)}`,
      ...(Object.keys(resource).length > 0 ? [`  in ${pairs(resource)}`] : []),
      ...shown.logs.map((one) => `  log ${pairs(one)}`),
    ].join("\n"),
  };
}
