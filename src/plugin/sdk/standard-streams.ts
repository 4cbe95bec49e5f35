/** `standardStreams`: stdin and stdout as the protocol uses them, on Bun and on Node. */
import type { Sink } from "./line-output.ts";

export interface StandardStreams {
  write: Sink;
  /** Resolves at the end of stdin. */
  read(take: (chunk: Uint8Array) => void): Promise<void>;
}

/** To be called before stdout is taken from everyone else: what it returns keeps the real one. */
export function standardStreams(): StandardStreams {
  // Bun's `process.stdin` and `process.stdout` take 9 ms to load, its own streams none.
  return typeof Bun === "undefined" ? nodeStreams() : bunStreams();
}

function bunStreams(): StandardStreams {
  const writer = Bun.stdout.writer();
  return {
    write(text) {
      const written = writer.write(text);
      const flushed = writer.flush();
      if (typeof written === "number" && typeof flushed === "number") return;
      return Promise.all([written, flushed]).then(() => undefined);
    },
    async read(take) {
      for await (const chunk of Bun.stdin.stream()) take(chunk);
    },
  };
}

function nodeStreams(): StandardStreams {
  const { stdin, stdout } = process;
  const write = stdout.write.bind(stdout);
  return {
    async write(text) {
      await new Promise<void>((resolve, reject) => {
        write(text, (error) => (error ? reject(error) : resolve()));
      });
    },
    async read(take) {
      stdout.on("error", () => undefined); // the callback of the write reports it
      stdin.on("data", take);
      await new Promise<void>((resolve) => {
        stdin.once("end", resolve);
        stdin.once("error", () => resolve());
      });
    },
  };
}
