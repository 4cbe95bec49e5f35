/** `Asker`: the requests of a login. What a server's documents name is asked only where that can harm nobody. */
import { type Fetch, send, type Sent } from "../auth/ask-api.ts";
import { echoed } from "../echoed.ts";
import type { Remote, RemoteTls } from "../http/remote.ts";
import { VERSION } from "../version.ts";
import { DpopNonces } from "./dpop-nonces.ts";
import { cannotLogIn } from "./login-error.ts";
import { HAS_PROXY } from "../http/connect-ahead.ts";
import { pinnedFetch } from "./pinned-fetch.ts";
import { type Lookup, mayName, type Place, placeOf, type Reach } from "./reach.ts";

const LIMITS = { timeoutMs: 15_000, mostBytes: 256 * 1024 };
const MOST_REDIRECTS = 3;
const MOST_CHARACTERS = 2048;

export interface Posting {
  form?: Record<string, string>;
  json?: unknown;
  headers?: Record<string, string>;
}

export type Answer =
  | { state: "answered"; status: number; /** Undefined for what is no JSON. */ json: unknown }
  | { state: "failed"; reason: string };

export type ServerSays =
  | { state: "answered"; status: number; /** The values of `WWW-Authenticate`. */ challenge: string | null }
  | { state: "failed"; reason: string };

interface Target {
  url: URL;
  /** To which its requests are bound; undefined where they are to none. */
  addresses: string[] | undefined;
}

export class Asker {
  /** As the answers give them. */
  readonly nonces = new DpopNonces();
  readonly #remote: Pick<Remote, "url" | "tls">;
  readonly #signal: AbortSignal | undefined;
  readonly #lookUp: Lookup | undefined;
  #reach: Promise<Reach> | undefined;

  constructor(remote: Pick<Remote, "url" | "tls">, signal?: AbortSignal, lookUp?: Lookup) {
    this.#remote = remote;
    this.#signal = signal;
    this.#lookUp = lookUp;
  }

  /** One for what another address names. Certificates and names of this one's server are not for it. */
  at(url: string): Asker {
    return new Asker({ url, tls: { ca: this.#remote.tls.ca, pins: [] } }, this.#signal, this.#lookUp);
  }

  /** A document, by GET. Redirects are followed within its origin alone. */
  async get(url: string, what: string): Promise<Answer> {
    const permitted = await this.#permitted(url, what);
    let target: URL = permitted.url;
    for (let redirects = 0; ; redirects++) {
      const sent = await this.#send({ ...permitted, url: target }, { headers: this.#headers() });
      if (sent.state === "failed") return sent;
      const location = sent.response.headers.get("location");
      const isRedirect = [301, 302, 303, 307, 308].includes(sent.response.status) && location !== null;
      if (!isRedirect || redirects === MOST_REDIRECTS || !URL.canParse(location, target.href)) return answerOf(sent);
      const next = new URL(location, target);
      if (next.origin !== target.origin) return answerOf(sent);
      target = next;
    }
  }

  async post(url: string, what: string, { form, json, headers }: Posting): Promise<Answer> {
    const sent = await this.#send(await this.#permitted(url, what), {
      method: "POST",
      body: form === undefined ? JSON.stringify(json) : new URLSearchParams(form),
      headers: this.#headers({ ...(form === undefined && { "content-type": "application/json" }), ...headers }),
    });
    return sent.state === "failed" ? sent : answerOf(sent);
  }

  /** What the server itself says to a request: its status, and whom it wants to know. */
  async askServer(headers: Record<string, string>, json: unknown): Promise<ServerSays> {
    const url = new URL(this.#remote.url);
    const request = { method: "POST", body: JSON.stringify(json), headers: this.#headers(headers) };
    const sent = await this.#send({ url, addresses: undefined }, request);
    if (sent.state === "failed") return sent;
    return {
      state: "answered",
      status: sent.response.status,
      challenge: sent.response.headers.get("www-authenticate"),
    };
  }

  /**
   * An address that requests, the browser's too, may go to.
   *
   * @param what it is the address of
   * @throws KmError LGN_001
   */
  async permit(text: string, what: string): Promise<URL> {
    return (await this.#permitted(text, what)).url;
  }

  async #permitted(text: string, what: string): Promise<Target> {
    const { url: server } = this.#remote;
    const refuse = (why: string) =>
      cannotLogIn("LGN_001", server, `${what} is ${echoed(text)}, ${why}`, {
        hint: "Nothing was sent there. Ask who runs the server.",
      });
    const url = text.length <= MOST_CHARACTERS && URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.username !== "" || url.password !== "") throw refuse("which is no address for it");
    const unsafe = () => refuse("where anybody could listen: it has to be https");
    if (url.protocol !== "https:" && url.protocol !== "http:") throw unsafe();
    const own = new URL(server);
    // Where the server is, the user has said; wherever that leads is right.
    const isOwn = url.host === own.host;
    const place: Place = isOwn ? { reach: await this.#ownReach(), addresses: undefined } : await this.#placeOf(url);
    const { reach, addresses } = place;
    if (url.protocol === "http:" && reach !== "loopback") throw unsafe();
    if (mayName(await this.#ownReach(), reach)) return { url, addresses };
    throw refuse(
      reach === "loopback"
        ? "which leads to this machine, and the server is not on it"
        : "which leads into a private net",
    );
  }

  #ownReach(): Promise<Reach> {
    return (this.#reach ??= this.#placeOf(new URL(this.#remote.url)).then(({ reach }) => reach));
  }

  async #placeOf(url: URL): Promise<Place> {
    return await placeOf(url, this.#lookUp);
  }

  async #send({ url, addresses }: Target, request: RequestInit): Promise<Sent> {
    const { tls, url: server } = this.#remote;
    const options = await tlsFor(tls, url.origin === new URL(server).origin);
    // A proxy looks names up by itself, and may know others than this machine does.
    const isPinned = addresses !== undefined && !HAS_PROXY;
    const fetchWith: Fetch = isPinned
      ? pinnedFetch(addresses, options.tls)
      : (to, init) => fetch(to, { ...init, ...options });
    const signal = this.#signal;
    const sent = await send(fetchWith, url.href, request, { ...LIMITS, ...(signal && { signal }) });
    if (sent.state === "failed") signal?.throwIfAborted();
    else this.nonces.hear(url.href, sent.response.headers);
    return sent;
  }

  #headers(more: Record<string, string> = {}): Record<string, string> {
    return { accept: "application/json", "user-agent": `km/${VERSION}`, ...more };
  }
}

/** What proves who km is goes to the server alone; whom to trust is the same everywhere. */
async function tlsFor(
  tls: RemoteTls,
  isServer: boolean,
): Promise<{ tls?: ReturnType<typeof import("../http/tls-options.ts").tlsOptions> }> {
  const used: RemoteTls = isServer ? tls : { ca: tls.ca, pins: [] };
  const isPlain = [used.ca, used.cert, used.key, used.serverName].every((one) => one === undefined);
  if (isPlain && used.pins.length === 0) return {};
  const { tlsOptions } = await import("../http/tls-options.ts");
  return { tls: tlsOptions(used) };
}

function answerOf({ response, text }: Extract<Sent, { state: "answered" }>): Answer {
  return { state: "answered", status: response.status, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
