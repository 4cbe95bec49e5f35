/**
 * `readOrder`: which servers `km __remote` and `km __upstream` are to stand in for. It comes as the first line of their
 * stdin, before those of the client: what is secret in it stands in no argument, in no variable and in no file.
 */
import { KmError } from "../errors.ts";
import { type Server } from "../servers/server.ts";
import { serversIn } from "../servers/server-data.ts";

/** Says that an order comes: who starts such a command by hand is told so, and not kept waiting. */
const ORDER_VARIABLE = "KM_ORDER";
/** Bun makes no more than 256 requests at a time unless told otherwise; streams stay open, and what they wait for must pass. */
const MOST_REQUESTS = "4096";
const MOST_BYTES = 16 << 20;
const LINE_FEED = 10;

/** How such a process is started. */
export interface Ordered {
  /** The first bytes that it gets on stdin. */
  opening: string;
  env: Record<string, string>;
}

/** @param servers with their references: the process that needs what they stand for resolves them */
export function orderOf(servers: Server[]): Ordered {
  const { KM_PASSPHRASE_FILE: passphrase } = process.env;
  return {
    opening: `${JSON.stringify(servers)}\n`,
    env: {
      [ORDER_VARIABLE]: "stdin",
      BUN_CONFIG_MAX_HTTP_REQUESTS: MOST_REQUESTS,
      // What no other program gets from km: the secrets that it keeps may be locked with it.
      ...(passphrase !== undefined && { KM_PASSPHRASE_FILE: passphrase }),
    },
  };
}

export interface Order {
  /** The one that is meant, then those that stand in for it. */
  servers: [Server, ...Server[]];
  /** What comes after the order: the client's. */
  input: AsyncIterable<Uint8Array>;
}

/** @throws KmError USAGE where km did not start this process */
export async function readOrder(): Promise<Order> {
  const isOrdered = process.env[ORDER_VARIABLE] !== undefined;
  delete process.env[ORDER_VARIABLE];
  const input = isOrdered ? Bun.stdin.stream().getReader() : undefined;
  const line = input === undefined ? undefined : await firstLine(input);
  const [first, ...others] = serversIn(line?.text ?? "") ?? [];
  if (input === undefined || line === undefined || first === undefined) {
    throw new KmError("USAGE", "No server is given", { hint: "Use km monitor --url https://host/mcp, or --use NAME." });
  }
  return { servers: [first, ...others], input: chunksOf(line.rest, input) };
}

interface Reader {
  read(): Promise<{ value?: Uint8Array | undefined }>;
}

async function firstLine(input: Reader): Promise<{ text: string; rest: Uint8Array } | undefined> {
  const pieces: Uint8Array[] = [];
  for (let size = 0; size < MOST_BYTES;) {
    const { value } = await input.read();
    if (value === undefined) return undefined;
    const end = value.indexOf(LINE_FEED);
    pieces.push(end < 0 ? value : value.subarray(0, end));
    if (end >= 0) return { text: Buffer.concat(pieces).toString(), rest: value.subarray(end + 1) };
    size += value.length;
  }
  return undefined;
}

async function* chunksOf(first: Uint8Array, input: Reader): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (;;) {
    const { value } = await input.read();
    if (value === undefined) return;
    yield value;
  }
}
