/**
 * `OpenedServices`: the services that were chosen, ready to be called. Each is opened when it is first used, and what is wrong
 * with one is none of the others' affair.
 */
import { BackendCache } from "./backend/cache.ts";
import type { Settings } from "./config/settings.ts";
import { KmError, messageOf } from "../errors.ts";
import { isMapping } from "../is-mapping.ts";
import type { ServicePrompt } from "./prompt.ts";
import type { ServiceResource } from "./resource.ts";
import type { Probe, Surroundings } from "./service.ts";
import type { AnyService } from "./services.ts";
import type { ServiceTool } from "./tool.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Of all chosen services, whatever may be used of it. */
export interface Served {
  tools: readonly ServedTool[];
  prompts: readonly ServedPrompt[];
  resources: readonly ServedResource[];
}

export interface ServedPrompt {
  /** `kubernetes_troubleshoot` */
  fullName: string;
  service: string;
  prompt: ServicePrompt<unknown>;
  backend(): Promise<unknown>;
}

export interface ServedResource {
  service: string;
  resource: ServiceResource<unknown>;
  backend(): Promise<unknown>;
}

export interface ServedTool {
  /** `prometheus_query` */
  fullName: string;
  service: string;
  // What the service's own `open` gives to the service's own tools.
  tool: ServiceTool<unknown>;
  /** It has one connection: which one is meant need not be said, nor that it could be. */
  hasOneConnection: boolean;
  backend(): Promise<unknown>;
}

export interface ServiceProbe extends Probe {
  service: string;
}

export class OpenedServices {
  readonly cache: BackendCache;
  readonly services: readonly AnyService[];
  readonly #backends = new Map<string, Promise<unknown>>();
  readonly #configs: ReadonlyMap<string, unknown>;
  readonly #around: Surroundings;
  readonly served: Served;

  constructor(services: readonly AnyService[], settings: Settings, around: Omit<Surroundings, "cache">) {
    this.services = services;
    this.cache = new BackendCache(settings.host.cacheBytes);
    this.#configs = settings.services;
    this.#around = { ...around, cache: this.cache };
    this.served = servedOf(services, settings, (service) => this.#backend(service));
  }

  /** Of those that know how to; never throws. */
  async probe(signal: AbortSignal): Promise<ServiceProbe[]> {
    const probes = this.services.map(async (service): Promise<ServiceProbe[]> => {
      const { name } = service;
      try {
        const backend = await this.#backend(service);
        const none = [{ name, isReady: true, detail: "it has no backend to ask" }];
        const found = service.probe === undefined ? none : await unlessAborted(service.probe(backend, signal), signal);
        return found.map((one) => ({ service: name, ...one }));
      } catch (error) {
        const detail = signal.aborted ? "it has not answered in time" : withHint(error);
        return [{ service: name, name, isReady: false, detail }];
      }
    });
    return (await Promise.all(probes)).flat();
  }

  /** Never throws: what cannot be closed ends with km. */
  async close(): Promise<void> {
    await Promise.allSettled(
      this.services.map(async (service) => {
        const backend = await this.#backends.get(service.name)?.catch(() => undefined);
        if (backend !== undefined) await service.close?.(backend);
      }),
    );
  }

  /** What could not be opened is tried again the next time. */
  #backend(service: AnyService): Promise<unknown> {
    let backend = this.#backends.get(service.name);
    if (backend === undefined) {
      backend = service.open(this.#configs.get(service.name), this.#around);
      this.#backends.set(service.name, backend);
      backend.catch(() => this.#backends.delete(service.name));
    }
    return backend;
  }
}

/** What cannot be opened is configured wrong mostly. */
function withHint(error: unknown): string {
  const hint = error instanceof KmError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}. ${hint}`;
}

const NOT_OPEN = async (): Promise<never> => await Promise.reject(new Error("Only listed"));

/** @param backend of a service; nothing can be called unless given */
export function servedOf(
  services: readonly AnyService[],
  settings: Settings,
  backend: (service: AnyService) => Promise<unknown> = NOT_OPEN,
): Served {
  const each = <T, U>(parts: (service: AnyService) => readonly T[], served: (part: T, service: AnyService) => U): U[] =>
    services.flatMap((service) => parts(service).map((part) => served(part, service)));
  return {
    tools: each(
      ({ tools }) => tools,
      (tool: ServiceTool<unknown>, service) => ({
        fullName: `${service.name}_${tool.name}`,
        service: service.name,
        tool,
        hasOneConnection: connectionsOf(service, settings).length < 2,
        backend: () => backend(service),
      }),
    ),
    prompts: each(
      ({ prompts = [] }) => prompts,
      (prompt: ServicePrompt<unknown>, service) => ({
        fullName: `${service.name}_${prompt.name}`,
        service: service.name,
        prompt,
        backend: () => backend(service),
      }),
    ),
    resources: each(
      ({ resources = [] }) => resources,
      (resource: ServiceResource<unknown>, service) => ({
        service: service.name,
        resource,
        backend: () => backend(service),
      }),
    ),
  };
}

/** Their names; none where the service has no such thing. */
export function connectionsOf({ name }: Pick<AnyService, "name">, { services }: Pick<Settings, "services">): string[] {
  const config = services.get(name);
  const connections = isMapping(config) ? config["connections"] : undefined;
  return isMapping(connections) ? Object.keys(connections) : [];
}
