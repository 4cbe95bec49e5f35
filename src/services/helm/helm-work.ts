/** `HelmWork`: what one call does with helm: in a folder of its own, and with what it has seen to be secret masked. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { KnownSecrets } from "../kubernetes/masking/known-secrets.ts";
import type { HelmBackend } from "./backend.ts";
import { helmError } from "./helm-error.ts";
import type { HelmEnd } from "./helm-program.ts";
import { addValues } from "./known-values.ts";
import { ScratchFolder } from "./scratch-folder.ts";

export interface Step {
  /** `install web`: it completes "helm could not ..." */
  could: string;
  args: readonly string[];
  longestMs?: number;
  mostBytes?: number;
}

export class HelmWork implements AsyncDisposable {
  readonly backend: HelmBackend;
  readonly signal: AbortSignal;
  readonly known = new KnownSecrets();
  readonly #scratch: ScratchFolder;

  private constructor(backend: HelmBackend, scratch: ScratchFolder, signal: AbortSignal) {
    this.backend = backend;
    this.#scratch = scratch;
    this.signal = signal;
  }

  static async begin(backend: HelmBackend, signal: AbortSignal): Promise<HelmWork> {
    return new HelmWork(backend, await ScratchFolder.make(), signal);
  }

  get folder(): string {
    return this.#scratch.path;
  }

  /** What helm has written to stdout. @throws KmError as HelmProgram, and what `helmError` makes of its failure */
  async text(step: Step): Promise<string> {
    const end = await this.end(step);
    if (end.code === 0) return end.stdout;
    throw this.error(step.could, end);
  }

  /** The same as JSON. @throws as `text`, and SVC_008 for what is something else */
  async json<S extends v.GenericSchema>(step: Step, schema: S): Promise<v.InferOutput<S>> {
    const text = await this.text(step);
    const read = v.safeParse(schema, parsed(text));
    if (read.success) return read.output;
    throw new KmError("SVC_008", `helm ${step.args[0] ?? ""} answered with something else than expected`, {
      hint: `helm ${(await this.version()).text} may be newer than what km knows, or helm.command names another program.`,
    });
  }

  /** However it has ended. @throws KmError as HelmProgram */
  async end({ args, longestMs, mostBytes }: Step): Promise<HelmEnd> {
    const env = await this.backend.environment(this.folder, this.signal);
    return await this.backend.program.run({
      args,
      folder: this.folder,
      env,
      signal: this.signal,
      ...(longestMs !== undefined && { longestMs }),
      ...(mostBytes !== undefined && { mostBytes }),
    });
  }

  async version() {
    return await this.backend.program.version(this.folder, this.signal);
  }

  error(could: string, { stderr, stdout }: HelmEnd): KmError {
    return helmError(could, stderr.trim() === "" ? stdout : stderr, (text) => this.masked(text));
  }

  /** The flag that hands them over: they are in a file for this call, never on the command line. */
  async valuesFlags(values: Record<string, unknown> | undefined): Promise<string[]> {
    if (values === undefined) return [];
    addValues(this.known, values);
    return [`--values=${await this.#scratch.write(JSON.stringify(values))}`];
  }

  masked(text: string): string {
    return this.backend.redactor.redact(this.known.mask(text)).text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
