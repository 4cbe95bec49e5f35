/** `holdCalls`: a process that holds calls which wait for approval. */
import { join } from "node:path";
import { STRANGER } from "../../e2e/stranger.ts";

const FIXTURE = join(import.meta.dir, "../../fixtures/hold-calls.ts");

interface HoldOptions {
  count?: number;
  /** The client is a process of its own, and not this one. */
  elsewhere?: boolean;
}

export function holdCalls(state: string, { count = 1, elsewhere }: HoldOptions = {}) {
  const child = Bun.spawn([...(elsewhere ? STRANGER : []), process.execPath, FIXTURE, state, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = (async function* () {
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split("\n");
      text = parts.pop() ?? "";
      yield* parts;
    }
  })();
  return {
    /** The next line that it prints: the id of each call, then what became of it. */
    next: async () => (await lines.next()).value ?? "",
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async [Symbol.asyncDispose]() {
      await child.stdin.end(); // it ends with that, also behind a stranger
      await child.exited;
    },
  };
}
