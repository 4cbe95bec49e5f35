/** `ResilientLink` over servers that fail, end and dawdle as they are told. */
import { expect, test } from "bun:test";
import type { Health } from "../../src/http/health.ts";
import { LineQueue } from "../../src/http/line-queue.ts";
import { ResilientLink } from "../../src/resilience/resilient-link.ts";
import type { Upstream, UpstreamLimits } from "../../src/resilience/upstream.ts";

interface Fake extends Upstream {
  got: string[];
  opened: number;
  /** What it answers; nothing where undefined. */
  answers: (line: string) => string[];
  say(line: string): void;
  end(): void;
}

const ids = (line: string): string => /"id":("[^"]*"|\d+)/.exec(line)?.[1] ?? "null";
const ok = (line: string): string[] =>
  line.includes('"id"') && line.includes('"method"') ? [`{"jsonrpc":"2.0","id":${ids(line)},"result":{}}`] : [];

function fake(name: string, { isProgram = true, answers = ok }: Partial<Fake> = {}): Fake {
  let lines = new LineQueue();
  const own: Fake = {
    name,
    isProgram,
    got: [],
    opened: 0,
    answers,
    breaker: { refusal: () => undefined, settled: () => undefined },
    say: (line) => void lines.push(line),
    end: () => lines.end(),
    open() {
      const mine = (lines = new LineQueue());
      own.opened++;
      return {
        lines: mine,
        send(line) {
          own.got.push(line);
          for (const answer of own.answers(line)) void mine.push(answer);
        },
        close() {
          mine.end();
          return Promise.resolve();
        },
      };
    },
  };
  return own;
}

function linked(upstreams: Upstream[], limits: Partial<UpstreamLimits> = {}) {
  const said: string[] = [];
  const link = new ResilientLink({
    upstreams,
    limits: { answerTimeoutMs: 60_000, ...limits },
    say: (text) => said.push(text),
  });
  const lines = link.batches();
  const waiting: string[] = [];
  const next = async (): Promise<string | undefined> => {
    if (waiting.length === 0) waiting.push(...((await lines.next()).value ?? []));
    return waiting.shift();
  };
  return { link, said, next };
}

const ask = (id: number | string, method = "tools/call", params = "{}"): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"${method}","params":${params}}`;

test("lines go to and fro as they are", async () => {
  const one = fake("one", { answers: () => ['{ "jsonrpc":"2.0", "id" : 1,"result":{"x":9007199254740993}}'] });
  const { link, next } = linked([one]);
  const line = '{"jsonrpc" : "2.0","id":1,"method":"tools/call","params":{"a":1.0}}';
  await link.send(line);
  expect(one.got).toEqual([line]);
  expect(await next()).toBe('{ "jsonrpc":"2.0", "id" : 1,"result":{"x":9007199254740993}}');
  await link.close();
});

test("a server that cannot be started is replaced by the next, in their order", async () => {
  const broken = fake("broken");
  broken.open = () => {
    throw new Error("no such program");
  };
  const second = fake("second");
  const { link, next, said } = linked([broken, broken, second]);
  await link.send(ask(0, "initialize"));
  expect(await next()).toContain('"id":0,"result"');
  expect(second.got).toEqual([ask(0, "initialize")]);
  expect(said.at(-1)).toContain("second takes its place");
  await link.close();
});

test("a program that ends before it has answered is replaced by the next, which gets what was asked", async () => {
  const one = fake("one", { answers: () => [] });
  const two = fake("two");
  const { link, next } = linked([one, two]);
  const sent = link.send(ask(0, "initialize"));
  await sent;
  one.end();
  expect(await next()).toContain('"id":0,"result"');
  expect(two.got).toEqual([ask(0, "initialize")]);
  await link.close();
});

function unreachable(name: string): Fake {
  const own = fake(name, { isProgram: false });
  const { open } = own;
  own.open = (health: Health) => {
    own.answers = (line) => {
      health.settled("unreachable");
      return [`{"jsonrpc":"2.0","id":${ids(line)},"error":{"code":-32000,"message":"no"}}`];
    };
    return open(health);
  };
  return own;
}

test("a server that cannot be reached is replaced at the start of a session, but not for a call", async () => {
  const two = fake("two");
  const first = linked([unreachable("one"), two]);
  await first.link.send(ask(0, "server/discover"));
  expect(await first.next()).toContain('"id":0,"result"');
  await first.link.close();

  const second = linked([unreachable("one"), two]);
  await second.link.send(ask(1, "tools/call"));
  expect(await second.next()).toContain('"error"');
  expect(two.got).toEqual([ask(0, "server/discover")]);
  await second.link.close();
});

test("a server that has answered once stays the one of its session", async () => {
  const one = fake("one", { isProgram: false });
  const { open } = one;
  let health: Health | undefined;
  one.open = (given) => {
    health = given;
    return open(given);
  };
  const two = fake("two");
  const { link, next } = linked([one, two]);
  await link.send(ask(0, "initialize"));
  await next();
  one.answers = (line) => {
    health?.settled("unreachable");
    return [`{"jsonrpc":"2.0","id":${ids(line)},"error":{"code":-32000,"message":"no"}}`];
  };
  await link.send(ask(1, "tools/list"));
  expect(await next()).toContain('"id":1,"error"');
  expect(two.opened).toBe(0);
  await link.close();
});

test("a program that crashes is started again, with the handshake of its session, so often and no more", async () => {
  const one = fake("one");
  const { link, next, said } = linked([one], { restarts: 1 });
  await link.send(ask("i", "initialize"));
  await next();
  await link.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  one.answers = (line) => (line.includes("tools/call") ? [] : ok(line));
  await link.send(ask(1));
  one.got.length = 0;
  one.end();
  expect(await next()).toContain('"id":1,"error"');
  one.answers = ok;
  await link.send(ask(2));
  expect(await next()).toContain('"id":2,"result"'); // and the second answer to initialize is kept from the client
  expect(one.got).toEqual([ask("i", "initialize"), '{"jsonrpc":"2.0","method":"notifications/initialized"}', ask(2)]);
  one.end();
  expect(await next()).toBeUndefined();
  expect(said.at(-1)).toContain("was started 1 times");
  await link.close();
});

test("an answer that does not come is an error, the server is told, and progress counts", async () => {
  const one = fake("one", { answers: () => [] });
  const { link, next } = linked([one], { answerTimeoutMs: 120 });
  const began = performance.now();
  await link.send(ask(1, "tools/call", '{"_meta":{"progressToken":"t"}}'));
  for (let n = 0; n < 4; n++) {
    await Bun.sleep(60);
    one.say('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}');
    expect(await next()).toContain("progress");
  }
  expect(await next()).toContain('"id":1,"error":{"code":-32001');
  expect(performance.now() - began).toBeGreaterThan(240);
  await link.send(ask(2, "ping"));
  expect(one.got.some((line) => line.includes("notifications/cancelled") && line.includes('"requestId":1'))).toBe(true);
  one.say('{"jsonrpc":"2.0","id":1,"result":{"late":true}}');
  one.say('{"jsonrpc":"2.0","id":2,"result":{}}');
  expect(await next()).toContain('"id":2');
  await link.close();
});

test("the time does not run while the server waits for the client", async () => {
  const one = fake("one", { answers: () => [] });
  const { link, next } = linked([one], { answerTimeoutMs: 80 });
  await link.send(ask(1));
  one.say('{"jsonrpc":"2.0","id":"s","method":"elicitation/create","params":{}}');
  expect(await next()).toContain("elicitation");
  await Bun.sleep(200);
  await link.send('{"jsonrpc":"2.0","id":"s","result":{}}');
  one.say('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(await next()).toContain('"id":1,"result"');
  await link.close();
});

test("calls beyond the number at a time wait, in order, and can be cancelled; too many are refused", async () => {
  const one = fake("one", { answers: () => [] });
  const { link, next } = linked([one], { concurrent: 1 });
  for (let id = 1; id <= 101; id++) await link.send(ask(id));
  await link.send(ask(102));
  expect(await next()).toContain('"id":102,"error"');
  expect(one.got).toEqual([ask(1)]);
  await link.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}');
  one.say('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(await next()).toContain('"id":1');
  await link.send(ask("p", "ping"));
  expect(one.got).toEqual([ask(1), ask(3), ask("p", "ping")]);
  await link.close();
});

test("calls beyond the number in a time wait for it", async () => {
  const one = fake("one");
  const { link, next } = linked([one], { calls: { count: 2, perMs: 150 } });
  const began = performance.now();
  for (let id = 1; id <= 3; id++) await link.send(ask(id));
  for (let id = 1; id <= 3; id++) expect(await next()).toContain(`"id":${id},`);
  expect(performance.now() - began).toBeGreaterThan(140);
  await link.close();
});

test("a batch passes, and what answers it", async () => {
  const one = fake("one", {
    answers: () => ['{"jsonrpc":"2.0","id":1,"result":{}}', '[{"jsonrpc":"2.0","id":2,"result":{}}]'],
  });
  const { link, next } = linked([one]);
  await link.send(`[${ask(1)},${ask(2)}]`);
  expect(await next()).toContain('"id":1');
  expect(await next()).toStartWith("[");
  await link.close();
});

test("a call that is cancelled gives up its place, though the server never answers it; what is open at the end is an error", async () => {
  const one = fake("one", { answers: (line) => (line.includes("slow") ? [] : ok(line)) });
  const { link, next } = linked([one], { concurrent: 1 });
  await link.send(ask(1, "tools/call", '{"name":"slow"}'));
  await link.send(ask(2));
  expect(one.got).toHaveLength(1);
  await link.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
  expect(await next()).toBe('{"jsonrpc":"2.0","id":2,"result":{}}');
  await link.settled();
  await link.send(ask(3, "tools/call", '{"name":"slow"}'));
  await link.close();
  expect(await next()).toContain('"id":3,"error"');
  expect(await next()).toBeUndefined();
});

test("the time that the server waits for the client is not counted in all either; it ends when the server waits no more", async () => {
  const one = fake("one", { answers: () => [] });
  const { link, next } = linked([one], { answerTimeoutMs: 100 });
  await link.send(ask(1));
  one.say('{"jsonrpc":"2.0","id":"s1","method":"elicitation/create","params":{}}');
  expect(await next()).toContain("elicitation/create");
  await Bun.sleep(1200); // longer than ten times the time
  await link.send('{"jsonrpc":"2.0","id":"s1","result":{}}');
  one.say('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(await next()).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  await link.send(ask(2));
  one.say('{"jsonrpc":"2.0","id":"s2","method":"elicitation/create","params":{}}');
  one.say('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"s2"}}');
  expect([await next(), await next()].join()).toContain('"requestId":"s2"');
  expect(await next()).toContain('"id":2,"error":{"code":-32001');
  await link.close();
});
