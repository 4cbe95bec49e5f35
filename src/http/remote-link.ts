/** `connectRemote`: a connection to an MCP server over HTTP, in whichever way it speaks it. */
import { KmError } from "../errors.ts";
import type { ServerLink } from "../mcp/server-link.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Health } from "./health.ts";
import { hasUsualTls } from "./connect-ahead.ts";
import { BUNS_CONNECTIONS, HttpClient } from "./http-client.ts";
import { LineQueue } from "./line-queue.ts";
import { type Outbound, readOutbound } from "./outbound.ts";
import type { Remote } from "./remote.ts";
import type { Transport, TransportOptions } from "./transport.ts";

export interface RemoteLink extends ServerLink {
  /** The same as `lines`, in place of it: all that wait, at once. */
  batches(): AsyncIterable<string[]>;
  /** Resolves when what was sent is answered, as far as it can be. */
  settled(): Promise<void>;
  /** Gives up what is open, and ends the session. What has come can still be read. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Undefined where km is nobody in particular. */
  authorizer?: Authorizer | undefined;
  /** Undefined where nobody remembers whether the server can be reached. */
  health?: Health | undefined;
  /** What a person should know, one sentence without its end. */
  say?(text: string): void;
  /** The process has one server: a connection that was opened ahead is used (connect-ahead.ts). */
  isOnly?: boolean;
}

/**
 * Connects with the first message. What goes wrong becomes a JSON-RPC error for whoever waits.
 *
 * @throws KmError USAGE where the URL is none
 */
export function connectRemote(
  remote: Remote,
  { authorizer, health, say = () => {}, isOnly = false }: ConnectOptions = {},
): RemoteLink {
  checkUrl(remote.url);
  const client = new HttpClient(
    remote,
    authorizer,
    health,
    isOnly && hasUsualTls(remote.tls) ? BUNS_CONNECTIONS : undefined,
  );
  const lines = new LineQueue();
  const connection = new Connection({ remote, client, lines, say });
  let last: Promise<void> = Promise.resolve();
  return {
    send(line) {
      last = last.then(() => connection.send(readOutbound(line)));
      return last;
    },
    lines,
    batches: () => lines.batches(),
    async settled() {
      await last;
      await connection.settled();
    },
    async close() {
      await connection.close();
      lines.end();
      await client.close();
    },
  };
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") return;
  throw new KmError("USAGE", "Not the URL of a server: it must begin with http:// or https://");
}

/** Which transport it is, the answer to initialize may tell. */
class Connection {
  readonly #options: TransportOptions;
  #transport: Promise<Transport> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send(outbound: Outbound): Promise<void> {
    this.#transport ??= this.#options.remote.transport === "sse" ? this.#httpSse() : this.#streamable();
    const transport = await this.#transport;
    await transport.send(outbound);
  }

  async settled(): Promise<void> {
    const transport = await this.#transport;
    await transport?.settled();
  }

  async close(): Promise<void> {
    const transport = await this.#transport;
    await transport?.close();
  }

  async #streamable(): Promise<Transport> {
    const { StreamableHttp } = await import("./streamable-http.ts");
    const isCertain = this.#options.remote.transport === "streamable-http";
    return new StreamableHttp({
      ...this.#options,
      instead: isCertain ? undefined : (initialize) => this.#oldTransport(initialize),
    });
  }

  async #httpSse(): Promise<Transport> {
    const { HttpSse } = await import("./http-sse.ts");
    return new HttpSse(this.#options);
  }

  async #oldTransport(initialize: Outbound): Promise<boolean> {
    const { HttpSse } = await import("./http-sse.ts");
    const transport = new HttpSse(this.#options);
    if (!(await transport.open())) return false;
    this.#transport = Promise.resolve(transport);
    await transport.send(initialize);
    return true;
  }
}
