/**
 * `SpanExporter`: spans of requests to a collector, as OTLP over HTTP in its JSON form. Never in the way of a request: what
 * cannot be sent is tried again once, and then lost and counted.
 */
import { retryAfter } from "../../api/retry-after.ts";
import { messageOf } from "../../errors.ts";
import { pause } from "../../process/pause.ts";
import { VERSION } from "../../version.ts";
import type { Call, CallEnd } from "./request-record.ts";
import type { TraceContext } from "./trace-context.ts";

export interface SpanExporterOptions {
  url: string;
  headers: Record<string, string>;
  serviceName: string;
  say(text: string): void;
}

export interface EndedSpan {
  trace: TraceContext;
  spanId: string;
  call: Call;
  end: CallEnd;
  session: string | undefined;
  address: string;
}

const EVERY_MS = 2000;
const MOST_AT_ONCE = 512;
const MOST_WAITING = 4096;
const TIMEOUT_MS = 10_000;
const RETRIED = new Set([429, 502, 503, 504]);
const LONGEST_WAIT_MS = 5000;
const KIND_SERVER = 2;
const STATUS_ERROR = 2;
/** It is known whether the parent is in another process, and it is. */
const REMOTE_PARENT = 0x300;

/** Undefined where nobody wants spans. As the specification of OpenTelemetry's exporters has these variables. */
export function exporterOptions(
  env: Record<string, string | undefined>,
  say: (text: string) => void,
): SpanExporterOptions | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env;
  const url = own || (base ? `${base.replace(/\/+$/, "")}/v1/traces` : "");
  if (url === "" || env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return undefined;
  if (!URL.canParse(url)) {
    say(`No traces are sent: OTEL_EXPORTER_OTLP_ENDPOINT is no URL`);
    return undefined;
  }
  const headers = env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] || env["OTEL_EXPORTER_OTLP_HEADERS"] || "";
  const pairs = headers.split(",").map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []);
  return {
    url,
    headers: Object.fromEntries(
      pairs.flatMap(([, name, value = ""]) => (name === undefined ? [] : [[name, decoded(value)]])),
    ),
    serviceName: env["OTEL_SERVICE_NAME"] || "km-proxy",
    say,
  };
}

export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #timer: Timer;
  #waiting: EndedSpan[] = [];
  #lost = 0;
  #isFailing = false;
  #sending: Promise<void> | undefined;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.flush(), EVERY_MS);
    this.#timer.unref();
  }

  add(span: EndedSpan): void {
    if (this.#waiting.length >= MOST_WAITING) this.#lost++;
    else this.#waiting.push(span);
    if (this.#waiting.length >= MOST_AT_ONCE) void this.flush();
  }

  /** Resolves when what waits now is sent, or lost. */
  async flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
    await this.#sending;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, MOST_AT_ONCE);
      const problem = (await this.#send(some)) ?? undefined;
      if (problem === undefined) {
        if (this.#isFailing) this.#options.say(`Traces are sent again; ${this.#lost} spans are lost`);
        this.#isFailing = false;
        this.#lost = 0;
        continue;
      }
      this.#lost += some.length;
      if (!this.#isFailing) this.#options.say(`Cannot send traces to ${new URL(this.#options.url).host}: ${problem}`);
      this.#isFailing = true;
      return;
    }
  }

  /** @returns why not */
  async #send(spans: EndedSpan[]): Promise<string | undefined> {
    const { url, headers } = this.#options;
    const body = JSON.stringify(tracesRequest(spans, this.#options.serviceName));
    for (let attempt = 1; ; attempt++) {
      try {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const sent = { ...headers, "content-type": "application/json" };
        const response = await fetch(url, { method: "POST", headers: sent, body, signal, redirect: "manual" });
        await response.body?.cancel();
        if (response.ok) return undefined;
        if (attempt > 1 || !RETRIED.has(response.status)) return `status ${response.status}`;
        const waitMs = retryAfter(response.headers.get("retry-after"), Date.now()) ?? 1000;
        await pause(Math.min(waitMs, LONGEST_WAIT_MS));
      } catch (error) {
        if (attempt > 1) return messageOf(error);
        await pause(250);
      }
    }
  }
}

function tracesRequest(spans: EndedSpan[], serviceName: string) {
  const resource = { attributes: attributes({ "service.name": serviceName, "service.version": VERSION }) };
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "km", version: VERSION }, spans: spans.map(spanOf) }] }],
  };
}

function spanOf({ trace, spanId, call, end, session, address }: EndedSpan) {
  const { method, target } = call;
  const isTool = method === "tools/call";
  const isNamed = isTool || method === "prompts/get";
  const start = BigInt(Math.round(call.startedAt * 1000)) * 1000n;
  const error = end.error;
  return {
    traceId: trace.traceId,
    spanId,
    ...(trace.parentId !== undefined && { parentSpanId: trace.parentId }),
    ...(trace.state !== undefined && { traceState: trace.state }),
    flags: trace.flags | (trace.parentId === undefined ? 0x100 : REMOTE_PARENT),
    name: isNamed && target !== undefined ? `${method} ${target}` : method,
    kind: KIND_SERVER,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(Math.max(0, Math.round(end.durationMs * 1e6)))),
    attributes: attributes({
      "mcp.method.name": method,
      "jsonrpc.request.id": call.id.replace(/^"|"$/g, ""),
      "mcp.session.id": session,
      "gen_ai.tool.name": isTool ? target : undefined,
      "gen_ai.operation.name": isTool ? "execute_tool" : undefined,
      "gen_ai.prompt.name": method === "prompts/get" ? target : undefined,
      "mcp.resource.uri": method.startsWith("resources/") ? target : undefined,
      "network.transport": "tcp",
      "network.protocol.name": "http",
      "client.address": address,
      "error.type": error,
      "rpc.response.status_code": error !== undefined && /^-?\d+$/.test(error) ? error : undefined,
    }),
    status: error === undefined ? {} : { code: STATUS_ERROR },
  };
}

function attributes(values: Record<string, string | undefined>) {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: { stringValue: value } }],
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
