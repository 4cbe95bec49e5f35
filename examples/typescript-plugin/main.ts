/**
 * Counts calls, failures and time of each tool, in `usage-<session>.json`. A km plugin, written from
 * docs/plugin-protocol.md without an SDK: it runs on Node.js as on Bun.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const NAME = "tool-usage";
const VERSION = "1.0.0";
const PROTOCOL = 1;

/** What of the host's messages is used here. */
interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
}
/** An answer has `duration_ms`; one with `continues` does not end its call. */
interface StreamEvent {
  seq: number;
  tool?: string;
  duration_ms?: number;
  continues?: string;
  error_type?: string;
}
type Counts = { calls: number; failed: number; ms: number };

let ignored = new Set<unknown>();
let file = "";
/** The last event that is counted; saved with the counts, so that none counts twice. */
let counted = 0;
const tools = new Map<string, Counts>();

const answers: Record<string, (params: Record<string, unknown>) => object> = {
  "km/hello": ({ protocols }) => {
    if (!(protocols as number[]).includes(PROTOCOL)) throw new Error(`${NAME} speaks protocol ${PROTOCOL} only`);
    return { protocol: PROTOCOL, name: NAME, version: VERSION, hooks: ["observe"] };
  },
  "km/authenticate": () => ({ authorized: true, features: [] }), // free for everybody: no token to check
  "km/configure": ({ configuration }) => {
    ignored = new Set((configuration as { ignore: string[] }).ignore);
    return {};
  },
  "km/activate": ({ session }) => {
    file = `usage-${(session as { session_id: string }).session_id}.json`;
    load();
    return {};
  },
  "km/ping": () => ({}),
  "km/shutdown": () => ({}),
};

/** @returns whether to go on */
function receive({ id, method, params = {} }: Message): boolean {
  if (id !== undefined && method !== undefined) send({ id, ...answer(method, params) });
  else if (method === "km/events") {
    for (const event of params["events"] as StreamEvent[]) if (event.seq > counted) count(event);
    save(); // before the ack: what is acknowledged does not come again
    send({ method: "km/ack", params: { seq: params["to"] } });
  }
  return method !== "km/shutdown";
}

function answer(method: string, params: Record<string, unknown>): object {
  const handler = answers[method];
  if (handler === undefined) return { error: { code: -32601, message: `Unknown method: ${method}` } };
  try {
    return { result: handler(params) };
  } catch (error) {
    return { error: { code: -32603, message: String(error) } };
  }
}

function count({ seq, tool, duration_ms, continues, error_type }: StreamEvent): void {
  counted = seq;
  const endsCall = duration_ms !== undefined && continues === undefined;
  if (tool === undefined || !endsCall || ignored.has(tool)) return;
  const { calls, failed, ms } = tools.get(tool) ?? { calls: 0, failed: 0, ms: 0 };
  tools.set(tool, { calls: calls + 1, failed: failed + (error_type === undefined ? 0 : 1), ms: ms + duration_ms });
}

function load(): void {
  if (!existsSync(file)) return; // the session is new
  const saved = JSON.parse(readFileSync(file, "utf8"));
  counted = saved.counted;
  for (const [tool, counts] of Object.entries<Counts>(saved.tools)) tools.set(tool, counts);
}

/** Whole or not at all, whenever the process is killed. The working directory is the plugin's own. */
function save(): void {
  writeFileSync(`${file}.new`, JSON.stringify({ counted, tools: Object.fromEntries(tools) }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

/** Line feeds alone end a line: `node:readline` would also split at U+2028, which JSON text may hold. */
async function* lines(): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString();
      parts = [];
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
  }
}

if (process.env["KM_PLUGIN"] !== "1") {
  process.stderr.write(`${NAME} ${VERSION} is a plugin for km, which starts it: see km plugins list\n`);
  process.exit(1);
}
console.log = console.info = console.debug = console.error; // stdout is for the protocol alone
process.stdout.on("error", () => process.exit(0)); // km is gone
for await (const line of lines()) if (!receive(JSON.parse(line) as Message)) break;
