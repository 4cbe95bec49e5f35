/** The tool `helm_test`: runs the tests that a chart has, as pods of the cluster. */
import * as v from "valibot";
import { described, list, text } from "../../guard/policy/schema-parts.ts";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { changeArguments, flag, releaseText } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import { changeFlags, LONGEST_CHANGE_MS } from "./change-flags.ts";
import { HelmWork } from "./helm-work.ts";
import { objectName } from "./manifest.ts";
import { readRelease, type Release } from "./read-release.ts";
import { counted } from "../../counted.ts";

const TEST = "the name of a test";
const NAMES = "a list of names of tests";

const INPUT = v.strictObject({
  name: releaseText,
  namespace: namespaceArgument,
  tests: described(
    "Default: all",
    list(
      v.pipe(
        text(TEST, 253),
        v.check((name) => /^[a-z0-9][a-z0-9.-]*$/.test(name), TEST),
      ),
      NAMES,
    ),
  ),
  logs: flag("Also what their pods write"),
  timeout: changeArguments.timeout,
  context: contextArgument,
});
type Input = v.InferOutput<typeof INPUT>;

export const testRelease = tool({
  name: "test",
  title: "Test a release",
  description: "Run the tests of a release's chart, as pods in its cluster.",
  access: "write",
  toolset: "changes",
  longestMs: LONGEST_CHANGE_MS,
  input: INPUT,
  output: v.object({ passed: v.boolean(), tests: v.array(v.unknown()) }),
  async run(input: Input, { backend, signal, mostBytes }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const before = testsOf(await readRelease(work, target, input.name, undefined), input.tests);
    if (before.length === 0)
      return { data: { passed: true, tests: [] }, text: "There are no such tests: nothing was run." };
    const { flags, longestMs } = changeFlags({ timeout: input.timeout });
    const filters = (input.tests ?? []).map((name) => `--filter=name=${name}`);
    const args = [
      "test",
      ...target.flags,
      ...flags,
      ...filters,
      ...(input.logs === true ? ["--logs"] : []),
      "--",
      input.name,
    ];
    const end = await work.end({ could: "", args, longestMs });
    const tests = testsOf(await readRelease(work, target, input.name, undefined), input.tests).map(
      ({ name, phase, completedAt }) => ({
        name,
        phase,
        completed_at: completedAt,
      }),
    );
    const isPassed = end.code === 0;
    if (!isPassed && tests.every(({ phase }) => phase !== "Failed" && phase !== "Running")) {
      throw work.error(`test ${input.name}`, end);
    }
    const logs = input.logs === true ? work.masked(`${end.stdout}\n${end.stderr}`).slice(-mostBytes / 2) : "";
    return {
      data: { passed: isPassed, tests },
      text: [
        isPassed ? "The tests have passed." : "The tests have not passed.",
        ...tests.map((one) => `${one.name}\t${one.phase}`),
        ...(logs === "" ? [] : [logs]),
      ].join("\n"),
    };
  },
  async preview(input: Input, { backend, signal }: ToolCall<HelmBackend>): Promise<Preview> {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const tests = testsOf(await readRelease(work, target, input.name, undefined), input.tests);
    return {
      summary: `Runs ${counted(tests.length, "test")} of ${target.namespace}/${input.name}`,
      detail: tests.flatMap(({ objects }) => objects.map(objectName)).join("\n"),
    };
  },
});

function testsOf({ hooks }: Release, names: string[] | undefined) {
  return hooks
    .filter(({ events }) => events.some((event) => event === "test" || event === "test-success"))
    .filter(({ name }) => names === undefined || names.includes(name));
}
