/** `askServer`: with servers of the official SDKs, and with what no server should do. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { askServer } from "../../src/mcp/ask-server.ts";
import type { ServerLink } from "../../src/mcp/server-link.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");

function never(): AbortSignal {
  return new AbortController().signal;
}

/** A server that answers by this function; what it gives is sent line by line, and nothing ends the conversation. */
function scripted(answer: (message: Record<string, unknown>) => string[]): ServerLink {
  const { readable, writable } = new TransformStream<string, string>(undefined, { highWaterMark: 1000 });
  const writer = writable.getWriter();
  return {
    send(line) {
      for (const text of answer(JSON.parse(line) as Record<string, unknown>)) void writer.write(text);
    },
    lines: readable,
  };
}

test.each([
  ["legacy", [join(import.meta.dir, "../../node_modules/@modelcontextprotocol/server-memory/dist/index.js")]],
  ["both eras", [join(FIXTURES, "peer-modern.ts")]],
])(
  "a server of the SDK, %s, says what it offers",
  async (_, words) => {
    const child = Bun.spawn([process.execPath, ...words], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
    try {
      const lines = (async function* () {
        let rest = "";
        for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
          const parts = (rest + text).split("\n");
          rest = parts.pop() ?? "";
          yield* parts;
        }
      })();
      const send = (line: string): void => {
        void child.stdin.write(`${line}\n`);
        void child.stdin.flush();
      };
      const offer = await askServer({ send, lines }, never());
      if (typeof offer === "string") throw new Error(offer);
      expect(offer.missing).toEqual([]);
      expect(offer.tools.length).toBeGreaterThan(2);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  },
  60_000,
);

test("requests of the server are answered, and batches and other lines are put up with", async () => {
  const answered: unknown[] = [];
  const offer = await askServer(
    scripted((message) => {
      const { id, method } = message;
      if (method === undefined) answered.push(message);
      if (method === "initialize") {
        return [
          "",
          "nonsense",
          '{"id":"p","method":"ping"}',
          `{"id":${id as number},"result":{"instructions":"read all"}}`,
        ];
      }
      if (method === "tools/list")
        return [`[{"jsonrpc":"2.0","id":${id as number},"result":{"tools":[{"name":"a"}, 7]}}]`];
      return [];
    }),
    never(),
  );
  expect(offer).toMatchObject({ instructions: "read all", tools: [{ name: "a" }, 7], prompts: [], missing: [] });
  expect(answered).toEqual([{ jsonrpc: "2.0", id: "p", result: {} }]);
});

test("pages that never end are left", async () => {
  const offer = await askServer(
    scripted(({ id, method }) => {
      if (id === undefined) return [];
      const page = { tools: [{ name: `t${id as number}` }], nextCursor: `c${id as number}` };
      const result = method === "initialize" ? { capabilities: { tools: {} } } : page;
      return [JSON.stringify({ id, result })];
    }),
    never(),
  );
  if (typeof offer === "string") throw new Error(offer);
  expect(offer.missing).toEqual(["tools/list: there are too many of them"]);
  expect(offer.tools.length).toBe(201);
});

test("the end of its output and a signal end the conversation, with the reason", async () => {
  const ended: ServerLink = { send: () => undefined, lines: (async function* () {})() };
  expect(await askServer(ended, never())).toBe("no answer to initialize: it ended its output");
  const ending = new AbortController();
  const asking = askServer(
    scripted(() => []),
    ending.signal,
  );
  ending.abort("it took too long");
  expect(await asking).toBe("no answer to initialize: it took too long");
});
