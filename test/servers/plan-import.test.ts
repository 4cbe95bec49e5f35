/** Servers of clients' files as they become servers of the registry. */
import { describe, expect, test } from "bun:test";
import { clientsNamed } from "../../src/clients/clients.ts";
import { serverDefinitions } from "../../src/clients/server-definitions.ts";
import { createRedactor } from "../../src/guard/redaction/redact.ts";
import { type FoundServer, planImport } from "../../src/servers/plan-import.ts";
import type { WrittenServer } from "../../src/servers/schema.ts";

const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ456789";
const redactor = createRedactor();

function found(word: string, text: string): FoundServer[] {
  const [client] = clientsNamed(word);
  if (client === undefined) throw new Error(word);
  return serverDefinitions(text, client.shape, "f").map((one) => ({ ...one, client: client.id, title: client.title }));
}

const plan = (servers: FoundServer[], known = new Map<string, WrittenServer>()) => planImport(servers, known, redactor);
const json = (servers: object): FoundServer[] => found("cursor", JSON.stringify({ mcpServers: servers }));

describe("planImport", () => {
  test("a name and password in an address become a login, and another name than the client's is told", () => {
    const { added } = plan(json({ "日本 team": { url: "https://alice:hunter%202@h.example/mcp?a=b" } }));
    expect(added).toEqual([
      {
        name: "team",
        titles: ["Cursor"],
        notes: ['is called "日本 team" by Cursor'],
        server: {
          url: "https://h.example/mcp?a=b",
          auth: { type: "basic", username: "alice", password: "${keychain:team-password}" },
        },
        secrets: new Map([["team-password", "hunter 2"]]),
      },
    ]);
  });

  test("takes commands and addresses, and puts secrets apart", () => {
    const { added, left } = plan(
      json({
        github: {
          command: "npx",
          args: ["-y", "gh"],
          env: { GITHUB_TOKEN: TOKEN, LEVEL: "debug", REGION: "${REGION:-eu}" },
        },
        team: { url: "https://h/mcp", headers: { Authorization: `Bearer ${TOKEN}`, "X-Team": "core" } },
        events: { type: "sse", url: "https://h/sse" },
      }),
    );
    expect(left).toEqual([]);
    expect(added).toEqual([
      {
        name: "github",
        titles: ["Cursor"],
        notes: [],
        server: {
          command: "npx",
          args: ["-y", "gh"],
          env: { GITHUB_TOKEN: "${keychain:github-token}", LEVEL: "debug", REGION: "${env:REGION:-eu}" },
        },
        secrets: new Map([["github-token", TOKEN]]),
      },
      {
        name: "team",
        titles: ["Cursor"],
        notes: [],
        server: {
          url: "https://h/mcp",
          headers: { "X-Team": "core" },
          auth: { type: "bearer", token: "${keychain:team-token}" },
        },
        secrets: new Map([["team-token", TOKEN]]),
      },
      {
        name: "events",
        titles: ["Cursor"],
        notes: [],
        server: { url: "https://h/sse", transport: "sse" },
        secrets: new Map(),
      },
    ]);
  });

  test("unwraps what km was put in front of", () => {
    const [one] = plan(
      json({ a: { command: "/usr/bin/km", args: ["monitor", "--name", "a", "--", "uvx", "a"] } }),
    ).added;
    expect(one?.server).toEqual({ command: "uvx", args: ["a"] });
  });

  test("takes one server of several clients once, and others by a name of their own", () => {
    const same = { a: { command: "x", args: ["1"] } };
    const { added, left } = plan([
      ...json(same),
      ...found("zed", JSON.stringify({ context_servers: same })),
      ...found("codex", '[mcp_servers.a]\ncommand = "x"\nargs = ["2"]\n'),
    ]);
    expect(added.map(({ name, titles }) => [name, titles])).toEqual([
      ["a", ["Cursor", "Zed"]],
      ["a-codex", ["Codex"]],
    ]);
    expect(left).toEqual([]);
    const known = new Map(added.map(({ name, server }) => [name, { ...server, tags: ["mine"] }]));
    expect(plan(json(same), known)).toEqual({ added: [], left: ["a of Cursor: it is there already, as a"] });
  });

  test("joins what is the same under a name with a client behind it, since its own is another server's", () => {
    const same = { a: { command: "x", args: ["1"], env: { TOKEN } } };
    const mine = new Map<string, WrittenServer>([["a", { command: "mine" }]]);
    const { added, left } = plan([...json(same), ...found("zed", JSON.stringify({ context_servers: same }))], mine);
    expect(added.map(({ name, titles }) => [name, titles])).toEqual([["a-cursor", ["Cursor", "Zed"]]]);
    expect(added.map(({ secrets }) => [...secrets])).toEqual([[["a-cursor-token", TOKEN]]]);
    expect(left).toEqual([]);
    const known = new Map([...mine, ...added.map(({ name, server }): [string, WrittenServer] => [name, server])]);
    expect(plan(found("zed", JSON.stringify({ context_servers: same })), known)).toEqual({
      added: [],
      left: ["a of Zed: it is there already, as a-cursor"],
    });
    // Its secret is another, which a file with a reference does not show.
    const other = { a: { ...same.a, env: { TOKEN: TOKEN.replace("ghp_0", "ghp_9") } } };
    const [first, second] = plan(
      [...json(same), ...found("zed", JSON.stringify({ context_servers: other }))],
      mine,
    ).added;
    expect([first?.name, second?.name]).toEqual(["a-cursor", "a-zed"]);
  });

  test("makes names of those that cannot be one, and leaves out what is no server", () => {
    const { added, left } = plan(
      json({
        "Über mein Server!": { command: "x" },
        "!!": { command: "x" },
        all: { command: "x" },
        no: {},
        rel: { command: "x", cwd: "work" },
      }),
    );
    expect(added.map(({ name }) => name)).toEqual(["Uber-mein-Server", "all-server"]);
    expect(left).toEqual([
      '"!!" of Cursor: nothing of its name can be one here',
      "no of Cursor: it has neither a command nor an address",
      "rel of Cursor: servers.rel.cwd is no absolute path",
    ]);
  });

  test("says what only the client knew", () => {
    const [one] = plan(
      found(
        "vscode",
        JSON.stringify({
          servers: { a: { command: "x", args: ["${workspaceFolder}", "$${x}"], env: { K: "${input:api-key}" } } },
        }),
      ),
    ).added;
    expect(one?.server).toEqual({
      command: "x",
      args: ["$${workspaceFolder}", "$$${x}"],
      env: { K: "${keychain:a-api-key}" },
    });
    expect(one?.notes).toEqual([
      "asked for api-key, which is the secret a-api-key now: km servers secret set a-api-key",
      "has ${workspaceFolder}, which only its client knows: it stands for itself now",
      "has ${x}, which only its client knows: it stands for itself now",
    ]);
  });

  test("reads the members that clients call otherwise", () => {
    const goose = found(
      "goose",
      "extensions:\n  a: { type: stdio, cmd: x, args: [y], envs: { A: b, N: 1 } }\n  b: { type: builtin }\n",
    );
    const opencode = found(
      "opencode",
      JSON.stringify({ mcp: { b: { type: "local", command: ["x", "y"], environment: { A: "b" } } } }),
    );
    const codex = found(
      "codex",
      '[mcp_servers.c]\nurl = "https://h"\nbearer_token_env_var = "TOKEN"\nhttp_headers = { X-A = "b" }\n',
    );
    expect(plan([...goose, ...opencode, ...codex]).added.map(({ server }) => server)).toEqual([
      { command: "x", args: ["y"], env: { A: "b", N: "1" } },
      { command: "x", args: ["y"], env: { A: "b" } },
      { url: "https://h", headers: { "X-A": "b" }, auth: { type: "bearer", token: "${env:TOKEN}" } },
    ]);
  });
});
