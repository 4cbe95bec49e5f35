/** `progressLine`: how far a request has come, on one line of a terminal that is gone at its end. */
import type { Notification, Progress } from "../mcp/conversation.ts";
import { printable } from "../terminal.ts";

export function logText({ method, params }: Notification): string | undefined {
  if (method !== "notifications/message") return undefined;
  const { level, logger, data } = params;
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return printable(`[${String(level)}] ${typeof logger === "string" ? `${logger}: ` : ""}${text}`);
}

export function progressText({ progress, total, message }: Progress): string {
  const of = total === undefined ? String(progress) : `${progress} of ${total}`;
  return `${of}${message === undefined ? "" : `: ${message}`}`;
}

export interface ProgressLine {
  show(text: string): void;
  /** Writes something else to the terminal. */
  above(write: () => void): void;
  end(): void;
}

/** One line of the terminal that is gone at the end; nothing where stderr is none. */
export function progressLine(): ProgressLine {
  const isShown = process.stderr.isTTY && process.env["TERM"] !== "dumb";
  let shown: string | undefined;
  const draw = (): void => {
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\x1b[K${Bun.sliceAnsi(printable(shown ?? ""), 0, width)}`);
  };
  const end = (): void => {
    if (shown !== undefined) process.stderr.write("\r\x1b[K");
    shown = undefined;
  };
  return {
    show(text) {
      if (!isShown) return;
      shown = text;
      draw();
    },
    above(write) {
      const text = shown;
      end();
      write();
      shown = text;
      if (text !== undefined) draw();
    },
    end,
  };
}
