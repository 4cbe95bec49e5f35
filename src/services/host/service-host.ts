/**
 * `ServiceHost`: the chosen services for any number of connections. What it is told can change while it runs: connections stay,
 * their clients hear that the tools may be others, and calls that have begun end with what they began with.
 */
import type { Server } from "@modelcontextprotocol/server";
import { pause } from "../../process/pause.ts";
import type { Caller } from "../caller.ts";
import type { HostSettings, Settings } from "../config/settings.ts";
import type { OpenedServices } from "../opened-services.ts";
import type { Probe } from "../service.ts";
import { Confirmations } from "./confirmation.ts";
import type { Redact } from "./masked-data.ts";
import { offeredTools } from "./offered-tools.ts";
import { type CallObserver, ToolCalls } from "./tool-calls.ts";
import { toolServer } from "./tool-server.ts";

export interface ServiceHostOptions {
  redact: Redact;
  observer: CallObserver;
}

export interface ServiceProbe extends Probe {
  service: string;
}

/** What is used until the next change. */
interface Generation {
  settings: HostSettings;
  opened: OpenedServices;
  calls: number;
  isOld: boolean;
}

const POLL_MS = 20;
const ANSWER_MS = 1000;

export class ServiceHost {
  readonly #confirmations = new Confirmations();
  readonly #calls: ToolCalls;
  readonly #servers = new Set<Server>();
  readonly #closing = new Set<Promise<void>>();
  #current: Generation;

  constructor(settings: Settings, opened: OpenedServices, options: ServiceHostOptions) {
    this.#calls = new ToolCalls(this.#confirmations, options.observer, options.redact);
    this.#current = { settings: settings.host, opened, calls: 0, isOld: false };
  }

  get opened(): OpenedServices {
    return this.#current.opened;
  }

  get settings(): HostSettings {
    return this.#current.settings;
  }

  get openCalls(): number {
    return this.#calls.open;
  }

  get connections(): number {
    return this.#servers.size;
  }

  /** @param service the one that is offered; all of them unless given */
  connect(caller: Caller, service?: string): Server {
    const offered = () => {
      const generation = this.#current;
      const { opened, settings } = generation;
      generation.calls++;
      const tools = opened.tools.filter((one) => service === undefined || one.service === service);
      return { offered: offeredTools(tools, settings, caller), settings, done: () => this.#done(generation) };
    };
    const { offered: first, done } = offered();
    done();
    const named = new Set(first.tools.map((one) => one.service));
    const instructions = this.opened.services
      .filter(({ name }) => named.has(name))
      .map(({ title, description }) => `${title}: ${description}.`)
      .join("\n");
    const server = toolServer({
      caller,
      instructions,
      confirmations: this.#confirmations,
      calls: this.#calls,
      offered,
    });
    this.#servers.add(server);
    server.onclose = () => this.#servers.delete(server);
    return server;
  }

  /** From now on it is these; the others are closed when their last call is over. */
  async change(settings: Settings, opened: OpenedServices): Promise<void> {
    const before = this.#current;
    this.#current = { settings: settings.host, opened, calls: 0, isOld: false };
    before.isOld = true;
    if (before.calls === 0) this.#close(before);
    // Who has left hears nothing.
    await Promise.allSettled(Array.from(this.#servers, (server) => server.sendToolListChanged()));
  }

  /** Never throws. */
  async probe(signal: AbortSignal): Promise<ServiceProbe[]> {
    return await this.opened.probe(signal);
  }

  /** @param patienceMs how long calls that have begun may still take */
  async close(patienceMs: number): Promise<void> {
    await this.#idle(patienceMs);
    this.#calls.abort();
    // What was broken off is answered still.
    await this.#idle(ANSWER_MS);
    await Promise.allSettled(Array.from(this.#servers, (server) => server.close()));
    this.#close(this.#current);
    await Promise.all(this.#closing);
  }

  async #idle(patienceMs: number): Promise<void> {
    const end = Date.now() + patienceMs;
    while (this.#calls.open > 0 && Date.now() < end) await pause(POLL_MS);
    await pause(0); // an answer goes out when its call is over
  }

  #done(generation: Generation): void {
    generation.calls--;
    if (generation.isOld && generation.calls === 0) this.#close(generation);
  }

  #close({ opened }: Generation): void {
    const closing = opened.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
