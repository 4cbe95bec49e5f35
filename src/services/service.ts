/**
 * `Service`: one kind of backend that km serves tools for, and prompts and resources: prometheus, kubernetes, a database. Each has a folder here, whose
 * `service.ts` has one of these as its default export; `services.ts` lists them.
 */
import type * as v from "valibot";
import type { BackendCache } from "./backend/cache.ts";
import type { Redactor } from "../guard/redaction/redact.ts";
import type { ReferenceSources } from "../servers/references.ts";
import type { ServicePrompt } from "./prompt.ts";
import type { ServiceResource } from "./resource.ts";
import type { ServiceTool } from "./tool.ts";

/** @template C its part of services.yaml, as its schema makes it; B what its tools work with */
export interface Service<C = unknown, B = unknown> {
  /** In front of the names of its tools: `prometheus` and `_query`. */
  name: string;
  /** `Prometheus` */
  title: string;
  /** What it is for, one sentence. Models read it too. */
  description: string;
  /** Of its part of services.yaml; what is not there has a default. Messages say what is allowed, as those of schema-parts.ts do. */
  config: v.GenericSchema<unknown, C>;
  /** Short ways to say on the command line what services.yaml can: `--root` for `roots`. */
  flags?: Record<string, ServiceFlag>;
  tools: readonly ServiceTool<B>[];
  /** What people choose, few. */
  prompts?: readonly ServicePrompt<B>[];
  resources?: readonly ServiceResource<B>[];
  /**
   * Called once, before the first use. Contacts nobody: a backend that is down takes no other service with it.
   *
   * @throws KmError for a configuration that cannot be used
   */
  open(config: C, around: Surroundings): Promise<B>;
  /** Whether its backends can be used now, one answer each. Never throws. */
  probe?(backend: B, signal: AbortSignal): Promise<Probe[]>;
  close?(backend: B): Promise<void>;
}

export interface ServiceFlag {
  /** Where the value stands in the service's part of services.yaml. */
  key: string;
  valueHint: string;
  description: string;
  /** May be given several times: a list. */
  repeat?: true;
}

export interface Probe {
  /** Of the connection or context; the service's own where it has one alone. */
  name: string;
  isReady: boolean;
  /** One sentence: the version that was found, or why it cannot be used. */
  detail: string;
}

/** What a service gets of the process that it is in. */
export interface Surroundings {
  env: Record<string, string | undefined>;
  /** The user's, where there is one. */
  home: string | undefined;
  references: ReferenceSources;
  cache: BackendCache;
  /** By the user's rules; what goes out passes it anyway. */
  redactor: Redactor;
  /** For the operator, on stderr. */
  say(text: string): void;
}
