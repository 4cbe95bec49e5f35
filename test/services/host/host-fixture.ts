/** `openHost`: a host of the service `things`, as `km serve` makes one, and speakers that send it any message of either era. */
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import { type Caller, OWNER } from "../../../src/services/caller.ts";
import { readSettings, type Settings } from "../../../src/services/config/settings.ts";
import { innerServer } from "../../../src/services/host/inner-server.ts";
import { ServiceHost } from "../../../src/services/host/service-host.ts";
import type { EndedCall } from "../../../src/services/call-observer.ts";
import { OpenedServices } from "../../../src/services/opened-services.ts";
import { Things, thingsService } from "./things-service.ts";

export interface OpenedHost extends AsyncDisposable {
  host: ServiceHost;
  things: Things;
  calls: EndedCall[];
  faults: string[];
  settings(yaml: string): Settings;
  opened(settings: Settings, things: Things): OpenedServices;
  speak(options?: SpeakerOptions): Speaker;
}

export interface SpeakerOptions {
  caller?: Caller;
  era?: "modern" | "legacy";
  /** Of the client. */
  capabilities?: object;
}

export interface Said {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: {
    resultType?: string;
    requestState?: string;
    inputRequests?: { confirm?: { params?: { message?: string } } };
    content?: { type: string; text?: string }[];
    structuredContent?: Record<string, unknown>;
    isError?: boolean;
    tools?: { name: string; annotations: object; inputSchema: object; outputSchema: object }[];
    instructions?: string;
    prompts?: { name: string; arguments?: { name: string; required?: boolean }[] }[];
    messages?: { role: string; content: { type: string; text?: string } }[];
    resources?: { uri: string; name: string }[];
    resourceTemplates?: { uriTemplate: string }[];
    contents?: { uri: string; mimeType?: string; text?: string; blob?: string }[];
    completion?: { values: string[]; total?: number; hasMore?: boolean };
  };
  error?: { code: number; message: string };
}

export interface Speaker {
  /** Resolves with the answer. */
  ask(method: string, params?: object): Promise<Said>;
  call(name: string, args?: object, more?: object): Promise<Said>;
  tell(method: string, params?: object): Promise<void>;
  /** Answers to what the server asks. */
  answers: (asked: Said) => object | undefined;
  /** What came besides answers. */
  heard: Said[];
  end(): Promise<void>;
}

export const ELICITING = { elicitation: { form: {} } };

export function openHost(yaml = ""): OpenedHost {
  const redactor = createRedactor();
  const things = new Things();
  const service = thingsService(things);
  const settings = (text: string): Settings =>
    readSettings([service], ["things"], { file: "services.yaml", text, overrides: [] });
  const opened = (from: Settings, of: Things): OpenedServices =>
    new OpenedServices([thingsService(of)], from, {
      env: {},
      home: undefined,
      references: { env: {}, readSecret: async () => await Promise.resolve(undefined) },
      redactor,
      say: () => undefined,
    });
  const calls: EndedCall[] = [];
  const faults: string[] = [];
  const first = settings(yaml);
  const host = new ServiceHost(first, opened(first, things), {
    redact: (text) => redactor.redact(text).text,
    observer: {
      begins: () => true,
      ended: (call) => void calls.push(call),
      fault: (tool, error) => void faults.push(`${tool}: ${String(error)}`),
    },
  });
  const speakers: Speaker[] = [];
  return {
    host,
    things,
    calls,
    faults,
    settings,
    opened,
    speak(options) {
      const speaker = speak(host, options);
      speakers.push(speaker);
      return speaker;
    },
    async [Symbol.asyncDispose]() {
      for (const one of speakers) await one.end();
      await host.close(0);
    },
  };
}

function speak(host: ServiceHost, { caller = OWNER, era = "modern", capabilities = {} }: SpeakerOptions = {}): Speaker {
  const waiting = new Map<unknown, (said: Said) => void>();
  let nextId = 1;
  const run = innerServer((transport) => host.serve(transport, { caller, failed: () => undefined })).start({
    line(text) {
      const said = JSON.parse(text) as Said;
      if (said.method === undefined) {
        waiting.get(said.id)?.(said);
        return;
      }
      speaker.heard.push(said);
      const result = said.id === undefined ? undefined : speaker.answers(said);
      if (result !== undefined) void run.send(JSON.stringify({ jsonrpc: "2.0", id: said.id, result }));
    },
    ended: () => undefined,
  });
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const raw = async (method: string, params: object): Promise<Said> => {
    const id = nextId++;
    const { promise, resolve } = Promise.withResolvers<Said>();
    waiting.set(id, resolve);
    await run.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return await promise;
  };
  let ready: Promise<unknown> | undefined;
  const initialize = async (): Promise<void> => {
    const clientInfo = { name: "test", version: "1" };
    await raw("initialize", { protocolVersion: "2025-11-25", capabilities, clientInfo });
    await run.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
  };
  const speaker: Speaker = {
    answers: () => undefined,
    heard: [],
    async ask(method, params = {}) {
      if (era === "modern") {
        const own: unknown = "_meta" in params ? params._meta : {};
        return await raw(method, { ...params, _meta: { ...meta, ...Object(own) } });
      }
      await (ready ??= initialize());
      return await raw(method, params);
    },
    async call(name, args = {}, more = {}) {
      return await speaker.ask("tools/call", { name, arguments: args, ...more });
    },
    async tell(method, params = {}) {
      await run.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
    },
    end: async () => await run.end(),
  };
  return speaker;
}

export function textOf({ result }: Said): string {
  return (result?.content ?? []).map(({ text = "" }) => text).join("\n");
}
