/**
 * `ServiceHost`: the chosen services for any number of connections. What it is told can change while it runs: connections stay,
 * their clients hear that what is offered may be something else, and calls that have begun end with what they began with.
 */
import type { ProtocolEra, Server, Transport } from "@modelcontextprotocol/server";
import { serveStdio, type StdioServerHandle } from "@modelcontextprotocol/server/stdio";
import { pause } from "../../process/pause.ts";
import type { CallObserver } from "../call-observer.ts";
import type { Caller } from "../caller.ts";
import type { HostSettings, Settings } from "../config/settings.ts";
import type { OpenedServices, Served, ServiceProbe } from "../opened-services.ts";
import { Completions } from "./completions.ts";
import { Confirmations } from "./confirmation.ts";
import { GatedCalls } from "./gated-calls.ts";
import { hostServer } from "./host-server.ts";
import { listeningTransport } from "./listening-transport.ts";
import type { Redact } from "./masked-data.ts";
import { type Offered, offeredTo } from "./offered.ts";
import { PromptCalls } from "./prompt-calls.ts";
import { Questions } from "./questions.ts";
import { ResourceCalls } from "./resource-calls.ts";
import { sealedState } from "./sealed-state.ts";
import { servicesResource } from "./services-resource.ts";
import { ToolCalls } from "./tool-calls.ts";
import { Watches } from "./watches.ts";

export interface ServiceHostOptions {
  redact: Redact;
  observer: CallObserver;
}

export interface Connection {
  caller: Caller;
  /** The one that is offered; all of them unless given. */
  service?: string | undefined;
  /** Told of what goes wrong out of band. */
  failed(error: Error): void;
}

/** What is used until the next change. */
interface Generation {
  settings: Settings;
  opened: OpenedServices;
  calls: number;
  isOld: boolean;
  /** By caller and service, found out once: it takes longer than many a call. */
  offered: WeakMap<Caller, Map<string | undefined, Offered>>;
}

const POLL_MS = 20;
const ANSWER_MS = 1000;
const CHANGED = "services.yaml was read anew: other tools, prompts and resources may be offered now";

export class ServiceHost {
  readonly #gates: GatedCalls;
  readonly #parts;
  readonly #servers = new Map<Server, ProtocolEra>();
  readonly #closing = new Set<Promise<void>>();
  #current: Generation;

  constructor(settings: Settings, opened: OpenedServices, { observer, redact }: ServiceHostOptions) {
    this.#gates = new GatedCalls(observer, redact);
    const codec = sealedState();
    const questions = new Questions(codec, redact);
    this.#parts = {
      codec,
      tools: new ToolCalls(this.#gates, new Confirmations(codec), questions, redact),
      prompts: new PromptCalls(this.#gates, questions, redact),
      resources: new ResourceCalls(this.#gates, redact),
      completions: new Completions(this.#gates, redact),
    };
    this.#current = newGeneration(settings, opened);
  }

  get opened(): OpenedServices {
    return this.#current.opened;
  }

  get settings(): HostSettings {
    return this.#current.settings.host;
  }

  get openCalls(): number {
    return this.#gates.open;
  }

  get connections(): number {
    return this.#servers.size;
  }

  /** In the era that the client speaks, until one of both sides closes it. */
  serve(transport: Transport, { caller, service, failed }: Connection): StdioServerHandle {
    let server: Server | undefined;
    const during = async <T>(work: (offered: Offered, settings: HostSettings) => T | Promise<T>): Promise<T> =>
      await this.#during(caller, service, work);
    const watches = new Watches({
      look: async (uri, closing) =>
        await during(async (offered, settings) => {
          const signal = AbortSignal.any([closing, AbortSignal.timeout(settings.timeoutMs)]);
          return await this.#parts.resources.look(uri, { caller, offered, settings }, signal);
        }),
      changed: async (uri) => await server?.sendResourceUpdated({ uri }),
    });
    // Again where a client has tried what it can speak.
    const connect = ({ era }: { era: ProtocolEra }): Server => {
      const made = hostServer({
        ...this.#parts,
        caller,
        watches,
        during,
        instructions: this.#instructions(caller, service),
      });
      this.#servers.set(made, era);
      made.onclose = () => this.#servers.delete(made);
      server = made;
      return made;
    };
    return serveStdio(connect, { transport: listeningTransport(transport, watches), onerror: failed });
  }

  /** From now on it is these; the others are closed when their last call is over. */
  async change(settings: Settings, opened: OpenedServices): Promise<void> {
    const before = this.#current;
    this.#current = newGeneration(settings, opened);
    before.isOld = true;
    if (before.calls === 0) this.#close(before);
    // Who has left hears nothing.
    await Promise.allSettled(
      Array.from(this.#servers).flatMap(([server, era]) => [
        server.sendToolListChanged(),
        server.sendPromptListChanged(),
        server.sendResourceListChanged(),
        // Since 2026-07-28 there are logs of requests alone.
        ...(era === "legacy" ? [server.sendLoggingMessage({ level: "info", logger: "km", data: CHANGED })] : []),
      ]),
    );
  }

  /** Never throws. */
  async probe(signal: AbortSignal): Promise<ServiceProbe[]> {
    return await this.opened.probe(signal);
  }

  /** @param patienceMs how long calls that have begun may still take */
  async close(patienceMs: number): Promise<void> {
    await this.#idle(patienceMs);
    this.#gates.abort();
    // What was broken off is answered still.
    await this.#idle(ANSWER_MS);
    await Promise.allSettled(Array.from(this.#servers.keys(), (server) => server.close()));
    this.#close(this.#current);
    await Promise.all(this.#closing);
  }

  /** With what is offered now, which stays open for as long as the work goes on. */
  async #during<T>(
    caller: Caller,
    service: string | undefined,
    work: (offered: Offered, settings: HostSettings) => T | Promise<T>,
  ): Promise<T> {
    const generation = this.#current;
    generation.calls++;
    try {
      return await work(offeredOf(caller, generation, service), generation.settings.host);
    } finally {
      generation.calls--;
      if (generation.isOld && generation.calls === 0) this.#close(generation);
    }
  }

  #instructions(caller: Caller, service: string | undefined): string {
    const { tools } = offeredOf(caller, this.#current, service);
    const named = new Set(tools.map((one) => one.service));
    return this.opened.services
      .filter(({ name }) => named.has(name))
      .map(({ title, description }) => `${title}: ${description}.`)
      .join("\n");
  }

  async #idle(patienceMs: number): Promise<void> {
    const end = Date.now() + patienceMs;
    while (this.#gates.open > 0 && Date.now() < end) await pause(POLL_MS);
    await pause(0); // an answer goes out when its call is over
  }

  #close({ opened }: Generation): void {
    const closing = opened.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

function newGeneration(settings: Settings, opened: OpenedServices): Generation {
  return { settings, opened, calls: 0, isOld: false, offered: new WeakMap() };
}

/** @param service the only one that is offered */
function offeredOf(caller: Caller, generation: Generation, service: string | undefined): Offered {
  const known = generation.offered.get(caller) ?? new Map<string | undefined, Offered>();
  const offered = known.get(service) ?? foundOffered(caller, generation, service);
  known.set(service, offered);
  generation.offered.set(caller, known);
  return offered;
}

function foundOffered(caller: Caller, { opened, settings }: Generation, service: string | undefined): Offered {
  const isOffered = (one: { service: string }): boolean => service === undefined || one.service === service;
  const { tools, prompts, resources } = opened.served;
  const own = servicesResource(opened.services, () => offered, settings);
  const served: Served = {
    tools: tools.filter(isOffered),
    prompts: prompts.filter(isOffered),
    resources: [own, ...resources.filter(isOffered)],
  };
  const offered = offeredTo(caller, served, settings.host);
  return offered;
}
