/** `startServer`: a program that serves HTTP, started for a test with a folder of its own, and ended with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";

export interface StartedServer extends AsyncDisposable {
  url: string;
  port: number;
  folder: string;
  /** What it has written to stderr and stdout. */
  output(): string;
  /** Resolves when it has ended by itself. */
  exited: Promise<number>;
}

export interface Launch {
  command: string[];
  /** A path that answers 200 when it can be used. */
  readyPath: string;
}

const READY_WITHIN_MS = 60_000;

/** @param launch what to start, with the folder and the port that are its own */
export async function startServer(launch: (folder: string, port: number) => Launch): Promise<StartedServer> {
  const folder = mkdtempSync(join(tmpdir(), "km-server-"));
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const { command, readyPath } = launch(folder, port);
  const child = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  let output = "";
  const collected = [child.stdout, child.stderr].map(async (stream) => {
    const decoder = new TextDecoder();
    for await (const part of stream) output = (output + decoder.decode(part, { stream: true })).slice(-20_000);
  });
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    await Promise.all(collected);
    rmSync(folder, { recursive: true, force: true });
  };
  const isReady = async (): Promise<boolean> => {
    const response = await fetch(`${url}${readyPath}`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await response?.arrayBuffer().catch(() => undefined);
    return response?.ok ?? false;
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end();
      throw new Error(`${command[0]} is not ready: ${output}`);
    }
    await Bun.sleep(50);
  }
  return { url, port, folder, output: () => output, exited: child.exited, [Symbol.asyncDispose]: end };
}
