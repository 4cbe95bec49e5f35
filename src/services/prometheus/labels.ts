/** The tool `prometheus_labels`: names of labels, or the values of one. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { sensitiveName } from "../../guard/redaction/names.ts";
import { listed } from "../listed.ts";
import { momentArgument, rangeOf } from "../moment.ts";
import { tool, type ToolCall } from "../tool.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { selectorsArgument } from "./arguments.ts";
import { ask, connectionOf, noteOf, type PrometheusBackend } from "./backend.ts";

const TEXTS = v.array(v.string());
const HOUR_MS = 3_600_000;
const secretOf = sensitiveName({});

export const labels = tool({
  name: "labels",
  title: "Labels and their values",
  description: "Names of labels, or the values of one; of all series or selected ones.",
  access: "read",
  toolset: "series",
  input: v.strictObject({
    label: described("Its values; names unless given", text("the name of a label", 500)),
    match: v.optional(selectorsArgument),
    search: searchArgument,
    start: momentArgument("Default -1h"),
    end: momentArgument("Default now"),
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), names: v.array(v.string()) }),
  async run(
    { label, match, search, start, end, limit, ...input },
    { backend, signal, mostBytes }: ToolCall<PrometheusBackend>,
  ) {
    const { startMs, endMs } = rangeOf({ start, end }, HOUR_MS);
    const range = { start: startMs / 1000, end: endMs / 1000 };
    const path = label === undefined ? "/api/v1/labels" : `/api/v1/label/${encodeURIComponent(label)}/values`;
    const connection = connectionOf(backend, input.connection);
    const { data, warnings } = await ask(connection, { path, query: { "match[]": match, ...range }, signal }, TEXTS);
    // A list of values has not the name beside each, by which secrets are known.
    const secret = label === undefined ? undefined : secretOf(label);
    const shown = secret === undefined ? data : data.map(() => `[redacted:${secret}]`);
    return listed(
      {
        all: shown.filter((one) => hasWords(one, search)),
        what: label === undefined ? "names" : `values of ${label}`,
        limit,
        token: input.continue,
        question: [label, match, search, start, end, input.connection],
        mostBytes,
        note: noteOf(...warnings),
        line: (one) => one,
      },
      (names, total) => ({ total, names }),
    );
  },
});
