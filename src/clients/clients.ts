/** The MCP clients that km knows: where each has its files, how servers stand in them, and what makes it read them again. */
import type { Folders } from "./locations.ts";
import type { Shape } from "./shape.ts";

export interface Client {
  /** As it is typed. */
  id: string;
  /** As it is called. */
  title: string;
  /** What else it may be called on the command line; a name that several share means all of them. */
  aliases?: string[];
  shape: Shape;
  /** Where its user's file may be, the likeliest first; a `*` stands for any part of a name. All that exist count. */
  files(folders: Folders): string[];
  /** Where a project's file may be, from the project's folder. */
  project?: string[];
  /** What the user has to do after a change, one sentence. */
  reload: string;
  /** An entry without command and address is no mistake: it switches off what another file has. */
  allowsIncomplete?: true;
}

const mcpServers: Shape = { format: "json", servers: [["mcpServers"]], command: "command", args: "args" };

export const CLIENTS: readonly Client[] = [
  {
    id: "claude-desktop",
    title: "Claude Desktop",
    aliases: ["claude"],
    shape: mcpServers,
    // The package of the Microsoft Store sees its own copy of %APPDATA%, and never the real one once that copy exists.
    files: ({ settings, localAppData, join }) => [
      ...(localAppData === undefined
        ? []
        : [
            join(localAppData, "Packages", "Claude_*", "LocalCache", "Roaming", "Claude", "claude_desktop_config.json"),
          ]),
      join(settings, "Claude", "claude_desktop_config.json"),
    ],
    reload: "Quit Claude Desktop, also from the tray, and start it again.",
  },
  {
    id: "claude-code",
    title: "Claude Code",
    aliases: ["claude"],
    shape: { ...mcpServers, servers: [["mcpServers"], ["projects", "*", "mcpServers"]] },
    files: ({ home, join, below }) => [...below("CLAUDE_CONFIG_DIR", ".claude.json"), join(home, ".claude.json")],
    project: [".mcp.json"],
    reload: "Start Claude Code anew; it asks you to approve a project's servers again.",
  },
  {
    id: "cursor",
    title: "Cursor",
    shape: mcpServers,
    files: ({ home, join }) => [join(home, ".cursor", "mcp.json")],
    project: [".cursor/mcp.json"],
    reload: "Restart Cursor, or switch the servers off and on in its settings.",
  },
  visualStudioCode("vscode", "VS Code", "Code", ["code"]),
  visualStudioCode("vscode-insiders", "VS Code Insiders", "Code - Insiders", ["code-insiders"]),
  visualStudioCode("vscodium", "VSCodium", "VSCodium", ["codium"]),
  {
    id: "copilot-cli",
    title: "GitHub Copilot CLI",
    aliases: ["copilot"],
    shape: mcpServers,
    files: ({ home, join, below }) => [
      ...below("COPILOT_HOME", "mcp-config.json"),
      join(home, ".copilot", "mcp-config.json"),
    ],
    // It reads .mcp.json too, which stands here under Claude Code: the same file is not listed twice.
    project: [".github/mcp.json"],
    reload: "Start Copilot CLI anew.",
  },
  {
    id: "devin",
    title: "Devin Desktop",
    aliases: ["windsurf"],
    shape: mcpServers,
    files: ({ home, dotConfig, settings, isWindows, join }) => {
      const folder = join(isWindows ? settings : dotConfig, "devin");
      return [
        join(folder, "mcp_config.json"),
        join(folder, "config.json"), // of the command line tool
        // From when it was called Windsurf; its plugin for other editors has the second.
        join(home, ".codeium", "windsurf", "mcp_config.json"),
        join(home, ".codeium", "mcp_config.json"),
      ];
    },
    project: [".devin/config.json", ".devin/config.local.json"],
    reload: "Refresh the servers in Devin's settings, or restart it.",
  },
  {
    id: "zed",
    title: "Zed",
    shape: { format: "json", servers: [["context_servers"]], command: "command", args: "args" },
    // Zed's documentation has ~/.config/zed for macOS; some tools write to ~/Library/Application Support/Zed.
    files: ({ settings, dotConfig, isWindows, isMac, xdgConfig, join }) => {
      if (isWindows) return [join(settings, "Zed", "settings.json")];
      if (isMac) return [join(dotConfig, "zed", "settings.json"), join(settings, "Zed", "settings.json")];
      return [join(xdgConfig, "zed", "settings.json")];
    },
    project: [".zed/settings.json"],
    reload: "Zed starts the servers anew by itself.",
  },
  {
    id: "cline",
    title: "Cline",
    shape: mcpServers,
    // The extension has its file in the storage of the editor it is in; its own folder is newer and came with the
    // command line tool, whose variable was renamed.
    files: ({ home, settings, join, below }) => {
      const file = ["settings", "cline_mcp_settings.json"];
      const storage = ["User", "globalStorage", "saoudrizwan.claude-dev", ...file];
      return [
        ...["Code", "Code - Insiders", "VSCodium", "Cursor"].map((editor) => join(settings, editor, ...storage)),
        ...below("CLINE_DATA_DIR", ...file),
        ...below("CLINE_DIR", ...file),
        ...below("CLINE_DIR", "data", ...file),
        join(home, ".cline", "data", ...file),
      ];
    },
    reload: "Cline starts the servers anew by itself.",
  },
  {
    id: "continue",
    title: "Continue",
    shape: { format: "yaml", servers: [["mcpServers"]], list: true, command: "command", args: "args" },
    files: ({ home, join, below }) => [
      ...below("CONTINUE_GLOBAL_DIR", "config.yaml"),
      join(home, ".continue", "config.yaml"),
      join(home, ".continue", "mcpServers", "*.yaml"),
    ],
    project: [".continue/mcpServers/*.yaml"],
    reload: "Continue starts the servers anew by itself; otherwise reload the editor's window.",
  },
  {
    id: "codex",
    title: "Codex",
    shape: { format: "toml", servers: [["mcp_servers"]], command: "command", args: "args" },
    files: ({ home, join, below }) => [...below("CODEX_HOME", "config.toml"), join(home, ".codex", "config.toml")],
    project: [".codex/config.toml"],
    reload: "Start Codex anew.",
  },
  {
    id: "gemini-cli",
    title: "Gemini CLI",
    aliases: ["gemini"],
    shape: mcpServers,
    files: ({ home, join, below }) => [
      ...below("GEMINI_CLI_HOME", ".gemini", "settings.json"),
      join(home, ".gemini", "settings.json"),
    ],
    project: [".gemini/settings.json"],
    reload: "Start Gemini CLI anew.",
  },
  {
    id: "antigravity",
    title: "Antigravity",
    shape: mcpServers,
    // Version 2 shares one folder between editor and command line tool; each had one of its own before.
    files: ({ home, join }) =>
      ["config", "antigravity", "antigravity-cli"].map((folder) => join(home, ".gemini", folder, "mcp_config.json")),
    project: [".agents/mcp_config.json", ".agent/mcp_config.json"],
    reload: "Refresh the servers in Antigravity, or restart it.",
  },
  {
    id: "lm-studio",
    title: "LM Studio",
    aliases: ["lmstudio"],
    shape: mcpServers,
    // Documented is the first; installations that are older than it keep everything in the second, most on macOS.
    files: ({ home, join }) => [join(home, ".lmstudio", "mcp.json"), join(home, ".cache", "lm-studio", "mcp.json")],
    reload: "LM Studio starts the servers anew by itself.",
  },
  {
    id: "goose",
    title: "Goose",
    shape: { format: "yaml", servers: [["extensions"]], command: "cmd", args: "args" },
    files: ({ settings, xdgConfig, isWindows, join }) => [
      isWindows ? join(settings, "Block", "goose", "config", "config.yaml") : join(xdgConfig, "goose", "config.yaml"),
    ],
    reload: "Begin a new session in Goose.",
  },
  {
    id: "opencode",
    title: "opencode",
    // Version 2 moved the servers one level down.
    shape: { format: "json", servers: [["mcp"], ["mcp", "servers"]], command: "command" },
    files: ({ xdgConfig, join, below }) => [
      ...below("OPENCODE_CONFIG"),
      ...["opencode.json", "opencode.jsonc", "config.json"].map((name) => join(xdgConfig, "opencode", name)),
    ],
    project: ["opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"],
    reload: "Start opencode anew.",
    allowsIncomplete: true,
  },
  {
    id: "kiro",
    title: "Kiro",
    shape: mcpServers,
    files: ({ home, join }) => [join(home, ".kiro", "settings", "mcp.json")],
    project: [".kiro/settings/mcp.json"],
    reload: "Kiro starts the servers anew by itself.",
  },
  {
    id: "junie",
    title: "Junie",
    shape: mcpServers,
    files: ({ home, join }) => [join(home, ".junie", "mcp", "mcp.json")],
    project: [".junie/mcp/mcp.json"],
    reload: "Restart the IDE, or Junie's command line tool.",
  },
  {
    id: "crush",
    title: "Crush",
    shape: { format: "json", servers: [["mcp"]], command: "command", args: "args" },
    // On Windows older versions had it in %LOCALAPPDATA%. The newer crushrc is a shell script, which km cannot change.
    files: ({ xdgConfig, localAppData, join, below }) => [
      ...below("CRUSH_GLOBAL_CONFIG", "crush.json"),
      join(xdgConfig, "crush", "crush.json"),
      ...(localAppData === undefined ? [] : [join(localAppData, "crush", "crush.json")]),
    ],
    project: ["crush.json", ".crush.json"],
    reload: "Start Crush anew.",
  },
  {
    id: "amp",
    title: "Amp",
    shape: { format: "json", servers: [["amp.mcpServers"]], command: "command", args: "args" },
    // Its manual has ~/.config on every system; tools also write below %APPDATA% on Windows.
    files: ({ dotConfig, xdgConfig, settings, isWindows, join, below }) => [
      ...below("AMP_SETTINGS_FILE"),
      ...new Set(
        [dotConfig, xdgConfig, ...(isWindows ? [settings] : [])].map((one) => join(one, "amp", "settings.json")),
      ),
    ],
    project: [".amp/settings.json"],
    reload: "Start Amp anew.",
  },
];

/** Its relatives differ from it in the name of one folder. A profile has a file of its own. */
function visualStudioCode(id: string, title: string, folder: string, aliases: string[]): Client {
  return {
    id,
    title,
    aliases,
    shape: { format: "json", servers: [["servers"]], command: "command", args: "args" },
    files: ({ settings, join }) => [
      join(settings, folder, "User", "mcp.json"),
      join(settings, folder, "User", "profiles", "*", "mcp.json"),
    ],
    // The first of the relatives has it: the same file is not listed three times.
    ...(id === "vscode" ? { project: [".vscode/mcp.json"] } : {}),
    reload: `${title} starts the servers anew by itself, or after "MCP: List Servers".`,
  };
}

/** The clients that a word on the command line means; none for an unknown word. */
export function clientsNamed(word: string): Client[] {
  const lower = word.toLowerCase();
  const exact = CLIENTS.filter(({ id }) => id === lower);
  return exact.length > 0 ? exact : CLIENTS.filter(({ aliases }) => aliases?.includes(lower));
}
