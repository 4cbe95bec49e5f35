/** Every command of km by the words typed; the file's path under commands/ is the same words. */
import type { Group } from "./command.ts";

export const program: Group = {
  description: "km: see what your MCP servers are asked and what they answer",
  commands: {
    wrap: {
      section: "Record",
      description: "Put km in front of your clients' servers",
      load: () => import("./commands/wrap.ts"),
    },
    unwrap: {
      section: "Record",
      description: "Take km out of there again",
      load: () => import("./commands/unwrap.ts"),
    },
    clients: {
      section: "Record",
      description: "List MCP clients and their servers",
      load: () => import("./commands/clients.ts"),
    },
    monitor: {
      section: "Record",
      description: "Run an MCP server and record what passes",
      load: () => import("./commands/monitor.ts"),
    },
    sessions: { section: "Look", description: "List recorded sessions", load: () => import("./commands/sessions.ts") },
    logs: { section: "Look", description: "Show the calls of a session", load: () => import("./commands/logs.ts") },
    show: { section: "Look", description: "Show one call with its payloads", load: () => import("./commands/show.ts") },
    stats: {
      section: "Look",
      description: "Show counts, errors and latency by method and tool",
      load: () => import("./commands/stats.ts"),
    },
    export: {
      section: "Use",
      description: "Write recorded events as JSONL, HAR or CSV",
      load: () => import("./commands/export.ts"),
    },
    replay: {
      section: "Use",
      description: "Send a session's requests to a fresh server",
      load: () => import("./commands/replay.ts"),
    },
    "clear-logs": {
      section: "Use",
      description: "Delete recorded sessions",
      load: () => import("./commands/clear-logs.ts"),
    },
    plugins: {
      section: "Extend",
      description: "See, try and write plugins",
      commands: {
        list: { description: "List the plugins that were found", load: () => import("./commands/plugins/list.ts") },
        status: { description: "Show how plugins are doing", load: () => import("./commands/plugins/status.ts") },
        logs: { description: "Show what a plugin wrote", load: () => import("./commands/plugins/logs.ts") },
        trust: { description: "Let a project's plugins run", load: () => import("./commands/plugins/trust.ts") },
        untrust: { description: "No longer let them run", load: () => import("./commands/plugins/untrust.ts") },
        new: { description: "Begin a plugin of your own", load: () => import("./commands/plugins/new.ts") },
        test: { description: "Drive a plugin with recorded traffic", load: () => import("./commands/plugins/test.ts") },
      },
    },
    config: {
      section: "Set up",
      description: "Read and change the configuration",
      commands: {
        show: { description: "Show every value in force", load: () => import("./commands/config/show.ts") },
        path: { description: "Show where km keeps its files", load: () => import("./commands/config/path.ts") },
        get: { description: "Show one value", load: () => import("./commands/config/get.ts") },
        set: { description: "Change one value", load: () => import("./commands/config/set.ts") },
        validate: { description: "Check the configuration files", load: () => import("./commands/config/validate.ts") },
      },
    },
    doctor: {
      section: "Set up",
      description: "Check that everything works",
      load: () => import("./commands/doctor.ts"),
    },
    update: { section: "Set up", description: "Update km", load: () => import("./commands/update.ts") },
    completions: {
      section: "Set up",
      description: "Print completions for a shell",
      load: () => import("./commands/completions.ts"),
    },
    help: { section: "Set up", description: "Explain a command or a topic", load: () => import("./commands/help.ts") },
    __complete: { description: "Answer a shell", load: () => import("./commands/complete.ts"), hidden: true },
    __keychain: { description: "Ask the keychain", load: () => import("./commands/keychain.ts"), hidden: true },
    __play: { description: "Play a recording as a server", load: () => import("./commands/play.ts"), hidden: true },
    __maintain: { description: "Compress and expire", load: () => import("./commands/maintain.ts"), hidden: true },
    __plugins: { description: "Look after plugins", load: () => import("./commands/plugin-host.ts"), hidden: true },
    "__sandbox-exec": { description: "Start confined", load: () => import("./commands/sandbox-exec.ts"), hidden: true },
  },
};
