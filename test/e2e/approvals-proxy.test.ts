/** Calls that wait for a person, between real processes: what goes on meanwhile, and what becomes of them when somebody goes. */
import { expect, setDefaultTimeout } from "bun:test";
import type { Verdict } from "../../src/stream/verdict.ts";
import { type Conversation, converse } from "./conversation.ts";
import { type Gatekeeper, keepApprovals } from "./gatekeeper.ts";
import { type ParsedEvent, recorded, runKm, traffic } from "./journal.ts";
import { type Home, makeHome } from "./km.ts";
import { describe, test } from "./linux-test.ts";
import { Running } from "./run-km.ts";

setDefaultTimeout(30_000);

const PASS: Verdict = { action: "pass" };
const APPROVE: Verdict = { action: "approve", by: "ann", waited_ms: 1500 };
const BLOCK: Verdict = { action: "block", by: "ann", reason: "denied" };
const PING = '{"jsonrpc":"2.0","id":"p","method":"ping"}';

function call(id: number | string, tool = "rm"): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}"}}`;
}

function callsIn(km: Running): object[] {
  return km.journal.filter(({ type, method }) => type === "request" && method === "tools/call");
}

interface Waiting {
  home: Home;
  gate: Gatekeeper;
  talk: Conversation;
  events(): ParsedEvent[];
}

describe.each(["poll", "streams"])("behind the %s pump, a call that waits for a person", (pump) => {
  async function waiting(check: (session: Waiting) => Promise<void>, timeout = "2s"): Promise<void> {
    using home = makeHome();
    using gate = await keepApprovals(home, "tools/call");
    const env = { KM_PUMP: pump, KILL_TIMEOUT: timeout };
    await using talk = await converse(home, { through: gate.through, env });
    await check({ home, gate, talk, events: () => traffic(recorded(home)) });
  }

  /** The same with a server that is a line of shell, which says something when it is up. */
  async function behind(server: string, check: (km: Running, gate: Gatekeeper) => Promise<void>): Promise<void> {
    using home = makeHome();
    using gate = await keepApprovals(home, "tools/call");
    const env = { KILL_TIMEOUT: "300ms", KM_PUMP: pump };
    await using km = new Running([...gate.through, "sh", "-c", server], { env });
    await km.shown("\n");
    await check(km, gate);
  }

  test("lets all others go on, is forwarded when approved, and the journal says by whom", async () => {
    await waiting(async ({ home, gate, talk, events }) => {
      await talk.client.send(`${call(1)}\n${call(2)}\n${PING}\r\n`);
      await talk.server.line(`${PING}\r`);
      const [first, second] = [await gate.asked(), await gate.asked()];
      second.decide(APPROVE);
      await talk.server.line(call(2));
      await talk.reply('{"jsonrpc":"2.0","id":2,"result":{}}');
      first.decide(BLOCK);
      const text = '{"type":"text","text":"Blocked by ann: denied"}';
      await talk.client.line(`{"jsonrpc":"2.0","id":1,"result":{"content":[${text}],"isError":true}}`);
      expect(await talk.end()).toEqual({ exitCode: 0, stderr: "" });
      const [, approved] = events();
      expect(approved).toMatchObject({
        type: "request",
        intercepted: { action: "approved", by: "ann", waited_ms: 1500 },
      });
      const logs = (await runKm(home, ["logs", "is:approved"])).stdout;
      expect(logs).toContain("approved by ann after 1.5s");
      expect(logs.split("\n").filter((line) => line.includes("tools/call"))).toHaveLength(1);
    });
  });

  test("is dropped when the client cancels it: neither is forwarded, nobody is answered", async () => {
    await waiting(async ({ gate, talk, events }) => {
      await talk.client.send(`${call(7)}\n`);
      const { decide } = await gate.asked();
      const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}';
      await talk.client.send(`${cancel}\n`);
      await talk.pass(PING);
      decide(PASS);
      await talk.reply('{"jsonrpc":"2.0","id":"p","result":{}}');
      await talk.end();
      expect(talk.server.received.toString()).toBe(`${PING}\n`);
      const intercepted = { action: "blocked", by: "km", reason: "cancelled while it was held" };
      expect(events().slice(0, 2)).toMatchObject([
        { method: "tools/call", intercepted },
        { method: "notifications/cancelled", call: 2, intercepted },
      ]);
    });
  });

  test("is recorded and keeps nobody when the server ends, or the client goes", async () => {
    await waiting(async ({ gate, talk, events }) => {
      await talk.client.send(`${call(1)}\n`);
      await gate.asked();
      talk.hangUp();
      expect(await talk.km.exited).toBe(0);
      expect(events()).toMatchObject([{ method: "tools/call" }]);
    });
    await behind("echo up; cat > /dev/null", async (km, gate) => {
      await km.write(`${call(1)}\n`);
      const { decide } = await gate.asked();
      await km.closeOutput();
      decide(BLOCK);
      await km.closeInput();
      expect(await km.exited()).toBe(0);
      expect(callsIn(km)).toHaveLength(1);
    });
  });

  test("is recorded, and nothing is left behind, when the server is killed", async () => {
    await behind("echo $$; sleep 1000", async (km, gate) => {
      await km.write(`${call(1)}\n${call(2)}\n`);
      await gate.asked();
      await gate.asked();
      const tree = km.tree();
      process.kill(Number(km.text), "SIGKILL");
      expect(await km.exited()).toBe(137);
      await km.gone(tree);
      expect(callsIn(km)).toHaveLength(2);
    });
  });

  test("is decided and forwarded before the end of input, when the client closes", async () => {
    await waiting(async ({ gate, talk }) => {
      await talk.client.send(`${call(1)}\n${PING}`);
      const { decide } = await gate.asked();
      const end = talk.end();
      decide(APPROVE);
      await talk.server.until(call(1).length + 1 + PING.length);
      expect(talk.server.received.toString()).toBe(`${call(1)}\n${PING}`);
      expect((await end).exitCode).toBe(0);
    });
  });

  test("does not keep km when it is ended by a signal", async () => {
    await waiting(async ({ gate, talk, events }) => {
      await talk.client.send(`${call(1)}\n`);
      await gate.asked();
      talk.km.kill("SIGTERM");
      expect(await talk.km.exited).toBe(143);
      const intercepted = { action: "blocked", by: "km", reason: "the session ended while it was held" };
      expect(events()).toMatchObject([{ method: "tools/call", intercepted }]);
    }, "300ms");
  });

  test("goes on whole while a server reads slowly and another floods", async () => {
    await waiting(async ({ gate, talk }) => {
      const flood = Buffer.alloc(100_000 * (PING.length + 1), `${PING}\n`);
      await talk.client.send(`${call(1)}\n`);
      const { decide } = await gate.asked();
      const sent = talk.client.send(flood);
      await talk.server.until(1000);
      decide(APPROVE);
      await sent;
      await talk.server.until(flood.length + call(1).length + 1);
      const lines = talk.server.received.toString().split("\n");
      expect(lines.filter((line) => line === PING)).toHaveLength(100_000);
      expect(lines.filter((line) => line === call(1))).toHaveLength(1);
    });
  });
});
