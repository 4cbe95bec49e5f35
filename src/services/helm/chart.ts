/** The tool `helm_chart`: what a chart says of itself, its values, its readme, what it depends on, and how two versions differ. */
import * as v from "valibot";
import { parse } from "yaml";
import { unifiedDiff } from "../../clients/diff.ts";
import { KmError } from "../../errors.ts";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listAt, member, textAt } from "../member.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { chartArguments, versionArgument } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import type { FoundChart, NamedChart } from "./chart-places.ts";
import { HelmWork } from "./helm-work.ts";

const INPUT = v.strictObject({
  ...chartArguments,
  part: v.optional(word("chart", "values", "readme", "dependencies", "diff"), "chart"),
  from: v.optional(v.pipe(versionArgument, v.description("Of diff: the version to compare with"))),
  search: described("Of values or readme: only lines with it, and those around", text("a word", 200)),
});

interface Data {
  value: unknown;
}

const AROUND = 3;

export const chart = tool({
  name: "chart",
  title: "A chart",
  description:
    "What a chart is, its default values, readme or dependencies, or how its chart and values differ between versions.",
  access: "read",
  toolset: "charts",
  input: INPUT,
  output: v.object({ value: v.unknown() }),
  async run(
    input: v.InferOutput<typeof INPUT>,
    { backend, signal, mostBytes }: ToolCall<HelmBackend>,
  ): Promise<Answer<Data>> {
    await using work = await HelmWork.begin(backend, signal);
    const found = await backend.places.find(input);
    const { part, search } = input;
    const most = Math.floor(mostBytes * 0.45);
    switch (part) {
      case "values":
      case "readme": {
        const whole = await show(work, found, part);
        return cut(search === undefined ? whole : linesWith(whole, search), most);
      }
      case "chart":
      case "dependencies": {
        const read = parsed(await show(work, found, "chart"));
        if (part === "chart") {
          const { dependencies: _dependencies, ...value } = read;
          const names = listAt(read, "dependencies").map((one) => textAt(one, "name") ?? "");
          const data = names.length === 0 ? value : { ...value, dependencies: names };
          return cutValue(data, most);
        }
        const value = listAt(read, "dependencies").map((one) => ({
          name: textAt(one, "name"),
          version: textAt(one, "version"),
          repository: textAt(one, "repository"),
          condition: textAt(one, "condition"),
        }));
        const status = found.isLocal && value.length > 0 ? await dependencyStatus(work, found) : undefined;
        const lines = value.map((one) => [one.name, one.version, one.repository, one.condition].join("\t"));
        return {
          data: { value, ...(status !== undefined && { status }) },
          text: lines.length === 0 ? "It depends on no other chart." : (status ?? lines.join("\n")),
        };
      }
      case "diff":
        return cut(await difference(work, input), most);
    }
  },
});

async function show(work: HelmWork, { name, flags }: FoundChart, part: "chart" | "values" | "readme"): Promise<string> {
  const step = { could: `read the chart ${name}`, args: ["show", part, ...flags, "--", name], mostBytes: 8 << 20 };
  return work.masked(await work.text(step));
}

async function difference(
  work: HelmWork,
  { from, ...named }: NamedChart & { from?: string | undefined },
): Promise<string> {
  if (from === undefined) throw new KmError("SVC_001", "Argument from is missing: the version to compare with");
  const [old, now] = [
    await work.backend.places.find({ ...named, version: from }),
    await work.backend.places.find(named),
  ];
  if (now.isLocal)
    throw new KmError("SVC_001", "Argument part: diff is for charts that have versions, and a folder has one");
  const lines: string[] = [];
  for (const part of ["chart", "values"] as const) {
    const [before, after] = [await show(work, old, part), await show(work, now, part)];
    lines.push(...unifiedDiff(part === "chart" ? "Chart.yaml" : "values.yaml", before, after).map((line) => line.text));
  }
  return lines.length === 0 ? "Chart and values are the same." : lines.join("\n");
}

/** Which of them are in the folder of the chart: `helm dependency list`. */
async function dependencyStatus(work: HelmWork, { name }: FoundChart): Promise<string> {
  const text = await work.text({ could: `list what ${name} depends on`, args: ["dependency", "list", "--", name] });
  return text.trim().replace(/[ \t]*\t[ \t]*/g, "\t");
}

function parsed(yaml: string): Record<string, unknown> {
  let read: unknown;
  try {
    read = parse(yaml);
  } catch {
    read = undefined;
  }
  if (typeof member(read, "name") === "string") return Object.fromEntries(Object.entries(Object(read)));
  throw new KmError("SVC_008", "helm shows a chart that has no name");
}

function cutValue(value: Record<string, unknown>, most: number): Answer<Data> {
  const lines = Object.entries(value).map(
    ([name, one]) => `${name}: ${typeof one === "string" ? one : JSON.stringify(one)}`,
  );
  const { text, note } = cut(lines.join("\n"), most);
  return {
    data: { value: note === undefined ? value : (text ?? "") },
    text: text ?? "",
    ...(note !== undefined && { note }),
  };
}

function cut(whole: string, most: number): Answer<Data> {
  const bytes = Buffer.from(whole);
  if (bytes.length <= most) return { data: { value: whole }, text: whole };
  const kept = new TextDecoder().decode(bytes.subarray(0, most)).replace(/\ufffd+$/, "");
  return {
    data: { value: kept },
    text: kept,
    note: `Shown are the first ${kept.length} of ${whole.length} characters; search shows the lines with a word.`,
  };
}

function linesWith(whole: string, search: string): string {
  const lines = whole.split("\n");
  const shown = new Set<number>();
  const wanted = search.toLowerCase();
  for (const [index, line] of lines.entries()) {
    if (!line.toLowerCase().includes(wanted)) continue;
    for (let near = index - AROUND; near <= index + AROUND; near++)
      if (near >= 0 && near < lines.length) shown.add(near);
  }
  const kept = [...shown].sort((a, b) => a - b);
  return kept
    .map((index, at) => `${at > 0 && kept[at - 1] !== index - 1 ? "...\n" : ""}${index + 1}: ${lines[index] ?? ""}`)
    .join("\n");
}
