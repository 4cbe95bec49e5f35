/**
 * `tool`: one tool of a service. What it takes and gives are schemas, from which clients are told; what comes in is checked by
 * them before `run` sees it. Access, confirmation, masking and bounds are the host's affair (`host/`).
 */
import * as v from "valibot";
import type { Media, ResourceBody } from "./contents.ts";
import type { Ask } from "./question.ts";
import type { ListedResource } from "./resource.ts";

/**
 * `read` changes nothing anywhere. `write` adds, or changes what can be changed back. `destructive` may lose something: data,
 * a running process, a state that nobody wrote down.
 */
export type Access = "read" | "write" | "destructive";

/** @template I arguments, O data, B what the service's `open` has made */
export interface ToolDefinition<I extends v.GenericSchema, O extends v.GenericSchema, B> {
  /** Behind the service's name: `query` is `prometheus_query` to clients. */
  name: string;
  title: string;
  /** For models: what it gives and when to use it, one or two sentences. */
  description: string;
  access: Access;
  /** To do it twice is the same as once; unless given, so for `read` alone. */
  isIdempotent?: boolean;
  /** `core` is there unless other toolsets are asked for: keep it small. */
  toolset: string;
  /** How long it may take where that is part of what it does, such as to wait; unless given, what `limits.timeout` says. */
  longestMs?: number;
  /** Arguments that are contents, which may be secret in any form: the audit says only how long they are. */
  payload?: readonly string[];
  /** In the audit in place of arguments as they came, where they hold secrets in a form that only the tool knows. */
  recorded?: (args: Record<string, unknown>) => Record<string, unknown>;
  /** `v.strictObject` or `mapping` of schema-parts.ts; each argument described in few words. Messages say what is allowed. */
  input: I;
  /** `v.object` or `v.looseObject` of the members that matter: it is sent with each list of tools, so keep it shallow. */
  output: O;
  /** @throws KmError SVC_...; whatever else is thrown is a fault of km's own */
  run: (input: v.InferOutput<I>, call: ToolCall<B>) => Promise<Answer<Plain<v.InferInput<O>>>>;
  /**
   * What `run` would do, found out without doing it. A tool that has it takes `dry_run` too, and shows this where a person is
   * asked; what is `destructive` must have it.
   *
   * @throws as `run`
   */
  preview?: (input: v.InferOutput<I>, call: ToolCall<B>) => Promise<Preview>;
}

/** Without the index signatures that loose objects have: an interface fits, whatever else it has. */
type Plain<T> = T extends readonly (infer U)[]
  ? readonly Plain<U>[]
  : T extends object
    ? { [K in keyof T as string extends K ? never : K]: Plain<T[K]> }
    : T;

export interface ToolCall<B> {
  backend: B;
  /** Aborted when nobody waits for the answer any more, or its time is over. */
  signal: AbortSignal;
  /** Tells the client how far it is; `total` where that is known. */
  progress(done: number, total?: number, message?: string): void;
  /** Not within what is destructive: there a person is asked already. */
  ask: Ask;
  /** Bytes that an answer should stay within; what is over is cut, or refused. */
  mostBytes: number;
}

/** What a tool has found. Secrets are masked in all of it once more before it goes out. */
export interface Answer<D> {
  /** As `output` says. */
  data: D;
  /** The same for a reader, compact: a table, the text itself. Unless given, `data` as JSON. */
  text?: string;
  /** Where there is more: what the argument `continue` of the next call has to be. */
  next?: string;
  /** What is missing from it, and how to get that: one sentence. */
  note?: string;
  /** Texts of it that are what was asked for, though they look like secrets: a URL with a signature. They are not masked. */
  unmasked?: string[];
  /** Further parts. */
  images?: Media[];
  sounds?: Media[];
  resources?: (ResourceBody & { uri: string })[];
  /** Where there is more of it: addresses of resources. Those that the caller may not read are left out. */
  links?: ListedResource[];
}

export interface Preview {
  /** What would happen, one sentence: "Deletes the pod web-0 in shop". */
  summary: string;
  /** Changes, as `diff -u` has them, or other details. */
  detail?: string;
  /**
   * A person's consent holds as long as this is the same. Unless given, `summary` and `detail`: give it where they have what
   * changes by itself, such as a time or the next number of a sequence.
   */
  bound?: string;
}

/** A tool whose arguments' type is known to itself alone. */
export interface ServiceTool<B> {
  name: string;
  title: string;
  description: string;
  access: Access;
  isIdempotent: boolean;
  toolset: string;
  longestMs?: number;
  payload?: readonly string[];
  recorded?: (args: Record<string, unknown>) => Record<string, unknown>;
  input: v.GenericSchema;
  output: v.GenericSchema;
  hasPreview: boolean;
  /** @returns what is wrong with the arguments, or how to go on */
  prepare(args: unknown): { issues: readonly v.BaseIssue<unknown>[] } | PreparedCall<B>;
}

export interface PreparedCall<B> {
  issues?: undefined;
  run(call: ToolCall<B>): Promise<Answer<unknown>>;
  preview: ((call: ToolCall<B>) => Promise<Preview>) | undefined;
}

/** @throws TypeError for one that may destroy something and cannot say what */
export function tool<I extends v.GenericSchema, O extends v.GenericSchema, B>(
  definition: ToolDefinition<I, O, B>,
): ServiceTool<B> {
  const { run, preview, access, isIdempotent = access === "read", ...rest } = definition;
  if (access === "destructive" && preview === undefined) throw new TypeError(`${rest.name} has no preview`);
  return {
    ...rest,
    access,
    isIdempotent,
    hasPreview: preview !== undefined,
    prepare(args) {
      const parsed = v.safeParse(rest.input, args, { abortPipeEarly: true });
      if (!parsed.success) return { issues: parsed.issues };
      return {
        run: (call) => run(parsed.output, call),
        preview: preview && ((call) => preview(parsed.output, call)),
      };
    },
  };
}
