/** Streams that break on both sides of `km proxy --url` at once, and what a client finds after km was started anew. */
import { expect, test } from "bun:test";
import { breakingServer } from "../fixtures/breaking-server.ts";
import { makeHome } from "./km.ts";
import { eventsOf, type Proxy, startProxy } from "./run-proxy.ts";

const ROUNDS = 6;
const EACH = 5;

/** Reads a stream across breaks: what is broken off goes on behind the last event that came. */
class Reader {
  readonly texts: string[] = [];
  readonly #proxy: Proxy;
  readonly #session: Record<string, string>;
  #leave = new AbortController();
  #last: string | undefined;
  #events: AsyncGenerator<{ id: string | undefined; data: string }> | undefined;

  constructor(proxy: Proxy, session: Record<string, string>) {
    this.#proxy = proxy;
    this.#session = session;
  }

  /** @param first what opens the stream for the first time; it is resumed by GET */
  async open(first: (signal: AbortSignal) => Promise<Response>): Promise<void> {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const response =
      this.#last === undefined
        ? await first(signal)
        : await this.#proxy.get({ ...this.#session, "last-event-id": this.#last }, signal);
    expect(response.status).toBe(200);
    this.#events = eventsOf(response);
  }

  async readUntil(count: number): Promise<void> {
    while (this.texts.length < count) {
      const next = await this.#events?.next();
      if (next === undefined || next.done === true) throw new Error(`ended after ${this.texts.length}`);
      this.#last = next.value.id ?? this.#last;
      if (next.value.data !== "") this.texts.push(next.value.data);
    }
  }

  breakOff(): void {
    this.#leave.abort();
  }

  /** What comes until the end of the stream. */
  async readAll(): Promise<void> {
    for await (const { data } of this.#events ?? []) if (data !== "") this.texts.push(data);
  }
}

const said = (number: number): string =>
  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":${number}}}`;
const progress = (number: number): string =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":${number}}}`;

test("both sides of a call break off at once, again and again: nothing is lost, nothing comes twice", async () => {
  using home = makeHome();
  await using upstream = breakingServer();
  await using proxy = await startProxy(home, ["--url", upstream.url], []);
  const session = await proxy.open();
  const call = '{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"x","_meta":{"progressToken":"t"}}}';
  const reader = new Reader(proxy, session);
  const asking = reader.open(async (signal) => await proxy.post(call, session, signal));
  await upstream.asked;
  const all: string[] = [];
  const answer = '{"jsonrpc":"2.0","id":"c","result":{"content":[]}}';
  const write = (text: string): void => {
    all.push(text);
    upstream.answer.write(text);
  };
  for (let number = 1; number <= EACH; number++) write(progress(number));
  await asking;
  for (let round = 1; round <= ROUNDS; round++) {
    await reader.readUntil(round * EACH);
    // Some of it comes while only one side is broken, in turn, and some while both are.
    if (round % 2 === 0) reader.breakOff();
    else upstream.answer.breakOff();
    write(progress(round * EACH + 1));
    if (round % 2 === 0) upstream.answer.breakOff();
    else reader.breakOff();
    for (let number = 2; number < EACH; number++) write(progress(round * EACH + number));
    const resuming = reader.open(() => Promise.reject(new Error("it was open")));
    await upstream.answer.read();
    write(progress((round + 1) * EACH));
    await resuming;
  }
  await reader.readUntil((ROUNDS + 1) * EACH);
  upstream.answer.breakOff();
  reader.breakOff();
  write(answer);
  upstream.answer.end();
  await reader.open(() => Promise.reject(new Error("it was open")));
  await reader.readAll();
  expect(reader.texts).toEqual(all);
});

test("the server's own stream too", async () => {
  using home = makeHome();
  await using upstream = breakingServer();
  await using proxy = await startProxy(home, ["--url", upstream.url], []);
  const session = await proxy.open();
  const reader = new Reader(proxy, session);
  await reader.open(async (signal) => await proxy.get(session, signal));
  await proxy.post('{"jsonrpc":"2.0","method":"notifications/initialized"}', session);
  const all: string[] = [];
  const write = (number: number): void => {
    all.push(said(number));
    upstream.standalone.write(said(number));
  };
  for (let round = 0; round < ROUNDS; round++) {
    await upstream.standalone.read();
    write(round * 3 + 1);
    await reader.readUntil(round * 3 + 1);
    upstream.standalone.breakOff();
    reader.breakOff();
    write(round * 3 + 2);
    await reader.open(() => Promise.reject(new Error("it was open")));
    write(round * 3 + 3);
    await reader.readUntil(round * 3 + 3);
  }
  expect(reader.texts).toEqual(all);
});

test("after km was started anew its sessions are none: 404, so that the client begins again", async () => {
  using home = makeHome();
  await using upstream = breakingServer();
  let session: Record<string, string>;
  {
    await using proxy = await startProxy(home, ["--url", upstream.url], []);
    session = await proxy.open();
  }
  await using proxy = await startProxy(home, ["--url", upstream.url], []);
  for (const answer of [
    await proxy.get({ ...session, "last-event-id": "0-3" }),
    await proxy.get(session),
    await proxy.post('{"jsonrpc":"2.0","id":1,"method":"ping"}', session),
  ]) {
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("Session not found");
  }
  expect(await proxy.open()).not.toEqual({ "mcp-session-id": session["mcp-session-id"] ?? "" });
});
