/** The tool `kubernetes_exec`: runs a command in a container. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { text } from "../../../guard/policy/schema-parts.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { attributesText, review } from "../admin/access-review.ts";
import { containerArgument, contextArgument, nameArgument, namespaceArgument, secondsArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { findObject } from "../find-object.ts";
import { podSecrets, unreadNote } from "../masking/pod-secrets.ts";
import { listAt, textAt } from "../../member.ts";
import { runInPod } from "./run-in-pod.ts";

const COMMAND = "a list of a program and its arguments, such as [ls, -l]";
const STDIN = "a text of at most 1 MB";

const INPUT = v.strictObject({
  pod: nameArgument,
  namespace: namespaceArgument,
  container: containerArgument,
  command: v.pipe(
    v.array(v.pipe(v.string(COMMAND), v.maxLength(10_000, COMMAND)), COMMAND),
    v.nonEmpty(COMMAND),
    v.maxLength(200, COMMAND),
    v.description("Program and arguments; there is no shell unless you start one"),
  ),
  stdin: v.optional(text(STDIN, 1 << 20)),
  timeout_seconds: secondsArgument("How long it may take", 30),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const exec = tool({
  name: "exec",
  title: "Run a command in a pod",
  description: "Run a command in a container; gives what it prints and its exit code.",
  access: "destructive",
  toolset: "exec",
  payload: ["stdin"],
  input: INPUT,
  output: v.object({ exitCode: v.optional(v.number()), stdout: v.string(), stderr: v.string() }),
  async run(input: Input, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const { place, object, container } = await containerOf(backend, input, signal);
    const { known, unread } = await podSecrets(place.cluster, object, signal);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(input.timeout_seconds * 1000)]);
    const share = Math.floor(mostBytes * 0.2);
    const { command, stdin } = input;
    const found = await runInPod(place.cluster, { path: place.path, container, command, stdin }, share, limit);
    const [stdout, stderr] = [known.mask(found.stdout), known.mask(found.stderr)];
    const { exitCode, problem } = found;
    const parts = [
      stdout,
      stderr === "" ? "" : `stderr:\n${stderr}`,
      exitCode === 0 ? "" : exitCode === undefined ? `No exit code: ${problem ?? ""}` : `Exit code ${exitCode}`,
    ];
    const notes = [found.isCut ? "More was printed than is shown." : undefined, unreadNote(unread)].filter(Boolean);
    return {
      data: { ...(exitCode !== undefined && { exitCode }), stdout, stderr, ...(problem !== undefined && { problem }) },
      text: parts.filter(Boolean).join("\n") || "It has printed nothing.",
      ...(notes.length > 0 && { note: notes.join(" ") }),
    };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const { place, container } = await containerOf(backend, input, signal);
    const needed = { verb: "create", group: "", resource: "pods", subresource: "exec", namespace: place.namespace };
    const isAllowed = await review(place.cluster, needed, signal);
    const summary = `Runs a command in ${place.shown}, container ${container}`;
    if (!isAllowed.isAllowed)
      throw new KmError("SVC_004", `This is not allowed to whom km speaks as: ${attributesText(needed)}`);
    return {
      summary,
      detail: [JSON.stringify(input.command), input.stdin && `stdin: ${input.stdin}`].filter(Boolean).join("\n"),
    };
  },
});

/** @throws KmError SVC_001 for a container that is not there, or where it is not clear which is meant */
async function containerOf(backend: KubernetesBackend, { pod, container, ...where }: Input, signal: AbortSignal) {
  const { object, ...place } = await findObject(backend, { kind: "v1/pod", name: pod, ...where }, "write", signal);
  const names = ["containers", "initContainers", "ephemeralContainers"].flatMap((list) =>
    listAt(object, "spec", list).map((one) => textAt(one, "name") ?? ""),
  );
  const usual = object.metadata.annotations?.["kubectl.kubernetes.io/default-container"] ?? names[0] ?? "";
  if (container !== undefined && !names.includes(container)) {
    throw new KmError("SVC_001", `Argument container: ${place.shown} has none called ${JSON.stringify(container)}`, {
      hint: `There are: ${names.join(", ")}.`,
    });
  }
  return { place, object, container: container ?? usual };
}
