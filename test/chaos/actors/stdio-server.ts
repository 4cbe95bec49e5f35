/** A server on stdio, of both eras, that answers calls as they say: `stdio-server.ts FOLDER`. Their marks are in FOLDER/done. */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { answerLine, initializedLine, readSaid } from "./said-calls.ts";

const [folder = ""] = process.argv.slice(2);
const done = openSync(join(folder, "done"), "a");
const decoder = new TextDecoder();
let rest = "";

for await (const chunk of Bun.stdin.stream()) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) void answer(line);
}
process.exit(0);

async function answer(line: string): Promise<void> {
  const { id, method, call } = readSaid(line);
  if (id === undefined) return;
  if (method === "initialize") return say(initializedLine(id));
  if (call === undefined) return say(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no such method"}}`);
  await Bun.sleep(call.ms);
  writeSync(done, `${call.mark}\n`);
  if (call.how === "torn") process.exit(1);
  say(answerLine(id, call));
}

function say(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
  } catch {
    process.exit(1); // nobody reads any more
  }
}
