/** `km monitor [flags] -- <command> [args...]`: runs an MCP server and records what passes. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineCommand } from "../command.ts";
import { homeFolder, paths, type Settings, tolerantSettings } from "../context.ts";
import { KmError, systemCode } from "../errors.ts";
import type { Attachment } from "../plugin/attach.ts";
import type { PluginGate } from "../plugin/gate.ts";
import { pause } from "../process/pause.ts";
import { ignoredSignals } from "../proxy/inherited-signals.ts";
import { said, sayLater } from "../proxy/say.ts";
import { Session } from "../proxy/session.ts";
import { serverEnvironment } from "../proxy/spawn.ts";
import type { SessionGuard } from "./session-guard.ts";
import type { UsedServer } from "./used-server.ts";

const DEFAULT_KILL_TIMEOUT_MS = 2000;
const ONE_SERVER = "One server, not several: --use, --url or a command behind --";
/** How long what is said last may wait for a reader. */
const LAST_WORDS_MS = 100;

export default defineCommand({
  meta: { name: "monitor", description: "Run an MCP server and record what passes between it and its client" },
  rest: "<command> [args...]",
  args: {
    name: {
      type: "string",
      valueHint: "name",
      description: "Name of the server in logs (KM_NAME); default: from its command",
      complete: "server",
    },
    "session-id": {
      type: "string",
      valueHint: "id",
      description: "Id of this session (KM_SESSION_ID); default: time and randomness",
    },
    payloads: {
      type: "enum",
      options: ["full", "redacted", "metadata", "off"],
      description: "What of each message is recorded (KM_PAYLOADS); default: redacted",
    },
    "no-journal": { type: "boolean", description: "Record nothing (KM_JOURNAL=false)" },
    "kill-timeout": {
      type: "string",
      valueHint: "duration",
      description: "How long each step of ending the server waits for it (KM_KILL_TIMEOUT); default: 2s",
    },
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
    use: {
      type: "string",
      valueHint: "name",
      description: "Run the registered server of this name: see km servers list",
      complete: "registered-server",
    },
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
    transport: {
      type: "enum",
      options: ["auto", "streamable-http", "sse"],
      description: "How the server at --url speaks MCP (KM_TRANSPORT); default: auto",
    },
    "debug-replay": {
      type: "string",
      valueHint: "file",
      description: "Play a file of JSON-RPC lines in place of a server (KM_DEBUG_REPLAY)",
      complete: "file",
    },
    plugin: {
      type: "string",
      repeat: true,
      valueHint: "path",
      description: "Load the plugin in this folder too, for its development; may be repeated",
      complete: "file",
    },
    policy: {
      type: "string",
      valueHint: "file",
      description: "Policy in place of the user's (KM_POLICY); those of the system and of projects count beside it",
      complete: "file",
    },
    "no-plugins": { type: "boolean", description: "Load no plugin (KM_PLUGINS=false)" },
    config: { type: "string", valueHint: "file", description: "Configuration file (KM_CONFIG)", complete: "file" },
    "log-level": {
      type: "enum",
      options: ["error", "warn", "info", "debug"],
      description: "What km says on stderr (KM_LOG_LEVEL); default: warn",
    },
    verbose: { type: "boolean", description: "Same as --log-level info (KM_VERBOSE)" },
    debug: { type: "boolean", description: "Same as --log-level debug, with stack traces (KM_DEBUG)" },
    server: { type: "boolean", description: "Accepted and ignored: km monitor --server -- <command> is an older form" },
  },
  examples: [
    "km monitor -- npx -y @modelcontextprotocol/server-filesystem ~/Documents",
    "km monitor --name files --payloads metadata -- ./my-server --port 1",
    "km monitor --use files",
    "km monitor --url https://mcp.example.com/mcp",
    "km monitor --debug-replay recorded.jsonl",
  ],
  async run(args, rest) {
    const { env } = process;
    const replay = args["debug-replay"] ?? nonEmpty(env["KM_DEBUG_REPLAY"]);
    const remote = await remoteTarget(args, rest, replay, env);
    const command = remote?.command ?? (replay === undefined ? rest : await playerCommand(replay, rest));
    if (command.length === 0) {
      throw new KmError("USAGE", "No server to run", {
        hint: "Put its command behind two dashes: km monitor -- npx -y some-server. Or give --use or --url.",
      });
    }
    const additions = args.env.length > 0 ? args.env : (env["KM_ENV"] ?? "").split("\n").filter((line) => line !== "");
    const server = {
      command,
      cwd: args.cwd ?? nonEmpty(env["KM_CWD"]) ?? remote?.cwd ?? process.cwd(),
      env: { ...serverEnvironment(env, [...(remote?.additions ?? []), ...additions]), ...remote?.env },
      ignoredSignals: ignoredSignals(),
      opening: remote?.opening,
    };
    const recorded = remote === undefined ? server : { ...server, command: remote.recorded, opening: undefined };
    const load = (): Promise<Settings> =>
      tolerantSettings({
        ...(args.config === undefined ? {} : { file: args.config }),
        flags: {
          ...(args.payloads === undefined ? {} : { "journal.payloads": args.payloads }),
          ...(args["no-journal"] ? { "journal.enabled": "false" } : {}),
          ...(args["no-plugins"] ? { "plugins.enabled": "false" } : {}),
          ...(args["kill-timeout"] === undefined ? {} : { "monitor.kill_timeout": args["kill-timeout"] }),
          ...logLevel(args, env),
        },
      });
    const name = args.name ?? nonEmpty(env["KM_NAME"]) ?? remote?.name;
    // Only what may hold messages back must be known before the first of them.
    const isGuarded = mayIntercept(args.config, env) || mayHavePolicy(args.policy, env);
    const guarded = isGuarded ? await guard(recorded, name, await load(), args.policy, args.plugin) : undefined;
    const recording = import("../proxy/recording.ts");
    let session: Session | undefined;
    let failure: unknown;
    try {
      const pump = env["KM_PUMP"] === "streams" ? "streams" : undefined;
      session = new Session(server, DEFAULT_KILL_TIMEOUT_MS, pump, guarded?.guard);
    } catch (error) {
      failure = error; // recorded, then thrown
    }
    const settings = await load();
    const { startRecording } = await recording;
    settings.warnings.push(...(guarded?.warnings ?? []));
    const plugins = await attachment(settings, args.plugin, guarded?.plugins);
    const recorder = startRecording(recorded, session, {
      ...settings,
      stateFolder: settings.dataFolder === undefined ? undefined : paths().state,
      name,
      sessionId: args["session-id"] ?? nonEmpty(env["KM_SESSION_ID"]),
      heard: guarded?.heard,
      attach(running) {
        guarded?.identify(running);
        return plugins?.attach(running);
      },
    });
    if (plugins === undefined || recorder === undefined) guarded?.plugins?.attach(undefined);
    if (session === undefined) {
      recorder?.notStarted(failure);
      throw failure;
    }
    const end = await session.end();
    recorder?.close(end);
    await guarded?.close();
    await plugins?.end();
    await Promise.race([said(), pause(LAST_WORDS_MS)]);
    process.exit(end.exitCode); // output that nobody reads would keep the process, and the client waits for its end
  },
});

/** Undefined where no plugin can run. */
async function attachment(
  { values, dataFolder }: Settings,
  extra: string[],
  gate: PluginGate | undefined,
): Promise<Attachment | undefined> {
  const home = homeFolder();
  if (dataFolder === undefined || home === undefined) return undefined;
  const { pluginAttachment } = await import("../plugin/attach.ts");
  const { config: configFolder, state: stateFolder, cache: cacheFolder } = paths();
  const folders = { cwd: process.cwd(), home, configFolder, stateFolder, dataFolder, cacheFolder };
  return pluginAttachment({
    settings: values.plugins,
    redact: values.redact,
    apiUrl: values.api.url,
    extra,
    ...folders,
    gate,
    print: sayLater,
  });
}

async function guard(
  server: { command: string[]; cwd: string },
  name: string | undefined,
  settings: Settings,
  policyFile: string | undefined,
  extra: string[],
): Promise<SessionGuard> {
  const { sessionGuard } = await import("./session-guard.ts");
  return await sessionGuard({ server, name, settings, policyFile, extra });
}

/**
 * Whether there may be a policy: settled in microseconds, since mostly there is none. Where they are, find-policies.ts says;
 * here one too many is no harm.
 */
function mayHavePolicy(named: string | undefined, env: NodeJS.ProcessEnv): boolean {
  if (named !== undefined || nonEmpty(env["KM_POLICY"] ?? env["KM_ROLE"]) !== undefined) return true;
  try {
    const { config: folder, systemConfig } = paths();
    if ([folder, systemConfig].some((one) => isThere(join(one, "policy.yaml")))) return true;
  } catch {
    // no home: there may be a project's
  }
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (isThere(join(folder, ".km-policy.yaml"))) return true;
    if (folder === dirname(folder) || existsSync(join(folder, ".git"))) return false;
  }
}

/** What cannot be looked at is there. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "");
  }
}

/** Whether a configuration file has the word at all: settled in microseconds, since nearly none has. */
function mayIntercept(named: string | undefined, env: NodeJS.ProcessEnv): boolean {
  try {
    const { config: folder, systemConfig } = paths();
    const user = named ?? nonEmpty(env["KM_CONFIG"]) ?? join(folder, "config.yaml");
    return [user, join(systemConfig, "config.yaml")].some((file) => hasWord(file, "intercept"));
  } catch {
    return false; // no home: nothing is configured
  }
}

function hasWord(file: string, word: string): boolean {
  try {
    return readFileSync(file, "utf8").includes(word);
  } catch {
    return false; // no such file
  }
}

function logLevel(args: { debug: boolean; verbose: boolean; "log-level": string | undefined }, env: NodeJS.ProcessEnv) {
  if (args["log-level"] !== undefined) return { log_level: args["log-level"] };
  if (args.debug || nonEmpty(env["KM_DEBUG"]) !== undefined) return { log_level: "debug" };
  return args.verbose || nonEmpty(env["KM_VERBOSE"]) !== undefined ? { log_level: "info" } : {};
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

async function playerCommand(file: string, rest: string[]): Promise<string[]> {
  if (rest.length > 0) throw new KmError("USAGE", "Either --debug-replay or a server command, not both");
  const { selfCommand } = await import("../self.ts");
  return selfCommand(["__play", file]);
}

/** Undefined where the command is given. */
async function remoteTarget(
  args: { use: string | undefined; url: string | undefined; header: string[]; transport: string | undefined },
  rest: string[],
  replay: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<UsedServer | undefined> {
  // A variable is for all sessions that say nothing else.
  const isOtherwise = rest.length > 0 || replay !== undefined;
  if (args.use !== undefined) {
    if (isOtherwise || args.url !== undefined) throw new KmError("USAGE", ONE_SERVER);
    return await (await import("./used-server.ts")).usedServer(args.use);
  }
  const { KM_ADDRESS_SIZE: size } = env;
  delete env["KM_ADDRESS_SIZE"]; // is for this process alone
  const ordered = size === undefined ? undefined : await (await import("./address-order.ts")).readAddressOrder(size);
  const url = ordered?.url ?? args.url ?? (isOtherwise ? undefined : nonEmpty(env["KM_URL"]));
  if (url === undefined) {
    if (args.header.length === 0 && args.transport === undefined) return undefined;
    throw new KmError("USAGE", "Flags --header and --transport belong to --url, which is missing");
  }
  if (isOtherwise) throw new KmError("USAGE", ONE_SERVER);
  const { remoteOf, remoteServer } = await import("./remote-server.ts");
  const given = args.header.length > 0 ? args.header : (env["KM_HEADERS"] ?? "").split("\n").filter(Boolean);
  const headers = ordered?.headers ?? given;
  const transport = args.transport ?? nonEmpty(env["KM_TRANSPORT"]) ?? "auto";
  return remoteServer(remoteOf(url, transport, headers));
}
