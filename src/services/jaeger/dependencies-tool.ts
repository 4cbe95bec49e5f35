/** The tool `jaeger_dependencies`: which service calls which, as Jaeger has counted, or as traces of one show. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { momentArgument, rangeOf } from "../moment.ts";
import { KmError } from "../../errors.ts";
import { tool, type ToolCall } from "../tool.ts";
import { type JaegerBackend, readerOf } from "./backend.ts";
import { type Edge, edgesIn } from "./edges.ts";
import { counted } from "../../counted.ts";

const DAY_MS = 86_400_000;
const READ_TRACES = 100;

export const dependencies = tool({
  name: "dependencies",
  title: "Which service calls which",
  description: "Calls between services. from traces: computed of a service's newest traces, with errors and durations.",
  access: "read",
  toolset: "topology",
  input: v.strictObject({
    service: described("Only to and from this one", text("the name of a service")),
    from: v.optional(word("jaeger", "traces"), "jaeger"),
    start: momentArgument("Default -1d"),
    end: momentArgument("Default now"),
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), calls: v.array(v.unknown()) }),
  async run({ service, from, start, end, limit, ...input }, { backend, signal, mostBytes }: ToolCall<JaegerBackend>) {
    const { startMs, endMs } = rangeOf({ start, end }, DAY_MS);
    const reader = await readerOf(backend, input.connection, signal);
    let edges: Edge[];
    if (from === "jaeger") edges = await reader.dependencies(startMs, endMs, signal);
    else if (service === undefined) {
      throw new KmError("SVC_001", "Argument service is missing", {
        hint: "From traces, those of one service are read.",
      });
    } else edges = edgesIn(await reader.search({ service, tags: {}, startMs, endMs, limit: READ_TRACES }, signal));
    const all = edges
      .filter(
        ({ parent, child }) => from === "traces" || service === undefined || parent === service || child === service,
      )
      .toSorted((a, b) => b.calls - a.calls);
    const isEmpty = all.length === 0 && from === "jaeger";
    return listed(
      {
        all,
        what: "pairs of services",
        one: "pair of services",
        limit,
        token: input.continue,
        question: [service, from, start, end, input.connection],
        mostBytes,
        note: isEmpty ? "Some storages count only with a job of their own: try from traces." : undefined,
        line: ({ parent, child, calls, errors, meanMs }) =>
          [`${parent} -> ${child}  ${calls} calls`, errors && counted(errors, "error"), meanMs && `mean ${meanMs} ms`]
            .filter(Boolean)
            .join("  "),
      },
      (items, total) => ({ total, calls: items }),
    );
  },
});
