/** `km proxy [flags] -- <command> [args...]`: an MCP server for clients that speak HTTP, each of their sessions recorded. */
import { type Args, defineCommand, type Flags } from "../command.ts";
import { KmError } from "../errors.ts";
import { TAKEN_PATHS } from "../gateway/gateway.ts";
import type { ServerCommand } from "../gateway/server-process.ts";
import { SSE_PATHS } from "../gateway/sse-endpoints.ts";
import { selfCommand } from "../self.ts";
import { addressOrder } from "./address-order.ts";
import { durationOf, gatewayFlags } from "./gateway-flags.ts";
import { frontFlags } from "./proxy-front.ts";
import { runGateway } from "./run-gateway.ts";

const DEFAULT_ADDRESS = "127.0.0.1:8080";
const DEFAULT_KILL_TIMEOUT_MS = 2000;

/** What the km monitor of each session is given as it is. */
const forSessions = {
  name: {
    type: "string",
    valueHint: "name",
    description: "Name of the server in logs (KM_NAME); default: from its command",
    complete: "server",
  },
  use: {
    type: "string",
    valueHint: "name",
    description: "Run the registered server of this name: see km servers list",
    complete: "registered-server",
  },
  transport: {
    type: "enum",
    options: ["auto", "streamable-http", "sse"],
    description: "How the server at --url speaks MCP (KM_TRANSPORT); default: auto",
  },
  payloads: {
    type: "enum",
    options: ["full", "redacted", "metadata", "off"],
    description: "What of each message is recorded (KM_PAYLOADS); default: redacted",
  },
  "no-journal": { type: "boolean", description: "Record nothing (KM_JOURNAL=false)" },
  policy: {
    type: "string",
    valueHint: "file",
    description: "Policy in place of the user's (KM_POLICY); those of the system and of projects count beside it",
    complete: "file",
  },
  plugin: {
    type: "string",
    repeat: true,
    valueHint: "path",
    description: "Load the plugin in this folder too, for its development; may be repeated",
    complete: "file",
  },
  "no-plugins": { type: "boolean", description: "Load no plugin (KM_PLUGINS=false)" },
  cwd: {
    type: "string",
    valueHint: "folder",
    description: "Working directory of the server (KM_CWD)",
    complete: "folder",
  },
  env: {
    type: "string",
    repeat: true,
    alias: "e",
    valueHint: "NAME=VALUE",
    description: "Set a variable for the server; may be repeated (KM_ENV, one a line)",
  },
  config: { type: "string", valueHint: "file", description: "Configuration file (KM_CONFIG)", complete: "file" },
  "log-level": {
    type: "enum",
    options: ["error", "warn", "info", "debug"],
    description: "What the sessions say on stderr (KM_LOG_LEVEL); default: warn",
  },
} satisfies Flags;

const forGateway = {
  listen: {
    type: "string",
    default: DEFAULT_ADDRESS,
    valueHint: "address",
    description: "Address and port for the clients; port 0 for any that is free",
  },
  path: { type: "string", default: "/mcp", valueHint: "path", description: "Where on it MCP is" },
  sse: { type: "boolean", description: "Also speak HTTP with SSE as before 2025-03-26, at /sse and /messages" },
  url: {
    type: "string",
    valueHint: "url",
    description: "Reach the server by HTTP in place of starting one (KM_URL)",
  },
  header: {
    type: "string",
    repeat: true,
    alias: "H",
    valueHint: "name: value",
    description: "Send a header with each request to --url; may be repeated (KM_HEADERS, one a line)",
  },
  ...gatewayFlags,
  "kill-timeout": {
    type: "string",
    valueHint: "duration",
    description: "How long each step of ending a server waits for it, and the end of km for answers; default: 2s",
  },
} satisfies Flags;

type ProxyArgs = Args<typeof forSessions & typeof forGateway & typeof frontFlags>;

export default defineCommand({
  meta: { name: "proxy", description: "Offer an MCP server over HTTP, and record its sessions" },
  rest: "<command> [args...]",
  args: { ...forGateway, ...frontFlags, ...forSessions },
  examples: [
    "km proxy -- npx -y @modelcontextprotocol/server-filesystem ~/Documents",
    "km proxy --listen 127.0.0.1:9000 --name files --payloads metadata -- ./my-server",
    "km proxy --use github",
    "km proxy --url https://mcp.example.com/mcp",
    "km proxy --listen 0.0.0.0:8080 --allow-host mcp.internal:8080 --access access.yaml -- ./my-server",
  ],
  async run(args, rest) {
    await requireServer(args, rest);
    const killTimeoutMs = durationOf("kill-timeout", args["kill-timeout"]) ?? DEFAULT_KILL_TIMEOUT_MS;
    const server = { ...sessionOf(args, rest), killTimeoutMs };
    await runGateway({
      args,
      usualAddress: DEFAULT_ADDRESS,
      drainMs: killTimeoutMs,
      offered: ({ front }) => ({
        endpoints: [
          {
            path: pathOf(args.path),
            sse: args.sse ? SSE_PATHS : undefined,
            serverFor: (context, session) => front.serverFor(context, server, session),
          },
        ],
      }),
    });
    process.exit(0); // Bun keeps the process for a stream whose client has gone
  },
});

/** What else is wrong with a server, each session would say anew. */
async function requireServer({ use, url, header, transport }: ProxyArgs, rest: string[]): Promise<void> {
  const given = [use !== undefined, url !== undefined, rest.length > 0].filter(Boolean).length;
  if (given > 1) throw new KmError("USAGE", "One server, not several: --use, --url or a command behind --");
  if (given === 0 && !process.env["KM_URL"]) {
    throw new KmError("USAGE", "No server to offer", {
      hint: "Put its command behind two dashes: km proxy -- npx -y some-server. Or give --use or --url.",
    });
  }
  if ((header.length > 0 || transport !== undefined) && (use !== undefined || rest.length > 0)) {
    throw new KmError("USAGE", "Flags --header and --transport belong to --url, which is missing");
  }
  if (use !== undefined) await (await import("./servers/open-servers.ts")).namedServer(use);
}

/** The recorder of one session, which starts the server. What is secret of an address is told it on stdin. */
function sessionOf(args: ProxyArgs, rest: string[]): Pick<ServerCommand, "command" | "env" | "opening"> {
  // Each session has an id of its own.
  const { KM_SESSION_ID: _own, KM_URL: usual, KM_HEADERS: usualHeaders = "", ...env } = process.env;
  const url = args.url ?? (args.use === undefined && rest.length === 0 ? usual : undefined);
  if (url === undefined) return { command: sessionCommand(args, [], rest), env };
  const headers = args.header.length > 0 ? args.header : usualHeaders.split("\n").filter(Boolean);
  const order = addressOrder({ url, headers });
  return {
    command: sessionCommand(args, order.flags, rest),
    env: { ...env, ...order.env },
    opening: order.opening,
  };
}

function sessionCommand(args: ProxyArgs, address: string[], rest: string[]): string[] {
  const words = [...address];
  for (const name of Object.keys(forSessions) as (keyof typeof forSessions)[]) {
    const value = args[name];
    if (value === true) words.push(`--${name}`);
    else if (typeof value === "string") words.push(`--${name}`, value);
    else if (Array.isArray(value)) words.push(...value.flatMap((one) => [`--${name}`, one]));
  }
  if (args["kill-timeout"] !== undefined) words.push("--kill-timeout", args["kill-timeout"]);
  return selfCommand(["monitor", ...words, ...(rest.length > 0 ? ["--", ...rest] : [])]);
}

function pathOf(text: string): string {
  const isPath = /^\/[\w.~/-]*$/.test(text) && !TAKEN_PATHS.includes(text);
  if (isPath) return text;
  throw new KmError("USAGE", `Flag --path cannot be "${text}"`, {
    hint: `It begins with a slash, as /mcp, and is none of ${TAKEN_PATHS.join(", ")}.`,
  });
}
