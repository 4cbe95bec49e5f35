/** `runInPod`: runs a command in a container, with what it prints and how it ends. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { listAt, textAt } from "../../member.ts";
import { openChannels } from "./channel-socket.ts";

export interface PodCommand {
  /** Of the pod, at its API server. */
  path: string;
  container: string;
  command: readonly string[];
  stdin: string | undefined;
}

export interface PodOutput {
  stdout: string;
  stderr: string;
  /** Undefined where it is not known: it was left behind. */
  exitCode: number | undefined;
  /** Why there is no exit code. */
  problem: string | undefined;
  /** More was printed than is kept. */
  isCut: boolean;
}

const [STDIN, STDOUT, STDERR, STATUS] = [0, 1, 2, 3];
/** Its one byte names the channel that ends; only v5 has it. */
const CLOSE = 255;
/** What prints more than so much is left to itself. */
const MOST_READ = 16 << 20;
const RESULT = v.looseObject({
  status: v.optional(v.string()),
  message: v.optional(v.string()),
  reason: v.optional(v.string()),
});

/** @param mostBytes that are kept of each stream */
export async function runInPod(
  cluster: Cluster,
  { path, container, command, stdin }: PodCommand,
  mostBytes: number,
  signal: AbortSignal,
): Promise<PodOutput> {
  const query = new URLSearchParams({ container, stdout: "true", stderr: "true" });
  if (stdin !== undefined) query.set("stdin", "true");
  for (const word of command) query.append("command", word);
  const [stdout, stderr, said] = [new Kept(mostBytes), new Kept(mostBytes), new Kept(1 << 16)];
  const streams = new Map([
    [STDOUT, stdout],
    [STDERR, stderr],
    [STATUS, said],
  ]);
  const ended = Promise.withResolvers<string | undefined>();
  let read = 0;
  const channels = await openChannels(
    cluster,
    `${path}/exec?${query.toString()}`,
    stdin === undefined ? ["v5.channel.k8s.io", "v4.channel.k8s.io"] : ["v5.channel.k8s.io"],
    {
      message(channel, bytes) {
        streams.get(channel)?.add(bytes);
        read += bytes.length;
        if (read > MOST_READ) ended.resolve("it prints without end, and was left to itself");
      },
      closed: ended.resolve,
    },
    signal,
  );
  const late = (): void => ended.resolve("it has not ended in time, and may go on by itself");
  signal.addEventListener("abort", late, { once: true });
  if (stdin !== undefined) {
    channels.send(STDIN, Buffer.from(stdin));
    channels.send(CLOSE, new Uint8Array([STDIN]));
  }
  const why = await ended.promise;
  signal.removeEventListener("abort", late);
  channels.close();
  const status = said.text;
  const { exitCode, problem } = status === "" ? { exitCode: undefined, problem: undefined } : resultOf(status);
  return {
    stdout: stdout.text,
    stderr: stderr.text,
    exitCode,
    problem: exitCode === undefined ? (problem ?? why ?? "it has not said how it ended") : undefined,
    isCut: stdout.isCut || stderr.isCut,
  };
}

/** @throws KmError SVC_007 where it could not be started */
function resultOf(text: string): { exitCode: number | undefined; problem: string | undefined } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { exitCode: undefined, problem: "it has ended in a way that cannot be understood" };
  }
  const { status, message, reason } = v.parse(RESULT, value);
  if (status === "Success") return { exitCode: 0, problem: undefined };
  const details = v.safeParse(v.looseObject({ details: v.looseObject({}) }), value);
  const causes = details.success ? listAt(details.output, "details", "causes") : [];
  const code = causes.find((one) => textAt(one, "reason") === "ExitCode");
  if (reason === "NonZeroExitCode" && code !== undefined) {
    return { exitCode: Number(textAt(code, "message") ?? "1"), problem: undefined };
  }
  throw new KmError("SVC_007", `The command could not be run: ${message ?? reason ?? "for an unknown reason"}`);
}

class Kept {
  readonly #most: number;
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  isCut = false;

  constructor(most: number) {
    this.#most = most;
  }

  add(bytes: Uint8Array): void {
    const part = bytes.slice(0, Math.max(0, this.#most - this.#size));
    this.isCut ||= part.length < bytes.length;
    this.#size += part.length;
    if (part.length > 0) this.#parts.push(part);
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString("utf8");
  }
}
