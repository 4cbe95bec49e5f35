/** `km connect NAME`: a conversation with a server, line by line. */
import { constants } from "node:os";
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { answerElicitation } from "../connect/answer-elicitation.ts";
import { Catalog } from "../connect/catalog.ts";
import { connectServer, type Connected } from "../connect/connect-server.ts";
import { ConnectHistory } from "../connect/history.ts";
import { askerOf, lineInput, type LineInput } from "../connect/line-input.ts";
import { ConnectSession } from "../connect/session.ts";
import { config, paths } from "../context.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import { duration } from "../log/query.ts";
import type { Notification } from "../mcp/conversation.ts";
import { openBrowser } from "../open-browser.ts";
import { stdout } from "../output.ts";
import { colours, printable } from "../terminal.ts";
import { shownParts } from "./print-result.ts";
import { logText, progressLine, progressText } from "./progress-line.ts";
import { say } from "./say.ts";
import { saveFlags, serverFlags, serverPositional } from "./server-flags.ts";
import { protocolOf, rootsOf, serverTarget } from "./server-target.ts";

export default defineCommand({
  meta: { name: "connect", description: "Talk to an MCP server, line by line" },
  rest: "<command> [args...]",
  args: {
    ...serverPositional,
    ...saveFlags,
    ...serverFlags,
  },
  examples: [
    "km connect files",
    "km connect --url https://mcp.example.com/mcp",
    "km connect -- npx -y @modelcontextprotocol/server-everything",
    "printf 'call echo message=hello\\nping\\n' | km connect everything",
  ],
  async run(args, rest) {
    const timeoutMs = duration("--timeout", args.timeout);
    const protocol = protocolOf(args);
    const words = [args.server].filter((word) => word !== undefined);
    const { name, target } = await serverTarget(words, rest, args);
    const { values } = await config();
    const { keys, ignore_keys: ignoreKeys, patterns, allow } = values.redact;
    const history = new ConnectHistory(
      join(paths().state, "connect-history"),
      createRedactor({ keys, ignoreKeys, patterns, allow }),
    );
    const input = lineInput();
    const line = progressLine();
    const leaving = new AbortController();
    const above = (write: () => void): void => line.above(() => input.above(write));
    let catalog: Catalog | undefined;
    let session: ConnectSession | undefined;
    const interrupt = (): void => {
      if (session === undefined) leaving.abort("interrupted");
      else session.interrupt();
    };
    let exitSignal: NodeJS.Signals = "SIGINT";
    const end = (signal: NodeJS.Signals): void => {
      exitSignal = signal;
      leaving.abort("interrupted");
      input.stop();
    };
    process.on("SIGINT", interrupt).on("SIGTERM", end).on("SIGHUP", end);
    const output = stdout();
    const roots = rootsOf(args);
    let connected: Connected | undefined;
    try {
      connected = await connectServer(target, {
        signal: leaving.signal,
        timeoutMs,
        killTimeoutMs: values.monitor.kill_timeout,
        protocol,
        features: {
          ...(roots === undefined ? {} : { roots }),
          elicit: async (request, signal) => {
            line.end();
            return await answerElicitation(request, await elicitationOptions(input, name), signal);
          },
        },
        say: (text) => above(() => say(printable(text))),
        onNotification: (notification) => {
          const changed = catalog?.forget(notification.method);
          // Nobody who wrote a script wants to read it.
          const news = changed !== undefined && input.isTerminal ? `The server's ${changed} have changed` : undefined;
          const text = news ?? newsOf(notification);
          if (text !== undefined) above(() => process.stderr.write(`${text}\n`));
        },
        onStray: (text) => above(() => say(`Not a message of MCP: ${printable(text.slice(0, 200))}`)),
        ...(args.verbose ? { onStderr: (bytes: Uint8Array) => above(() => process.stderr.write(bytes)) } : {}),
      });
      const { client } = connected;
      catalog = new Catalog(client);
      if (input.isTerminal) say(greetingOf(client.greeting));
      void listen(connected);
      session = new ConnectSession({
        connected,
        name,
        catalog,
        input,
        history,
        colours: await colours(process.stdout),
        isTerminal: process.stdout.isTTY,
        timeoutMs,
        print: async (text) => void (await output.write(text)),
        shown: (parts) => shownParts(parts, process.stdout, args.save),
        progress: {
          onProgress: (progress) => line.show(progressText(progress)),
          onTask: ({ status, message }) => line.show(`Task: ${status}${message === undefined ? "" : `, ${message}`}`),
        },
        endProgress: () => line.end(),
      });
      const exitCode = await session.run();
      return leaving.signal.aborted ? 128 + constants.signals[exitSignal] : exitCode;
    } catch (error) {
      if (leaving.signal.aborted) return 128 + constants.signals[exitSignal];
      throw error;
    } finally {
      line.end();
      input.close();
      await connected?.[Symbol.asyncDispose]();
      await output.close();
      process.off("SIGINT", interrupt).off("SIGTERM", end).off("SIGHUP", end);
    }
  },
});

async function elicitationOptions(input: LineInput, server: string) {
  return {
    server,
    asker: askerOf(input),
    colours: await colours(process.stderr),
    openPage: (url: string) => openBrowser(url, process.platform, process.env),
  };
}

function greetingOf({ name, version, protocolVersion }: Connected["client"]["greeting"]): string {
  const called = [name ?? "a server without a name", version].filter((part) => part !== undefined).join(" ");
  return `Connected to ${printable(called)}, MCP ${printable(protocolVersion)}. See help; Tab completes.`;
}

/** Servers of the modern era tell of changes only where they are asked to. */
async function listen({ client }: Connected): Promise<void> {
  if (client.greeting.era !== "modern") return;
  const changes = { tools: "toolsListChanged", prompts: "promptsListChanged", resources: "resourcesListChanged" };
  const wanted = Object.entries(changes).filter(([capability]) => client.tells(capability));
  if (wanted.length === 0) return;
  const notifications = Object.fromEntries(wanted.map(([, name]) => [name, true]));
  await client.request("subscriptions/listen", JSON.stringify({ notifications }));
}

/** What a person may want to know of it at once. */
function newsOf(notification: Notification): string | undefined {
  const { method, params } = notification;
  if (method === "notifications/resources/updated") return `Changed: ${printable(String(params["uri"]))}`;
  if (method === "notifications/elicitation/complete") return "What was to be done on the page is done";
  return logText(notification);
}
