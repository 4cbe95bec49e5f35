/** `HttpTalk`: a client of `km proxy` over HTTP. What breaks off is taken up where that can be done, and is a failure otherwise. */
import { eventsOf } from "../../e2e/run-proxy.ts";
import { Answers } from "../checks/answers.ts";
import type { TalkPlan } from "../rounds/plan-remotes.ts";
import { type Call, callLine, INITIALIZED, initializeLine, LEGACY, MODERN } from "./said-calls.ts";

const PATIENCE_MS = 60_000;
const MOST_BEGINNINGS = 8;
const MOST_RESUMPTIONS = 5;
const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

export class HttpTalk {
  readonly answers: Answers;
  readonly problems: string[] = [];
  /** Ids of calls of which it is known that no answer comes: the connection broke, or they were refused. */
  readonly failed = new Set<number>();
  readonly #url: string;
  readonly #era: TalkPlan["era"];
  #session: string | undefined;
  #ids = 0;

  constructor(name: string, url: string, era: TalkPlan["era"]) {
    this.answers = new Answers(name);
    this.#url = url;
    this.#era = era;
  }

  async play({ bursts }: TalkPlan): Promise<void> {
    for (const burst of bursts) {
      if (this.#era === "legacy" && this.#session === undefined && !(await this.#begin())) return;
      await Promise.all(burst.map((call) => this.#call(call)));
    }
    if (this.#session !== undefined) await this.#fetch("DELETE").catch(() => undefined);
  }

  async #begin(): Promise<boolean> {
    for (let tries = 0; tries < MOST_BEGINNINGS; tries++) {
      const id = ++this.#ids;
      this.answers.ask(id);
      const session = await this.#ask(id, initializeLine(id));
      if (session !== undefined && !this.answers.isError(id)) {
        this.#session = session;
        const told = await this.#fetch("POST", INITIALIZED).catch(() => undefined);
        await told?.body?.cancel().catch(() => undefined);
        if (told?.ok === true) return true;
        this.#session = undefined;
      }
      await Bun.sleep(100);
    }
    return false;
  }

  async #call(call: Omit<Call, "mark">): Promise<void> {
    const id = ++this.#ids;
    await this.#ask(id, callLine(id, { ...call, mark: this.answers.ask(id) }, this.#era));
  }

  /** @returns the session that the answer names */
  async #ask(id: number, line: string): Promise<string | undefined> {
    const since = performance.now();
    let session: string | undefined;
    let last: string | undefined;
    const used = this.#session;
    try {
      const response = await this.#fetch("POST", line);
      session = response.headers.get("mcp-session-id") ?? undefined;
      if (response.status === 404 && this.#session === used) this.#session = undefined;
      last = await this.#read(response, id);
    } catch {
      // It broke off.
    }
    for (let tries = 0; last !== undefined && this.answers.open.includes(id) && tries < MOST_RESUMPTIONS; tries++) {
      await Bun.sleep(50);
      try {
        last = (await this.#read(await this.#fetch("GET", undefined, last), id)) ?? last;
      } catch {
        // And again.
      }
    }
    if (this.answers.open.includes(id)) this.failed.add(id);
    if (performance.now() - since > PATIENCE_MS) this.problems.push(`waited in vain for ${id}`);
    return session;
  }

  async #fetch(method: string, body?: string, last?: string): Promise<Response> {
    const modern: Record<string, string> =
      body?.includes(MODERN) === true
        ? { "mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "t" }
        : {};
    const session = this.#session;
    return await fetch(this.#url, {
      method,
      headers: {
        ...JSON_HEADERS,
        ...modern,
        ...(session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": LEGACY }),
        ...(last === undefined ? {} : { "last-event-id": last }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(PATIENCE_MS + 1000),
    });
  }

  /** @returns the id of the last event that came before the stream broke off */
  async #read(response: Response, id: number): Promise<string | undefined> {
    if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
      const text = await response.text();
      if (text.startsWith("{")) this.#take(text);
      return undefined;
    }
    let last: string | undefined;
    try {
      for await (const event of eventsOf(response)) {
        last = event.id ?? last;
        if (event.data !== "") this.#take(event.data);
        // The rest of one that was taken up has no end.
        if (!this.answers.open.includes(id)) break;
      }
    } catch {
      // It broke off.
    }
    return last;
  }

  /** An error without an id says that the request was refused as a whole. */
  #take(line: string): void {
    if (!line.includes('"id":null')) this.answers.take(line);
  }
}
