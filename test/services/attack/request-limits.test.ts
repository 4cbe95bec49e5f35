/** How many HTTP requests one caller may send to `km serve`: each for itself, by name or address, and anew when services.yaml changes. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { startServe } from "../host/run-serve.ts";

const TIMEOUT = 60_000;
const SMALL = "limits: { requests: 3/1h }";
const MESSAGE = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });

/** The status of the answer. @param from an address of this machine */
async function asked(origin: string, from: string, key?: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    const sent = request(`${origin}/mcp`, { method: "POST", localAddress: from, agent: false, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject).end(MESSAGE);
  });
}

async function statuses(times: number, ask: () => Promise<number>): Promise<boolean[]> {
  const found: boolean[] = [];
  for (let time = 0; time < times; time++) found.push((await ask()) === 429);
  return found;
}

const WHY = process.platform === "linux" ? "" : " (skipped: only Linux has all of 127.0.0.0/8)";

test.skipIf(WHY !== "")(
  `each address has its own where nobody is asked who they are, also after a change${WHY}`,
  async () => {
    await using km = await startServe(["utilities"], { settings: SMALL });
    const from = (address: string) => async () => await asked(km.origin, address);
    expect(await statuses(5, from("127.0.0.1"))).toEqual([false, false, false, true, true]);
    expect(await statuses(4, from("127.0.0.2"))).toEqual([false, false, false, true]);
    writeFileSync(km.file, "limits: { requests: 5/1h }");
    await km.said("Read anew");
    expect(await statuses(6, from("127.0.0.1"))).toEqual([false, false, false, false, false, true]);
  },
  TIMEOUT,
);

test(
  "each name has its own where there are logins, unless their file says another limit",
  async () => {
    const [one, two] = [newApiKey(), newApiKey()];
    const keys = [one, two].map((key, at) => `{ name: k${at}, sha256: "${hashOfKey(key)}" }`);
    const access = `version: 1\nauth: { keys: [${keys.join(", ")}] }\n`;
    {
      await using km = await startServe(["utilities"], { settings: SMALL, access });
      const by = (key: string) => async () => await asked(km.origin, "127.0.0.1", key);
      expect(await statuses(4, by(one))).toEqual([false, false, false, true]);
      expect(await statuses(4, by(two))).toEqual([false, false, false, true]);
    }
    await using km = await startServe(["utilities"], {
      settings: SMALL,
      access: `${access}limits: { requests: 4/1h }\n`,
    });
    const by = (key: string) => async () => await asked(km.origin, "127.0.0.1", key);
    expect(await statuses(5, by(one))).toEqual([false, false, false, false, true]);
  },
  TIMEOUT,
);
