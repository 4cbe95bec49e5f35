/** Records a conversation with a small server, as `km monitor` does it. */
import { join } from "node:path";
import type { TemporaryData } from "../journal/make-journal.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
export const SERVER = join(import.meta.dir, "../fixtures/replay-server.ts");

export const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"clientInfo":{"name":"desk","version":"1"}}}';
export const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

export function call(id: number, name: string, members = ""): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"${members}}}`;
}

/** Says each line when the one before is answered, as far as it is a request, and answers `roots/list`. */
export async function record(data: TemporaryData, lines: string[], flags: string[] = []): Promise<void> {
  const child = Bun.spawn([process.execPath, MAIN, "monitor", ...flags, "--", process.execPath, SERVER], {
    env: { PATH: process.env["PATH"] ?? "", HOME: data.folder, KM_DATA_DIR: data.folder, KM_CONFIG_DIR: data.folder },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const answers = linesOf(child.stdout);
    for (const line of lines) {
      await child.stdin.write(`${line}\n`);
      await child.stdin.flush();
      if (!line.includes('"id"')) continue;
      for (;;) {
        const { value = "" } = await answers.next();
        const asked = /"method":"roots\/list","id":("[^"]+")/.exec(value)?.[1];
        if (asked === undefined) break;
        await child.stdin.write(`{"jsonrpc":"2.0","id":${asked},"result":{"roots":[{"uri":"file:///a"}]}}\n`);
        await child.stdin.flush();
      }
    }
    await child.stdin.end();
    await child.exited;
  } finally {
    child.kill("SIGKILL");
  }
}

export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
