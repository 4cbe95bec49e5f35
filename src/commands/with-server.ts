/** `withServer`: connects to a server for one thing, and leaves nothing of it behind. */
import type { Args } from "../command.ts";
import { type Connected, connectServer } from "../connect/connect-server.ts";
import { config } from "../context.ts";
import { duration } from "../log/query.ts";
import type { CallOptions, ClientFeatures } from "../mcp/client.ts";
import { colours, isInteractive, printable } from "../terminal.ts";
import { interruptible } from "./interruptible.ts";
import { logText, type ProgressLine, progressLine, progressText } from "./progress-line.ts";
import { say } from "./say.ts";
import type { serverFlags } from "./server-flags.ts";
import { type NamedTarget, protocolOf, rootsOf, serverTarget } from "./server-target.ts";

export interface OneConnection extends Connected {
  /** What stands behind the server in the command line. */
  words: string[];
  /** For each request. */
  options: CallOptions;
}

/** @returns the exit code */
export async function withServer(
  words: string[],
  rest: string[],
  args: Args<typeof serverFlags>,
  work: (connection: OneConnection) => Promise<number>,
): Promise<number> {
  const timeoutMs = duration("--timeout", args.timeout);
  const protocol = protocolOf(args);
  const named = await serverTarget(words, rest, args);
  const { values } = await config();
  return await interruptible("the server was told", async (signal) => {
    const line = progressLine();
    const ended = new AbortController();
    const connected = await connectServer(named.target, {
      signal: AbortSignal.any([signal, ended.signal]),
      timeoutMs,
      killTimeoutMs: values.monitor.kill_timeout,
      protocol,
      features: await featuresOf(named, args, line),
      say: (text) => line.above(() => say(printable(text))),
      onNotification: (notification) => {
        const text = args.verbose ? logText(notification) : undefined;
        if (text !== undefined) line.above(() => say(text));
      },
      ...(args.verbose ? { onStderr: (bytes: Uint8Array) => line.above(() => process.stderr.write(bytes)) } : {}),
    });
    try {
      const options: CallOptions = {
        signal,
        timeoutMs,
        onProgress: (progress) => line.show(progressText(progress)),
        onTask: ({ status, message }) => line.show(`Task: ${status}${message === undefined ? "" : `, ${message}`}`),
      };
      const exitCode = await work({
        ...connected,
        resultOf(answer, what) {
          line.end(); // what is printed now begins a line
          return connected.resultOf(answer, what);
        },
        words: named.words,
        options,
      });
      signal.throwIfAborted();
      return exitCode;
    } catch (error) {
      // What the interruption made of the answer is no news.
      signal.throwIfAborted();
      throw error;
    } finally {
      line.end();
      await connected[Symbol.asyncDispose]();
      ended.abort();
    }
  });
}

async function featuresOf(
  { name }: NamedTarget,
  args: Args<typeof serverFlags>,
  line: ProgressLine,
): Promise<ClientFeatures> {
  const roots = rootsOf(args);
  const given = roots === undefined ? {} : { roots };
  // A server that knows that nobody can answer does not ask.
  if (!isInteractive()) return given;
  return {
    ...given,
    async elicit(request, signal) {
      const { answerElicitation } = await import("../connect/answer-elicitation.ts");
      const { askLine } = await import("../terminal.ts");
      const { openBrowser } = await import("../open-browser.ts");
      line.end();
      return await answerElicitation(
        request,
        {
          server: name,
          colours: await colours(process.stderr),
          openPage: (url) => openBrowser(url, process.platform, process.env),
          asker: {
            ask: (question, { signal: cancelled } = {}) => askLine(question, cancelled),
            tell: (text) => process.stderr.write(`${text}\n`),
          },
        },
        signal,
      );
    },
  };
}
