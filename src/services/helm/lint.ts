/** The tool `helm_lint`: what is wrong with a chart, or could be better. */
import { join } from "node:path";
import { readdir } from "node:fs/promises";
import * as v from "valibot";
import { tool, type ToolCall } from "../tool.ts";
import { chartArguments, flag, valuesArgument } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import type { FoundChart } from "./chart-places.ts";
import { HelmWork } from "./helm-work.ts";

const FINDING = /^\[(ERROR|WARNING|INFO)\] ?(.*)$/;

export const lint = tool({
  name: "lint",
  title: "Examine a chart",
  description: "Whether a chart is well formed and renders with these values.",
  access: "read",
  toolset: "charts",
  payload: ["values"],
  input: v.strictObject({ ...chartArguments, values: valuesArgument, strict: flag("Warnings count as errors") }),
  output: v.object({ passed: v.boolean(), findings: v.array(v.unknown()) }),
  async run(input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const found = await backend.places.find(input);
    const path = found.isLocal ? found.name : await pulled(work, found);
    const flags = [...(await work.valuesFlags(input.values)), ...(input.strict === true ? ["--strict"] : [])];
    const end = await work.end({ could: "", args: ["lint", ...flags, "--", path] });
    const findings = work
      .masked(`${end.stdout}\n${end.stderr}`.replaceAll(path, found.name))
      .split("\n")
      .flatMap((line) => {
        const [, level, message] = FINDING.exec(line) ?? [];
        return level === undefined ? [] : [{ level: level.toLowerCase(), message: message ?? "" }];
      });
    const hasFailed = end.code !== 0;
    if (hasFailed && findings.length === 0) throw work.error(`examine ${found.name}`, end);
    const lines = findings.map(({ level, message }) => `${level}: ${message}`);
    return {
      data: { passed: !hasFailed, findings },
      text: [hasFailed ? "It does not pass." : "It passes.", ...lines].join("\n"),
    };
  },
});

/** @returns its folder, which is gone with the work */
async function pulled(work: HelmWork, { name, flags }: FoundChart): Promise<string> {
  const into = join(work.folder, "chart");
  const args = ["pull", ...flags, "--untar", `--untardir=${into}`, `--destination=${work.folder}`, "--", name];
  await work.text({ could: `fetch ${name}`, args });
  const folder = (await readdir(into, { withFileTypes: true })).find((entry) => entry.isDirectory());
  if (folder === undefined)
    throw work.error(`fetch ${name}`, { code: 0, stdout: "", stderr: "it has no folder in it" });
  return join(into, folder.name);
}
