/** What of a conversation arrives as it was sent, through a bridge. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Back, type Front, startFront, startPeer } from "./http-bridges.ts";
import { type Client, openHttp, openStdio } from "./http-clients.ts";

export interface Kept {
  what: string;
  isKept: boolean;
}

/** @param env an environment for the bridge alone */
export async function fidelityOfFront(front: Front, env: Record<string, string>): Promise<Kept[]> {
  return await logged(async (log) => {
    await using running = await startFront(front, env, log);
    await using client = await openHttp(running.url);
    return await converse(client, log);
  });
}

export async function fidelityOfBack(back: Back, env: Record<string, string>): Promise<Kept[]> {
  return await logged(async (log) => {
    await using peer = await startPeer(log);
    await using client = await openStdio(back.command(peer.url), env);
    return await converse(client, log);
  });
}

async function logged(run: (log: string) => Promise<Kept[]>): Promise<Kept[]> {
  const folder = mkdtempSync(join(tmpdir(), "km-bench-bytes-"));
  try {
    return await run(join(folder, "got.jsonl"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const PATIENCE_MS = 5000;

async function converse(client: Client, log: string): Promise<Kept[]> {
  const ask = async (text: string): Promise<string> =>
    await Promise.race([client.request(text).catch(() => ""), Bun.sleep(PATIENCE_MS).then(() => "")]);
  const odd = await ask(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"odd","arguments":{"n":9007199254740993,"float":1.0,"text":"\\u00e9"},"_meta":{"x":12345678901234567890},"more":true}}',
  );
  const list = await ask('{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"more":1}}');
  const custom = await ask('{"jsonrpc":"2.0","id":3,"method":"custom/method","params":{"n":1}}');
  const large = await ask('{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}');
  const got = readFileSync(log, "utf8");
  return [
    { what: "64-bit integers in arguments", isKept: got.includes('"n":9007199254740993') },
    { what: "64-bit integers in results", isKept: odd.includes('"big":9007199254740993') },
    { what: "64-bit integers in schemas", isKept: list.includes('"maximum":9007199254740993') },
    { what: "numbers as written (1.0, 1e2)", isKept: got.includes('"float":1.0') && odd.includes('"exponent":1e2') },
    { what: "escapes as written", isKept: got.includes('"text":"\\u00e9"') && odd.includes('"text":"\\u00e9"') },
    { what: "unknown members of a call", isKept: got.includes('"more":true') },
    { what: "unknown members of a tool", isKept: list.includes('"extra":1') },
    {
      what: "methods that no library knows",
      isKept: custom.includes('"custom":') && got.includes("custom/method"),
    },
    { what: "the client's name and capabilities", isKept: got.includes('"name":"bench"') && got.includes('"future"') },
    { what: "an id beyond 2^53", isKept: large.includes('"id":9007199254740993') && large.includes('"tools"') },
  ];
}
