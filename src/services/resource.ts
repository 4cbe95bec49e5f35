/**
 * `resource`: what can be read of a service at an address: one thing, or, where the address has variables, many of a kind. Who may
 * read it, masking and bounds are the host's affair (`host/`).
 */
import * as v from "valibot";
import { type CompleterOf, completerOf, type Completers } from "./completer.ts";
import type { ResourceBody } from "./contents.ts";
import { UriTemplate } from "./uri-template.ts";

/** @template V variables of the address, B what the service's `open` has made */
export interface ResourceDefinition<V extends v.GenericSchema<unknown, Record<string, string>>, B> {
  /** `object` */
  name: string;
  title: string;
  /** What it is, one sentence. Models read it too. */
  description: string;
  mimeType?: string;
  /** `kubernetes://{context}/{namespace}/{kind}/{name}`: see `UriTemplate`. */
  uri: string;
  /** A tool by its full name, which shows the same: where it is not offered, this cannot be read either. */
  needs?: string;
  /** `v.strictObject` of the address's variables. Messages say what is allowed. */
  variables: V;
  complete?: Completers<v.InferInput<V>, NoInfer<B>>;
  /**
   * The one address of what is meant, where there are several: what a caller may read is decided by it too.
   *
   * @throws as `read`
   */
  identify?: (variables: v.InferOutput<V>, call: ResourceCall<B>) => Promise<string>;
  /** @throws KmError SVC_...; whatever else is thrown is a fault of km's own */
  read: (variables: v.InferOutput<V>, call: ResourceCall<B>) => Promise<ResourceBody>;
  /** Those that are shown without being asked for, few; one without variables is shown in any case. */
  list?: (call: ResourceCall<B>) => Promise<readonly ListedResource[]>;
  /**
   * The same text for as long as it is the same: asked again and again while somebody waits for a change.
   *
   * @throws as `read`
   */
  look?: (variables: v.InferOutput<V>, call: ResourceCall<B>) => Promise<string>;
}

export interface ResourceCall<B> {
  backend: B;
  signal: AbortSignal;
  /** Bytes that it may have. */
  mostBytes: number;
}

export interface ListedResource {
  uri: string;
  /** For people. */
  name: string;
  description?: string;
  mimeType?: string;
}

/** A resource whose variables' type is known to itself alone. */
export interface ServiceResource<B> {
  name: string;
  title: string;
  description: string;
  mimeType?: string;
  needs?: string;
  template: UriTemplate;
  completer: CompleterOf<B>;
  list: ((call: ResourceCall<B>) => Promise<readonly ListedResource[]>) | undefined;
  canBeWatched: boolean;
  /** @returns what is wrong with the variables, or how to go on; undefined for another resource's address */
  prepare(uri: string): { issues: readonly v.BaseIssue<unknown>[] } | PreparedResource<B> | undefined;
}

export interface PreparedResource<B> {
  issues?: undefined;
  identify(call: ResourceCall<B>): Promise<string>;
  read(call: ResourceCall<B>): Promise<ResourceBody>;
  look(call: ResourceCall<B>): Promise<string>;
}

export function resource<V extends v.GenericSchema<unknown, Record<string, string>>, B>(
  definition: ResourceDefinition<V, B>,
): ServiceResource<B> {
  const { uri, variables, complete, identify, read, list, look, ...rest } = definition;
  const template = new UriTemplate(uri);
  return {
    ...rest,
    template,
    list,
    canBeWatched: look !== undefined,
    completer: completerOf(complete),
    prepare(asked) {
      const found = template.match(asked);
      if (found === undefined) return undefined;
      const parsed = v.safeParse(variables, found, { abortPipeEarly: true });
      if (!parsed.success) return { issues: parsed.issues };
      return {
        identify: async (call) => (await identify?.(parsed.output, call)) ?? template.expand(found),
        read: async (call) => await read(parsed.output, call),
        look: async (call) => (await look?.(parsed.output, call)) ?? "",
      };
    },
  };
}
