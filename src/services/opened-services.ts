/**
 * `OpenedServices`: the services that were chosen, ready to be called. Each is opened when it is first used, and what is wrong
 * with one is none of the others' affair.
 */
import { BackendCache } from "./backend/cache.ts";
import type { Settings } from "./config/settings.ts";
import { messageOf } from "../errors.ts";
import { isMapping } from "../is-mapping.ts";
import type { Probe, Surroundings } from "./service.ts";
import type { AnyService } from "./services.ts";
import type { ServiceTool } from "./tool.ts";
import { unlessAborted } from "./unless-aborted.ts";

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

export class OpenedServices {
  readonly cache: BackendCache;
  readonly services: readonly AnyService[];
  readonly #backends = new Map<string, Promise<unknown>>();
  readonly #configs: ReadonlyMap<string, unknown>;
  readonly #around: Surroundings;

  constructor(services: readonly AnyService[], settings: Settings, around: Omit<Surroundings, "cache">) {
    this.services = services;
    this.cache = new BackendCache(settings.host.cacheBytes);
    this.#configs = settings.services;
    this.#around = { ...around, cache: this.cache };
    this.tools = servedTools(services, settings, (service) => this.#backend(service));
  }

  /** Of all services, whatever may be called. */
  readonly tools: readonly ServedTool[];

  /** Of those that know how to; never throws. */
  async probe(signal: AbortSignal): Promise<(Probe & { service: string })[]> {
    const probes = this.services.map(async (service): Promise<(Probe & { service: string })[]> => {
      const { name } = service;
      try {
        const backend = await this.#backend(service);
        const none = [{ name, isReady: true, detail: "it has no backend to ask" }];
        const found = service.probe === undefined ? none : await unlessAborted(service.probe(backend, signal), signal);
        return found.map((one) => ({ service: name, ...one }));
      } catch (error) {
        const detail = signal.aborted ? "it has not answered in time" : messageOf(error);
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

const NOT_OPEN = async (): Promise<never> => await Promise.reject(new Error("Only listed"));

/** @param backend of a service; nothing can be called unless given */
export function servedTools(
  services: readonly AnyService[],
  settings: Settings,
  backend: (service: AnyService) => Promise<unknown> = NOT_OPEN,
): ServedTool[] {
  return services.flatMap((service) => {
    const config = settings.services.get(service.name);
    const connections = isMapping(config) ? config["connections"] : undefined;
    return service.tools.map((tool) => ({
      fullName: `${service.name}_${tool.name}`,
      service: service.name,
      tool,
      hasOneConnection: !isMapping(connections) || Object.keys(connections).length < 2,
      backend: () => backend(service),
    }));
  });
}
