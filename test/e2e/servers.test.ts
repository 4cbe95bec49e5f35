/** `km servers` as a user has it: real files, real secrets, and servers that are run by their names. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "@cfworker/json-schema";
import { parse } from "yaml";
import { type Home, KM, makeHome } from "./km.ts";

const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ456789";
const UNIX = process.platform !== "win32";

let home: Home;
let env: Record<string, string>;
let file: string;
beforeEach(() => {
  home = makeHome();
  writeFileSync(join(home.folder, "passphrase"), "correct horse battery");
  env = { ...home.env, TMPDIR: home.folder, KM_PASSPHRASE_FILE: join(home.folder, "passphrase") };
  file = join(home.folder, "config", "servers.yaml");
});
afterEach(() => home[Symbol.dispose]());

async function km(words: string[], input = "", more: Record<string, string> = {}) {
  const child = Bun.spawn([KM, ...words], {
    env: { ...env, ...more },
    cwd: home.folder,
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

function registry(text: string): void {
  mkdirSync(join(home.folder, "config"), { recursive: true });
  writeFileSync(file, `version: 1\nservers:\n${text}`);
}

describe("km servers", () => {
  test("add, list, show, export, remove", async () => {
    const add = [
      "servers",
      "add",
      "files",
      "--tag",
      "local",
      "--env",
      "TOKEN=${keychain:files-token}",
      "--",
      "npx",
      "-y",
      "x",
    ];
    expect(await km(add)).toEqual({
      code: 0,
      stdout: "files\n",
      stderr: `km: Added to ${file}; use it with km monitor --use files\n    It needs a secret: km servers secret set files-token\n`,
    });
    await km([
      "servers",
      "add",
      "team",
      "--url",
      "https://mcp.example.com/mcp",
      "--auth",
      "bearer",
      "--header",
      "X-Team: core",
    ]);
    expect(parse(readFileSync(file, "utf8"))).toEqual({
      version: 1,
      servers: {
        files: { command: "npx", args: ["-y", "x"], env: { TOKEN: "${keychain:files-token}" }, tags: ["local"] },
        team: {
          url: "https://mcp.example.com/mcp",
          headers: { "X-Team": "core" },
          auth: { type: "bearer", token: "${keychain:team-token}" },
        },
      },
    });
    expect((await km(["servers", "list"])).stdout).toBe(
      "NAME   KIND     TAGS   COMMAND OR ADDRESS\nfiles  command  local  npx -y x\nteam   http            https://mcp.example.com/mcp\n",
    );
    const listed = await km(["servers", "list", "--tag", "local", "--json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject({ name: "files", kind: "command", command: ["npx", "-y", "x"] });
    const shown = await km(["servers", "show", "team"]);
    expect(shown.stdout).toContain("auth       bearer ${keychain:team-token}");
    expect(shown.stdout).toContain('"--use",\n        "team"');
    expect((await km(["servers", "export", "files", "--client", "codex"])).stdout).toMatch(
      /^\[mcp_servers\.files\]\ncommand = ".*km.*"\nargs = \["monitor", "--use", "files"\]\n$/,
    );
    expect(await km(["servers", "show", "flies"])).toMatchObject({
      code: 1,
      stderr: "km: No such server: flies\n    Did you mean files?\n",
    });
    expect(await km(["servers", "remove", "files", "team"])).toMatchObject({ code: 0, stdout: "files\nteam\n" });
    expect((await km(["servers", "list"])).stderr).toContain(`There is no server in ${file}`);
  });

  test("as JSON its members are written as everywhere, but for names that are the user's", async () => {
    registry(
      "  team:\n    url: https://h/\n    headers: { X-Team: core }\n    limits: { calls: 5/1s }\n    auth: { type: oauth, client_id: km }\n",
    );
    const { stdout } = await km(["servers", "show", "team", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      headers: { "X-Team": "core" },
      auth: { client_id: "km" },
      limits: { connect_timeout_ms: 10_000, answer_timeout_ms: 600_000, calls: { count: 5, per_ms: 1000 } },
    });
  });

  test("a file of which nothing can be used is said with what to do; so is a tag that nobody has", async () => {
    registry("  a: { command: x }\n");
    expect(await km(["servers", "list", "--tag", "no"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "km: No server has the tag no\n",
    });
    expect((await km(["health", "--tag", "no"])).stderr).toBe("km: No server has the tag no: see km servers list\n");
    writeFileSync(file, "servers: { a: { command: x } }\n");
    const told = `km: ${file}:1:1: version is missing\n    Begin the file with version: 1.\n`;
    for (const words of [["servers", "list"], ["health"], ["servers", "show", "a"], ["monitor", "--use", "a"]])
      expect([words, await km(words)]).toEqual([words, { code: 1, stdout: "", stderr: told }]);
  });

  test("add says for each kind of login what goes with it, and which secrets it needs", async () => {
    const login = ["--client-id", "me", "--client-secret", "--issuer", "https://login.example.com", "--dpop", "on"];
    const added: Record<string, string[]> = {
      person: ["oauth", ...login, "--scope", "read", "--redirect-port", "8123"],
      program: ["oauth", "--client-id", "me", "--client-key", "me.pem", "--grant", "client_credentials"],
      pod: ["workload", "--assertion", "file:/run/token", "--audience", "a", "--issuer", "https://i", "--dpop", "auto"],
      job: ["workload", "--assertion", "command:print-token --for 'our server'"],
      company: [
        "enterprise",
        ...login,
        "--idp-issuer",
        "https://idp.example.com",
        "--idp-client-id",
        "km",
        "--idp-client-secret",
        "--idp-scope",
        "email",
        "--idp-redirect-port",
        "8124",
      ],
      batch: ["enterprise", "--idp-issuer", "https://i", "--idp-client-id", "km", "--id-token", "env:ID_TOKEN"],
    };
    const told: string[] = [];
    for (const [name, flags] of Object.entries(added)) {
      const { code, stderr } = await km(["servers", "add", name, "--url", "https://h/mcp", "--auth", ...flags]);
      expect([name, code, stderr]).toEqual([name, 0, expect.any(String)]);
      told.push(...stderr.matchAll(/secret set (\S+)/g).map(([, secret = ""]) => secret));
    }
    expect(told).toEqual(["person-client-secret", "company-client-secret", "company-idp-client-secret"]);
    const { servers } = parse(readFileSync(file, "utf8"));
    expect(Object.values<{ auth: object }>(servers).map(({ auth }) => auth)).toEqual([
      {
        type: "oauth",
        client_id: "me",
        client_secret: "${keychain:person-client-secret}",
        issuer: "https://login.example.com",
        dpop: true,
        scopes: ["read"],
        redirect_port: 8123,
      },
      { type: "oauth", client_id: "me", client_key: join(home.folder, "me.pem"), grant: "client_credentials" },
      { type: "workload", assertion: { file: "/run/token" }, audience: "a", issuer: "https://i", dpop: "auto" },
      { type: "workload", assertion: { command: ["print-token", "--for", "our server"] } },
      {
        type: "enterprise",
        client_id: "me",
        client_secret: "${keychain:company-client-secret}",
        issuer: "https://login.example.com",
        dpop: true,
        idp: {
          issuer: "https://idp.example.com",
          client_id: "km",
          client_secret: "${keychain:company-idp-client-secret}",
          redirect_port: 8124,
          scopes: ["email"],
        },
      },
      { type: "enterprise", idp: { issuer: "https://i", client_id: "km", id_token: { env: "ID_TOKEN" } } },
    ]);
    expect((await km(["servers", "list"])).code).toBe(0);
  });

  test("a secret on the command line is refused, and said how it is kept", async () => {
    const refused = await km(["servers", "add", "a", "--env", `GITHUB_TOKEN=${TOKEN}`, "--", "x"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Cannot add a: GITHUB_TOKEN holds a secret, which would stand in the file");
    expect(refused.stderr).toContain("km servers secret set a-github-token");
    expect(refused.stderr).not.toContain(TOKEN);
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    "http://alice:hunter2@127.0.0.1/mcp?key=hunter2",
    "http://hunter2@127.0.0.1/mcp",
    "http://a:${x}hunter2@127.0.0.1/mcp",
  ])("a password in an address is neither kept nor repeated: %s", async (url) => {
    expect(await km(["servers", "add", "team", "--url", url])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "km: Cannot add team: a name or password stands in its address\n    Add it with km servers add team --url http://127.0.0.1/mcp --auth basic --username NAME, and store the password with km servers secret set team-password.\n",
    });
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    [["add", "x"], "No server to add"],
    [["add", "x", "--url", "https://h", "--", "y"], "Either --url or a command, not both"],
    [["add", "x", "--auth", "bearer", "--", "y"], "Flag --auth is for a server with --url alone"],
    [["add", "x", "--url", "https://h", "--env", "A=b"], "Flag --env is for a server with a command alone"],
    [["add", "x", "--url", "https://h", "--auth", "basic"], "Flag --auth basic needs --username"],
    [["add", "x", "--url", "https://h", "--auth", "workload"], "Flag --auth workload needs --assertion"],
    [["add", "x", "--url", "https://h", "--auth", "enterprise"], "Flag --auth enterprise needs --idp-issuer"],
    [["add", "x", "--url", "https://h", "--auth", "workload", "--assertion", "ey.ey"], "does not say where its token"],
    [
      ["add", "x", "--url", "https://h", "--auth", "bearer", "--dpop", "on"],
      "is for --auth oauth, workload, enterprise",
    ],
    [["add", "x", "--url", "https://h", "--auth", "oauth", "--redirect-port", "x"], 'cannot be "x"'],
    [["export"], "Either --client or --json is needed"],
    [["secret", "set", "a b"], 'A secret cannot be called "a b"'],
  ])("%p is a mistake of the command line", async (words, message) => {
    const { code, stderr } = await km(["servers", ...words]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test("five at once add five, and none is lost", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const codes = await Promise.all(names.map(async (name) => (await km(["servers", "add", name, "--", "x"])).code));
    expect(codes).toEqual([0, 0, 0, 0, 0]);
    expect(Object.keys(parse(readFileSync(file, "utf8")).servers).sort()).toEqual(names);
    expect(readdirSync(join(home.folder, "config"))).toEqual(["servers.yaml"]);
  });

  test("secrets are kept, named and forgotten, and never shown", async () => {
    registry('  a: { command: x, env: { K: "${keychain:a-key}", L: "${keychain:other}" } }\n');
    expect(await km(["servers", "secret", "set", "a-key"], `${TOKEN}\n`)).toMatchObject({ code: 0, stdout: "a-key\n" });
    const { stdout } = await km(["servers", "secret", "list"]);
    expect(stdout).toBe("NAME   KEPT  SERVERS\na-key  yes   a\nother  no    a\n");
    expect(readFileSync(join(home.data, "server-secrets.json"), "utf8")).not.toContain("ghp_");
    expect(await km(["servers", "secret", "remove", "a-key"])).toMatchObject({
      code: 0,
      stderr: "km: It is missing now in a\n",
    });
    expect(await km(["servers", "secret", "remove", "a-key"])).toMatchObject({ code: 1 });
    expect(await km(["servers", "secret", "set", "empty"], "")).toMatchObject({ code: 1 });
  });

  test("import takes over a client's servers, their secrets encrypted, and leaves its file alone", async () => {
    mkdirSync(join(home.folder, ".cursor"));
    const client = join(home.folder, ".cursor", "mcp.json");
    writeFileSync(
      client,
      JSON.stringify({
        mcpServers: { gh: { command: "gh", env: { GITHUB_TOKEN: TOKEN } }, docs: { url: "https://h/mcp" } },
      }),
    );
    const before = readFileSync(client, "utf8");
    const dry = await km(["servers", "import", "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stdout: "gh  (Cursor)\ndocs  (Cursor)\n" });
    expect(existsSync(file)).toBe(false);
    expect(await km(["servers", "import"])).toMatchObject({ code: 2 });
    const done = await km(["servers", "import", "--client", "cursor", "--yes"]);
    expect(done.stderr).toContain("gh: a secret becomes ${keychain:gh-github-token}");
    expect(done.code).toBe(0);
    expect(parse(readFileSync(file, "utf8")).servers).toEqual({
      gh: { command: "gh", env: { GITHUB_TOKEN: "${keychain:gh-github-token}" } },
      docs: { url: "https://h/mcp" },
    });
    expect(dry.stderr + done.stderr + done.stdout + readFileSync(file, "utf8")).not.toContain(TOKEN);
    expect(readFileSync(client, "utf8")).toBe(before);
    expect((await km(["servers", "import", "--all"])).stderr).toContain("it is there already, as gh");
  });

  test("the schema takes what km takes, and refuses what km refuses", async () => {
    const schema = JSON.parse((await km(["servers", "schema"])).stdout);
    const fits = (text: string): boolean => validate(parse(text), schema, "7").valid;
    expect(fits("version: 1\nservers:\n")).toBe(true);
    expect(
      fits(
        "version: 1\nservers: { a: { command: [x, y], limits: { retries: 2 } }, b: { url: 'https://h', auth: { type: oauth } } }",
      ),
    ).toBe(true);
    expect(fits("version: 1\nservers: { a: { comand: x } }")).toBe(false);
    expect(fits("version: 1\nservers: { a: { url: x, auth: { type: jwt } } }")).toBe(false);
    expect(fits("servers: {}")).toBe(false);
  });
});

test.each([
  ["servers", ["servers", "schema"]],
  ["config", ["config", "schema"]],
])("docs/schemas/%s.schema.json is what km prints", async (name, words) => {
  const published = readFileSync(join(import.meta.dir, "../../docs/schemas", `${name}.schema.json`), "utf8");
  expect(JSON.parse((await km(words)).stdout)).toEqual(JSON.parse(published));
});

describe.skipIf(!UNIX)("km servers edit", () => {
  function editor(script: string): Record<string, string> {
    const path = join(home.folder, "my editor");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return { VISUAL: `"${path}" --wait` };
  }

  test("takes over what is right", async () => {
    registry("  # mine\n  a: { command: x }\n");
    const edited = await km(
      ["servers", "edit", "a"],
      "",
      editor('sed -i.bak "s/command: x/command: y/" "$2"; echo "$1"'),
    );
    expect(edited).toMatchObject({ code: 0, stdout: "--wait\n", stderr: `km: Changed ${file}\n` });
    expect(readFileSync(file, "utf8")).toBe("version: 1\nservers:\n  # mine\n  a: { command: y }\n");
  });

  test("leaves the file as it was where something is wrong and nobody can be asked", async () => {
    registry("  a: { command: x }\n");
    const before = readFileSync(file, "utf8");
    const edited = await km(["servers", "edit"], "", editor('echo "  b: { comand: y }" >> "$2"'));
    expect([edited.code, edited.stderr]).toEqual([
      3,
      expect.stringContaining('servers.yaml:4:8: Unknown key "comand" in servers.b. Did you mean command?'),
    ]);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("leaves it as it was where the editor fails, and keeps what was typed where another changed it meanwhile", async () => {
    registry("  a: { command: x }\n");
    expect(await km(["servers", "edit"], "", editor('echo "# x" >> "$2"; exit 1'))).toMatchObject({ code: 1 });
    const edited = await km(["servers", "edit"], "", editor(`echo "# mine" >> "$2"; echo "# theirs" >> "${file}"`));
    expect(edited.stderr).toContain("it has been changed meanwhile");
    const draft = /What you wrote is in (\S+servers\.yaml)/.exec(edited.stderr)?.[1] ?? "";
    expect(readFileSync(draft, "utf8")).toEndWith("# mine\n");
    expect(readFileSync(file, "utf8")).toEndWith("# theirs\n");
  });

  test("without a terminal opens no editor but one that was named", async () => {
    expect(await km(["servers", "edit"], "", { VISUAL: "", EDITOR: "" })).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "km: Cannot start an editor: there is no terminal\n    Name one in EDITOR.\n",
    });
  });

  test("begins a file where there is none, and changes nothing where nothing was changed", async () => {
    expect(await km(["servers", "edit"], "", editor('echo "  a: { command: x }" >> "$2"'))).toMatchObject({ code: 0 });
    expect((await km(["servers", "edit"], "", editor("true"))).stderr).toBe("km: Nothing was changed\n");
  });
});

describe("km monitor --use", () => {
  const session = () => {
    const folder = join(home.data, "sessions");
    const [id = ""] = readdirSync(folder);
    const text = readdirSync(join(folder, id))
      .filter((name) => /json/.test(name))
      .map((name) => readFileSync(join(folder, id, name), "utf8"))
      .join("\n");
    return { info: JSON.parse(readFileSync(join(folder, id, "session.json"), "utf8")), text };
  };

  test.skipIf(!UNIX)("runs a command in its folder with its secrets, which no record shows", async () => {
    mkdirSync(join(home.folder, "work"));
    registry(`  a:
    command: sh
    args: [-c, 'echo "$TOKEN $OTHER $1 $(pwd)"', sh, "\${keychain:a-key}"]
    cwd: ~/work
    env: { TOKEN: "\${keychain:a-key}", OTHER: "\${env:OTHER:-none}" }
`);
    await km(["servers", "secret", "set", "a-key"], "Zq8vLk2mXw4t");
    const run = await km(["monitor", "--use", "a", "--payloads", "metadata", "--env", "OTHER=mine"]);
    expect(run.stdout).toMatch(/^Zq8vLk2mXw4t mine Zq8vLk2mXw4t .*\/work\n$/);
    const { info, text } = session();
    expect(info).toMatchObject({ name: "a", cwd: expect.stringMatching(/work$/) });
    expect(text).toContain("${keychain:a-key}");
    expect(text).not.toContain("Zq8vLk2mXw4t");
  });

  test("says what is missing, with what to do, before anything is started", async () => {
    registry('  a: { command: x, env: { TOKEN: "${keychain:a-key}" } }\n  b: { comand: x }\n');
    expect(await km(["monitor", "--use", "a"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr:
        "km: Cannot resolve ${keychain:a-key} of a: env.TOKEN: there is no such secret\n    Store it: km servers secret set a-key\n",
    });
    expect((await km(["monitor", "--use", "b"])).stderr).toContain(`${file}:4:8: Unknown key "comand" in servers.b`);
    expect((await km(["monitor", "--use", "c"])).stderr).toContain("No such server: c");
    expect((await km(["monitor", "--use", "a", "--", "x"])).code).toBe(2);
  });

  test("reaches a server by HTTP with its token, which no record shows", async () => {
    const seen: (string | null)[] = [];
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        seen.push(request.headers.get("authorization"));
        const { id } = (await request.json()) as { id: number };
        return Response.json({ jsonrpc: "2.0", id, result: {} });
      },
    });
    registry(
      `  web: { url: "${server.url.href}mcp", transport: streamable-http, auth: { type: bearer, token: "\${keychain:web-token}" } }\n`,
    );
    await km(["servers", "secret", "set", "web-token"], "Zq8vLk2mXw4t");
    const run = await km(["monitor", "--use", "web"], '{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n');
    expect(JSON.parse(run.stdout)).toMatchObject({ id: 1, result: {} });
    expect(seen[0]).toBe("Bearer Zq8vLk2mXw4t");
    const { info, text } = session();
    expect(info.name).toBe("web");
    expect(text).not.toContain("Zq8vLk2mXw4t");
  });
});

describe("km config", () => {
  test("init writes a file that changes nothing, and never another's", async () => {
    const config = join(home.folder, "config", "config.yaml");
    const before = (await km(["config", "show"])).stdout;
    expect(await km(["config", "init"])).toMatchObject({ code: 0, stdout: `${config}\n` });
    expect((await km(["config", "show"])).stdout).toBe(before);
    expect(await km(["config", "set", "journal.retention.max_age", "90d"])).toMatchObject({ code: 0 });
    const text = readFileSync(config, "utf8");
    expect(text).toContain("  retention:\n    max_age: 90d\n    # Older sessions are deleted.");
    expect(await km(["config", "init"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there is a configuration already"),
    });
    expect(readFileSync(config, "utf8")).toBe(text);
    expect(JSON.parse((await km(["config", "schema"])).stdout)).toMatchObject({ title: "Configuration of km" });
  });

  test("validate looks at servers.yaml too", async () => {
    registry("  a: { comand: x }\n");
    expect(await km(["config", "validate"])).toMatchObject({
      code: 3,
      stdout: `${file}:3:8: Unknown key "comand" in servers.a. Did you mean command?\n`,
    });
    registry("  a: { command: x }\n");
    expect(await km(["config", "validate"])).toMatchObject({ code: 0, stdout: `${file}: ok\n` });
  });
});
