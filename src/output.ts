/** Where a command's data goes: stdout or a pager, written completely, and without complaint when the reader leaves. */
import { systemCode } from "./errors.ts";

export interface Output {
  /** False when nobody reads any more, as behind `| head`: the command can stop. */
  write(text: string): Promise<boolean>;
  /** To be awaited before the command returns. */
  close(): Promise<void>;
}

export function stdout(): Output {
  process.stdout.on("error", ignore); // the callback of the write reports it
  let last: Promise<boolean> = Promise.resolve(true);
  return {
    write(text) {
      last = last.then((open) => open && writeToStdout(text));
      return last;
    },
    async close() {
      await last;
      process.stdout.off("error", ignore);
    },
  };
}

/** The user's pager where stdout is a terminal and a pager is there; else stdout itself. */
export function pagedOutput(): Output {
  const command = process.env["PAGER"] ?? (Bun.which("less") === null ? "" : "less");
  if (!process.stdout.isTTY || command.trim() === "" || command === "cat") return stdout();
  const shell = process.platform === "win32" ? ["cmd", "/c", command] : ["sh", "-c", command];
  // Colours, and an end at once where everything fits the screen.
  const env = { ...process.env, LESS: process.env["LESS"] ?? "FRX" };
  const pager = Bun.spawn(shell, { env, stdin: "pipe", stdout: "inherit", stderr: "inherit" });
  process.on("SIGINT", ignore); // an interrupt is for the pager, which outlives it
  let open = true;
  return {
    async write(text) {
      if (!open) return false;
      try {
        await pager.stdin.write(text);
        await pager.stdin.flush();
      } catch {
        open = false; // the user has seen enough
      }
      return open;
    },
    async close() {
      if (open) await Promise.resolve(pager.stdin.end()).catch(ignore);
      await pager.exited;
      process.off("SIGINT", ignore);
    },
  };
}

function writeToStdout(text: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  process.stdout.write(text, (error) => {
    if (error === undefined || error === null) resolve(true);
    else if (systemCode(error) === "EPIPE") resolve(false);
    else reject(error);
  });
  return promise;
}

function ignore(): void {}
