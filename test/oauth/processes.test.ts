/** Several sessions of one user, each a process of its own. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { browse, type User } from "./logging-in.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { settings } from "./setting.ts";

const { start, defer } = settings();

test("of two sessions that want a login one asks, and the other takes it", async () => {
  const { issuer, server, user } = start();
  const sessions = [startSession(server, user), startSession(server, user)];
  for (const session of sessions) session.ask();
  const page = await Promise.race(sessions.map((session) => session.page()));
  await Promise.race(sessions.map((session) => session.hears("Another km asks for a login")));
  await browse(page);
  expect(await Promise.all(sessions.map((session) => session.answer()))).toEqual(["200", "200"]);
  expect(issuer.to("/authorize")).toHaveLength(1);
}, 30_000);

test("of several sessions whose token has expired one renews it, and no refresh token comes twice", async () => {
  const { issuer, server, user } = start({ lifetime: 2 });
  const sessions = Array.from({ length: 4 }, () => startSession(server, user));
  sessions[0]?.ask();
  const page = await sessions[0]?.page();
  await browse(page ?? "");
  expect(await sessions[0]?.answer()).toBe("200");
  for (let round = 0; round < 2; round++) {
    await Bun.sleep(2000);
    for (const session of sessions) session.ask();
    expect(await Promise.all(sessions.map((session) => session.answer()))).toEqual(["200", "200", "200", "200"]);
  }
  expect(issuer.reuses).toBe(0);
  expect(issuer.to("/authorize")).toHaveLength(1);
}, 30_000);

test("where the session that asks is killed, the one that waits asks in its place", async () => {
  const { issuer, server, user } = start();
  const [first, second] = [startSession(server, user), startSession(server, user)];
  first.ask();
  await first.page();
  second.ask();
  await second.hears("Another km asks for a login");
  first.kill();
  await browse(await second.page());
  expect(await second.answer()).toBe("200");
  expect(issuer.to("/authorize")).toHaveLength(1);
}, 30_000);

interface Session {
  /** Makes one request. */
  ask(): void;
  /** Of the next request that was made: its status, or why there is none. */
  answer(): Promise<string | undefined>;
  /** The address that the user is to open. */
  page(): Promise<string>;
  hears(text: string): Promise<void>;
  kill(): void;
}

function startSession({ url }: ProtectedServer, { places }: User): Session {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../fixtures/oauth-session.ts"), url, places.folder],
    {
      stdio: ["pipe", "pipe", "pipe"],
      env: {},
    },
  );
  defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  const out = linesOf(child.stdout);
  const heard: string[] = [];
  let wake = Promise.withResolvers<void>();
  void (async () => {
    for await (const line of linesOf(child.stderr)) {
      heard.push(line);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  const hearing = async (pattern: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const next = wake.promise;
      const found = heard.find(pattern);
      if (found !== undefined) return found;
      await next;
    }
  };
  return {
    kill: () => child.kill("SIGKILL"),
    ask: () => {
      void child.stdin.write("\n");
      void child.stdin.flush();
    },
    answer: async () => (await out.next()).value ?? undefined,
    page: async () => (await hearing((line) => /^ {8}http/.test(line))).trim(),
    hears: async (text) => void (await hearing((line) => line.includes(text))),
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}
