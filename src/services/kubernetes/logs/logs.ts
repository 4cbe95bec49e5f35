/** The tool `kubernetes_logs`: the last lines of containers, those that are wanted of them. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, list, text } from "../../../guard/policy/schema-parts.ts";
import { momentArgument, momentText, parseMoment } from "../../moment.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { containerArgument, contextArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { podSecrets, unreadNote } from "../masking/pod-secrets.ts";
import { type LogSource, logSources } from "./log-sources.ts";
import { LogTail } from "./log-tail.ts";

const TARGET = "a pod such as web-0, or a workload such as deployment/web";
const TAIL = "a whole number from 1 to 5000";
const PARTS = "a list of 1 to 20 texts";
const partsArgument = v.pipe(list(text(PARTS, 300), PARTS), v.maxLength(20, PARTS));

const INPUT = v.strictObject({
  target: v.pipe(
    v.string(TARGET),
    v.check((text) => /^(?:[A-Za-z][A-Za-z0-9.-]{0,252}\/)?[^/%\s\p{Cc}]{1,253}$/u.test(text), TARGET),
    v.description("Pod, or deployment/web for all its pods"),
  ),
  namespace: namespaceArgument,
  container: containerArgument,
  previous: described("Of the container before its last restart", v.boolean("true or false")),
  tail: v.optional(
    v.pipe(
      v.number(TAIL),
      v.safeInteger(TAIL),
      v.minValue(1, TAIL),
      v.maxValue(5000, TAIL),
      v.description("Lines of each container; 100 unless given"),
    ),
    100,
  ),
  since: momentArgument("-10m, or a time"),
  contains: described("Only lines with any of these", partsArgument),
  excludes: v.optional(partsArgument),
  timestamps: v.optional(v.boolean("true or false")),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

interface ReadLog {
  pod: string;
  container: string;
  lines: number;
  log: string;
  /** What to give as `since` for what came later. */
  last?: string | undefined;
  problem?: string;
}

/** Where lines are looked for, so many are looked through. */
const SEARCHED_LINES = 20_000;
const SEARCHED_BYTES = 32 << 20;
const MOST_LINE_BYTES = 8 << 20;

export const logs = tool({
  name: "logs",
  title: "Logs",
  description: "The last lines of a pod's containers, or of all pods of a workload.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.object({ logs: v.array(v.looseObject({})) }),
  async run(input: Input, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const cluster = backend.cluster(input.context);
    const { sources, left } = await logSources(backend, input, signal);
    const share = Math.floor((mostBytes * 0.4) / sources.length);
    const unread = new Set<string>();
    const found = await Promise.all(
      sources.map(async (source) => {
        const read = await readLog(cluster, source, input, share, signal, sources.length > 1);
        for (const name of read.unread) unread.add(name);
        return read.log;
      }),
    );
    const notes = [
      ...found.filter((one) => one.isCut).map((one) => `${one.pod}/${one.container} has more lines than are shown.`),
      left > 0 ? `${left} more pods are not shown: name one.` : undefined,
      unreadNote([...unread].sort()),
    ].filter(Boolean);
    return {
      data: { logs: found.map(({ isCut: _isCut, ...one }) => one) },
      text: textOf(found),
      ...(notes.length > 0 && { note: notes.join(" ") }),
    };
  },
});

async function readLog(
  cluster: Cluster,
  { pod, container }: LogSource,
  input: Input,
  mostBytes: number,
  signal: AbortSignal,
  isOneOfMany: boolean,
): Promise<{ log: ReadLog & { isCut: boolean }; unread: string[] }> {
  const { contains = [], excludes = [] } = input;
  const isSearch = contains.length + excludes.length > 0;
  const tail = new LogTail(input.tail, mostBytes, { contains, excludes }, input.timestamps ?? false);
  const sinceMs = input.since === undefined ? undefined : parseMoment(input.since, Date.now());
  const request = {
    path: resourcePath(CORE.pods, pod.metadata.namespace, pod.metadata.name, "log"),
    query: {
      container,
      previous: input.previous,
      timestamps: true,
      tailLines: isSearch ? SEARCHED_LINES : input.tail,
      sinceTime: sinceMs === undefined ? undefined : momentText(Math.floor(sinceMs / 1000) * 1000),
    },
    signal,
    mostBytes: MOST_LINE_BYTES,
  };
  const { known, unread } = await podSecrets(cluster, pod, signal);
  let bytes = 0;
  let problem: string | undefined;
  try {
    for await (const line of cluster.lines(request)) {
      bytes += line.length;
      tail.add(known.mask(line));
      if (bytes > SEARCHED_BYTES) break;
    }
  } catch (error) {
    // Of several containers one may not have begun.
    if (!isOneOfMany || !(error instanceof KmError) || signal.aborted) throw error;
    problem = known.mask(error.message);
  }
  const log = {
    pod: pod.metadata.name,
    container,
    lines: tail.lines.length,
    log: tail.lines.join("\n"),
    ...(tail.last !== undefined && { last: tail.last }),
    ...(problem !== undefined && { problem }),
    isCut: tail.matched > tail.lines.length || bytes > SEARCHED_BYTES,
  };
  return { log, unread };
}

function textOf(found: ReadLog[]): string {
  return found
    .map(({ pod, container, log, problem }) => {
      const shown = problem ?? (log === "" ? "(no such lines)" : log);
      return found.length === 1 ? shown : `== ${pod}/${container}\n${shown}`;
    })
    .join("\n\n");
}
