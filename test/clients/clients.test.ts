/** The table of clients: where their files are on every system, and what they are called. */
import { describe, expect, test } from "bun:test";
import { CLIENTS, clientsNamed } from "../../src/clients/clients.ts";
import { foldersOf, type Places, projectFolders, tildePath } from "../../src/clients/locations.ts";
import { clientOf } from "./client-home.ts";

const LINUX: Places = { platform: "linux", env: {}, home: "/home/ann", cwd: "/" };
const MAC: Places = { platform: "darwin", env: {}, home: "/Users/ann", cwd: "/" };
const WINDOWS: Places = {
  platform: "win32",
  env: { APPDATA: "D:\\Roaming", LOCALAPPDATA: "D:\\Local" },
  home: "C:\\Users\\ann",
  cwd: "C:\\",
};

const PLACES = { linux: LINUX, darwin: MAC, win32: WINDOWS };

function filesOf(id: string, places: Places, env: Places["env"] = {}): string[] {
  return clientOf(id).files(foldersOf({ ...places, env: { ...places.env, ...env } }));
}

describe("files of", () => {
  test.each([
    ["claude-desktop", "linux", ["/home/ann/.config/Claude/claude_desktop_config.json"]],
    ["claude-desktop", "darwin", ["/Users/ann/Library/Application Support/Claude/claude_desktop_config.json"]],
    [
      "claude-desktop",
      "win32",
      [
        "D:\\Local\\Packages\\Claude_*\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json",
        "D:\\Roaming\\Claude\\claude_desktop_config.json",
      ],
    ],
    ["vscode", "linux", ["/home/ann/.config/Code/User/mcp.json", "/home/ann/.config/Code/User/profiles/*/mcp.json"]],
    ["vscode", "win32", ["D:\\Roaming\\Code\\User\\mcp.json", "D:\\Roaming\\Code\\User\\profiles\\*\\mcp.json"]],
    ["goose", "linux", ["/home/ann/.config/goose/config.yaml"]],
    ["goose", "win32", ["D:\\Roaming\\Block\\goose\\config\\config.yaml"]],
    [
      "zed",
      "darwin",
      ["/Users/ann/.config/zed/settings.json", "/Users/ann/Library/Application Support/Zed/settings.json"],
    ],
    ["zed", "win32", ["D:\\Roaming\\Zed\\settings.json"]],
    ["crush", "win32", ["C:\\Users\\ann\\.config\\crush\\crush.json", "D:\\Local\\crush\\crush.json"]],
    ["amp", "linux", ["/home/ann/.config/amp/settings.json"]],
  ] as const)("%s on %s", (id, platform, files) => {
    expect(filesOf(id, PLACES[platform])).toEqual([...files]);
  });

  test.each([
    ["codex", "CODEX_HOME", "/x/config.toml"],
    ["claude-code", "CLAUDE_CONFIG_DIR", "/x/.claude.json"],
    ["copilot-cli", "COPILOT_HOME", "/x/mcp-config.json"],
    ["zed", "XDG_CONFIG_HOME", "/x/zed/settings.json"],
    ["opencode", "OPENCODE_CONFIG", "/x"],
  ])("%s come first where %s names a whole path, and a relative one counts for nothing", (id, variable, file) => {
    expect(filesOf(id, LINUX, { [variable]: "/x" })[0]).toBe(file);
    expect(filesOf(id, LINUX, { [variable]: "x" })).toEqual(filesOf(id, LINUX));
  });

  test("every client are whole paths in the system's way, each once", () => {
    for (const client of CLIENTS) {
      for (const [places, start] of [
        [LINUX, /^\/home\/ann\/[^\\]+$/],
        [MAC, /^\/Users\/ann\/[^\\]+$/],
        [WINDOWS, /^[CD]:\\[^/]+$/],
      ] as const) {
        const files = filesOf(client.id, places);
        expect(files.length).toBeGreaterThan(0);
        for (const file of files) expect(file).toMatch(start);
        expect(new Set(files).size).toBe(files.length);
      }
    }
  });
});

describe("clientsNamed", () => {
  test("knows ids, former names in any case, and names that several have", () => {
    const ids = (word: string) => clientsNamed(word).map(({ id }) => id);
    expect(ids("cursor")).toEqual(["cursor"]);
    expect(ids("Windsurf")).toEqual(["devin"]);
    expect(ids("claude")).toEqual(["claude-desktop", "claude-code"]);
    expect(ids("emacs")).toEqual([]);
  });

  test("ids are there once, and no alias hides behind an id", () => {
    const ids = CLIENTS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(CLIENTS.flatMap(({ aliases = [] }) => aliases).filter((alias) => ids.includes(alias))).toEqual([]);
  });
});

test("projectFolders outside of a repository is the current folder, and none in the home folder", () => {
  expect(projectFolders({ ...LINUX, cwd: "/no/where" })).toEqual(["/no/where"]);
  expect(projectFolders({ ...LINUX, cwd: "/home/ann" })).toEqual([]);
});

test("tildePath shortens what is below the home folder only", () => {
  expect(tildePath("/home/ann/x", LINUX)).toBe("~/x");
  expect(tildePath("/home/anna/x", LINUX)).toBe("/home/anna/x");
  expect(tildePath("C:\\Users\\ann\\x", WINDOWS)).toBe("~\\x");
  expect(tildePath("/x", { platform: "linux", home: "/" })).toBe("/x");
});
