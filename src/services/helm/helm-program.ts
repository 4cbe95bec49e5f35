/**
 * `HelmProgram`: runs the program `helm`: without a shell, in an empty folder, so that no name means a file that happens to be
 * there. What it may write, and how long it may take, is bounded; one that nobody waits for is ended with all that it has started.
 */
import { KmError, systemReason } from "../../errors.ts";
import { pause } from "../../process/pause.ts";
import { endGroup } from "../../process/process-group.ts";
import { withoutWithheld } from "../../withheld-variables.ts";

export interface HelmCall {
  args: readonly string[];
  /** The folder that it runs in. */
  folder: string;
  /** Besides those of all calls. */
  env?: Record<string, string>;
  signal: AbortSignal;
  /** After which it is ended; unless given, only the signal ends it. */
  longestMs?: number;
  /** Of what it writes to stdout; more is an error. */
  mostBytes?: number;
}

export interface HelmEnd {
  code: number;
  stdout: string;
  stderr: string;
}

export interface HelmVersion {
  /** `v3.6.2` */
  text: string;
  major: number;
  minor: number;
}

/** The oldest one that the tests run against. */
export const OLDEST = { major: 3, minor: 6 };

const MOST_BYTES = 32 << 20;
const MOST_SAID = 64 << 10;
/** It writes down that a release has failed before it ends. */
const PATIENCE_MS = 5000;
const VERSION_MS = 20_000;
/** What it has started may hold its output open. */
const REST_MS = 1000;
/** What it writes in front of its answer, some versions of it to stdout, where the chart comes from a registry. */
const PULLED = /^Pulled: \S+\nDigest: \S+\n/;
/** They would choose a cluster and a namespace behind the back of the call, or write what nobody reads. */
const UNWANTED = /^HELM_(?:NAMESPACE|KUBE\w*|DEBUG|BIN|BURST_LIMIT|QPS)$/;

export class HelmProgram {
  readonly #command: string;
  readonly #env: Record<string, string>;
  #version: Promise<HelmVersion> | undefined;

  /** @param own variables of all calls */
  constructor(command: string, env: Record<string, string | undefined>, own: Record<string, string>) {
    this.#command = command;
    const kept = Object.entries(withoutWithheld(env)).filter(([name]) => !UNWANTED.test(name));
    this.#env = { ...Object.fromEntries(kept), ...own };
  }

  /**
   * What it has written, however it ended.
   *
   * @throws KmError SVC_003 where there is none, or it takes too long; SVC_008 for too old a one and for more than may be written
   */
  async run(call: HelmCall): Promise<HelmEnd> {
    await this.version(call.folder, call.signal);
    return await this.#run(call);
  }

  /** Asked for once. @throws as `run` */
  async version(folder: string, signal: AbortSignal): Promise<HelmVersion> {
    this.#version ??= this.#readVersion(folder, signal);
    try {
      return await this.#version;
    } catch (error) {
      this.#version = undefined;
      throw error;
    }
  }

  async #readVersion(folder: string, signal: AbortSignal): Promise<HelmVersion> {
    const args = ["version", "--short"];
    const { code, stdout, stderr } = await this.#run({ args, folder, signal, longestMs: VERSION_MS, mostBytes: 4096 });
    const [, major, minor, rest = ""] = /v(\d+)\.(\d+)(\.[\w.-]+)?/.exec(stdout) ?? [];
    if (major === undefined) {
      throw new KmError("SVC_008", `${this.#command} does not say its version as helm does`, {
        hint: `It ended with ${code}${stderr === "" ? "" : ` and said ${JSON.stringify(stderr.trim().slice(0, 200))}`}. See helm.command in services.yaml.`,
      });
    }
    const version = { text: `v${major}.${minor}${rest}`, major: Number(major), minor: Number(minor) };
    if (version.major > OLDEST.major || (version.major === OLDEST.major && version.minor >= OLDEST.minor))
      return version;
    throw new KmError("SVC_008", `${this.#command} is Helm ${version.text}, which is too old`, {
      hint: `Helm ${OLDEST.major}.${OLDEST.minor} or newer is needed.`,
    });
  }

  async #run({ args, folder, env = {}, signal, longestMs, mostBytes = MOST_BYTES }: HelmCall): Promise<HelmEnd> {
    signal.throwIfAborted();
    const child = this.#start(args, folder, env);
    const end = (): void => void endGroup(child.pid, PATIENCE_MS);
    let isLate = false;
    let isTooLong = false;
    const late = (): void => {
      isLate = true;
      end();
    };
    const timer = longestMs === undefined ? undefined : setTimeout(late, longestMs);
    signal.addEventListener("abort", late, { once: true });
    try {
      const tooLong = (): void => {
        isTooLong = true;
        end();
      };
      const reading = Promise.all([readAll(child.stdout, mostBytes, tooLong), readEnd(child.stderr, MOST_SAID)]);
      const code = await child.exited;
      await Promise.race([reading, pause(REST_MS)]);
      await endGroup(child.pid, 0);
      const [stdout, stderr] = await reading;
      if (isLate) throw this.#late(args, longestMs);
      if (isTooLong) throw tooMuch(args, mostBytes);
      return {
        code,
        stdout: args.some((arg) => arg.startsWith("oci://")) ? stdout.replace(PULLED, "") : stdout,
        stderr,
      };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", late);
    }
  }

  #start(args: readonly string[], folder: string, env: Record<string, string>) {
    const all = { ...this.#env, ...env };
    const program = this.#command.includes("/") ? this.#command : Bun.which(this.#command, { PATH: all["PATH"] ?? "" });
    if (program === null) throw this.#missing("there is none on the PATH");
    try {
      return Bun.spawn([program, ...args], {
        cwd: folder,
        env: all,
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        detached: true,
      });
    } catch (error) {
      throw this.#missing(systemReason(error), error);
    }
  }

  #missing(why: string, cause?: unknown): KmError {
    return new KmError("SVC_003", `Cannot start ${this.#command}: ${why}`, {
      hint: "Install Helm 3, or say where it is: helm.command in services.yaml, or km serve helm --helm <file>.",
      cause,
    });
  }

  #late(args: readonly string[], longestMs: number | undefined): KmError {
    const after = longestMs === undefined ? "in time" : `within ${Math.round(longestMs / 1000)} s`;
    return new KmError("SVC_003", `helm ${args[0] ?? ""} has not ended ${after}, and was ended`, {
      hint: "See that the cluster and the repositories can be reached, or allow more time.",
    });
  }
}

function tooMuch(args: readonly string[], mostBytes: number): KmError {
  return new KmError("SVC_008", `helm ${args[0] ?? ""} wrote more than ${mostBytes >> 10} KB, and was ended`, {
    hint: "Ask for less: a namespace, one version, one part.",
  });
}

async function readAll(stream: ReadableStream<Uint8Array>, mostBytes: number, tooLong: () => void): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    const isFirst = size <= mostBytes;
    size += part.length;
    if (size <= mostBytes) parts.push(part);
    else if (isFirst) tooLong();
  }
  return Buffer.concat(parts).toString("utf8");
}

async function readEnd(stream: ReadableStream<Uint8Array>, mostBytes: number): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const part of stream) kept = Buffer.concat([kept, part]).subarray(-mostBytes);
  return kept.toString("utf8");
}
