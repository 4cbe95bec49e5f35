/** `startKm`: the built binary as it runs: what it says meanwhile, and what it is told. */
import { KM } from "./km.ts";

export interface Running {
  exited: Promise<number>;
  stdout: Promise<string>;
  /** The address that the user is to open. */
  page(): Promise<string>;
  hears(text: string): Promise<void>;
  /** All that was on stderr. */
  heard(): string;
  send(message: object): void;
  /** The next message on stdout. */
  line(): Promise<unknown>;
  end(): void;
  interrupt(): void;
}

export interface RunningPlace {
  env: Record<string, string>;
  cwd: string;
  /** Ends the process with it. */
  stack: AsyncDisposableStack;
}

export function startKm(words: string[], { env, cwd, stack }: RunningPlace): Running {
  const child = Bun.spawn([KM, ...words], { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
  stack.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  let heard = "";
  const [ears, eyes] = [new Set<() => void>(), new Set<() => void>()];
  let written = "";
  const reading = read(child.stderr, (text) => (heard += text), ears);
  const stdout = read(child.stdout, (text) => (written += text), eyes).then(() => written);
  const found = async (all: () => string, pattern: RegExp, wakers: Set<() => void>): Promise<string> => {
    for (;;) {
      const match = pattern.exec(all());
      if (match !== null) return match[1] ?? "";
      await new Promise<void>((wake) => wakers.add(wake));
    }
  };
  return {
    exited: Promise.all([child.exited, reading]).then(([code]) => code),
    stdout,
    page: async () => await found(() => heard, /^ {8}(http\S+)$/m, ears),
    hears: async (text) => void (await found(() => heard, new RegExp(RegExp.escape(text)), ears)),
    heard: () => heard,
    send: (message) => {
      void child.stdin.write(`${JSON.stringify(message)}\n`);
      void child.stdin.flush();
    },
    line: async () => JSON.parse(await found(() => written, /^(.+)\n/m, eyes)) as unknown,
    end: () => void child.stdin.end(),
    interrupt: () => child.kill("SIGINT"),
  };
}

async function read(stream: ReadableStream<Uint8Array>, take: (text: string) => void, wakers: Set<() => void>) {
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    take(decoder.decode(chunk, { stream: true }));
    for (const wake of wakers) wake();
    wakers.clear();
  }
}
