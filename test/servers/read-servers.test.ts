/** The text of servers.yaml: what is taken, what is refused, and where it stands. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatProblem } from "../../src/config/problem.ts";
import { readServers } from "../../src/servers/read-servers.ts";

const FILE = "servers.yaml";
const read = (text: string, thorough = false) => readServers(FILE, text, { home: "/home/ada", thorough });
const problemsOf = (servers: string, thorough = false): string[] =>
  read(`version: 1\nservers:\n${servers}`, thorough).problems.map(
    (problem) => formatProblem(problem) + (problem.hint === undefined ? "" : ` | ${problem.hint}`),
  );

test("readServers takes logins of workloads and by an identity provider", () => {
  const { servers, problems } = read(`version: 1
servers:
  agent:
    url: https://a.example/mcp
    auth: { type: workload, assertion: { command: [~/bin/token, --jwt] }, audience: "api://x", issuer: https://as.example, dpop: true }
  team:
    url: https://b.example/mcp
    auth:
      type: enterprise
      client_id: km
      idp: { issuer: https://acme.example, client_id: km-idp, id_token: { file: ~/id-token }, scopes: [email] }
`);
  expect(problems).toEqual([]);
  expect(servers.map(({ start }) => (start.kind === "remote" ? start.remote.auth : undefined))).toMatchObject([
    {
      type: "workload",
      assertion: { command: ["/home/ada/bin/token", "--jwt"] },
      audience: "api://x",
      issuer: "https://as.example",
      dpop: true,
    },
    {
      type: "enterprise",
      clientId: "km",
      scopes: [],
      idp: {
        issuer: "https://acme.example",
        clientId: "km-idp",
        idToken: { file: "/home/ada/id-token" },
        scopes: ["email"],
      },
    },
  ]);
});

test("readServers takes all that may stand there", () => {
  const { servers, problems } = read(`version: 1
servers:
  files:
    command: npx
    args: [-y, "@modelcontextprotocol/server-filesystem", ~/Documents]
    cwd: ~/work
    env: { TOKEN: "\${keychain:files-token}" }
    limits: { restarts: 5, concurrent: 10 }
    tags: [local]
  team:
    url: https://mcp.example.com/mcp
    transport: sse
    headers: { X-Team: core }
    auth: { type: oauth, scopes: [read] }
    tls: { ca: ~/ca.pem, cert: /c.pem, key: /k.pem, pins: [sha256/${"A".repeat(43)}=] }
    limits: { connect_timeout: 2s, timeout: 1m, retries: 0, calls: 100/1m }
    fallback: [team-eu]
  team-eu: { url: "https://eu.example.com/mcp", headers: { Authorization: "Bearer \${env:TOKEN}" } }
  words: { command: [uvx, server] }
`);
  expect(problems).toEqual([]);
  expect(servers.map(({ name }) => name)).toEqual(["files", "team", "team-eu", "words"]);
  const [files, team, eu, words] = servers;
  expect(files).toMatchObject({
    start: {
      kind: "command",
      command: ["npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/ada/Documents"],
      cwd: "/home/ada/work",
      env: { TOKEN: "${keychain:files-token}" },
    },
    limits: { restarts: 5, concurrent: 10, connectTimeoutMs: 10_000 },
    tags: ["local"],
  });
  expect(team).toMatchObject({
    start: {
      kind: "remote",
      remote: {
        url: "https://mcp.example.com/mcp",
        transport: "sse",
        auth: { type: "oauth", scopes: ["read"] },
        tls: { ca: "/home/ada/ca.pem", cert: "/c.pem", key: "/k.pem" },
        connectTimeoutMs: 2000,
        answerTimeoutMs: 60_000,
        retries: 0,
      },
    },
    limits: { calls: { count: 100, perMs: 60_000 } },
    fallback: ["team-eu"],
  });
  // Who says in a header who he is, is not asked to log in.
  expect(eu?.start).toMatchObject({ remote: { auth: { type: "none" } } });
  expect(words?.start).toMatchObject({ command: ["uvx", "server"] });
});

describe("readServers refuses, with the place and what to do:", () => {
  test.each([
    [
      "a key that does not exist",
      "  a: { comand: x }",
      '3:8: Unknown key "comand" in servers.a | Did you mean command?',
    ],
    [
      "neither command nor url",
      "  a: { tags: [x] }",
      "3:3: servers.a has neither command nor url | Give it a command to start, or the url where it is.",
    ],
    [
      "both",
      "  a: { command: x, url: https://h }",
      "3:20: servers.a.url stands beside command | A server has one of them.",
    ],
    [
      "what is for the other kind",
      "  a: { command: x, tls: {} }",
      "3:20: servers.a.tls is for a server with url alone",
    ],
    [
      "a number in env",
      "  a: { command: x, env: { PORT: 8080 } }",
      "3:33: servers.a.env.PORT cannot be 8080 | Allowed: a text, in quotes where YAML would read a number.",
    ],
    [
      "no reference",
      "  a: { command: x, args: ['${HOME}'] }",
      "3:27: servers.a.args[0] has ${HOME}, which is no reference | Did you mean ${env:HOME}? $${ stands for ${ itself.",
    ],
    [
      "a name with a blank",
      "  a b: { command: x }",
      '3:3: A server cannot be called "a b" | Allowed: a name of 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit.',
    ],
    [
      "a reserved name",
      "  all: { command: x }",
      '3:3: A server cannot be called "all" | Allowed: a name other than all, none, last, km and those of devices, such as con.',
    ],
    [
      "names that differ in case alone",
      "  a: { command: x }\n  A: { command: x }",
      '4:3: The name "A" is "a" in other letters | Names must differ by more.',
    ],
    ["a name that stands twice", "  a: { command: x }\n  a: { command: y }", '4:3: The key "a" stands twice'],
    [
      "a fallback that is not there",
      "  team: { command: x }\n  b: { command: x, fallback: [taem] }",
      '4:31: servers.b.fallback[0] names no server: "taem" | Did you mean team?',
    ],
    [
      "a relative folder",
      "  a: { command: x, cwd: work }",
      "3:25: servers.a.cwd is no absolute path | It may begin with ~/.",
    ],
    [
      "an address that is none",
      "  a: { url: 'ftp://h' }",
      "3:13: servers.a.url is no address of a server | It begins with https:// or http://.",
    ],
    [
      "a password in the address",
      "  a: { url: 'https://u:p@h' }",
      "3:13: servers.a.url has a password in it | Write auth: { type: basic, username: ..., password: ... }.",
    ],
    [
      "auth without its token",
      "  a: { url: https://h, auth: { type: bearer } }",
      "3:30: servers.a.auth.token is missing",
    ],
    [
      "another type's member",
      "  a: { url: https://h, auth: { type: oauth, token: x } }",
      "3:45: servers.a.auth.token is for bearer alone | The type is oauth.",
    ],
    [
      "an unknown type",
      "  a: { url: https://h, auth: { type: jwt } }",
      '3:38: servers.a.auth.type cannot be "jwt" | Allowed: none, bearer, basic, api-key, oauth, workload, enterprise.',
    ],
    [
      "a member of several other types",
      "  a: { url: https://h, auth: { type: none, client_id: x } }",
      "3:44: servers.a.auth.client_id is for oauth, workload and enterprise alone | The type is none.",
    ],
    [
      "something else than whether tokens are bound",
      "  a: { url: https://h, auth: { type: oauth, dpop: often } }",
      '3:51: servers.a.auth.dpop cannot be "often" | Allowed: true, false or auto.',
    ],
    [
      "a workload without its token",
      "  a: { url: https://h, auth: { type: workload } }",
      "3:30: servers.a.auth.assertion is missing",
    ],
    [
      "two places of a token",
      "  a: { url: https://h, auth: { type: workload, assertion: { env: A, file: /b } } }",
      "3:59: servers.a.auth.assertion has several of file, env and command | It needs one of them.",
    ],
    [
      "an audience that any server could name",
      "  a: { url: https://h, auth: { type: workload, assertion: { env: A }, audience: b } }",
      "3:71: servers.a.auth.audience needs issuer beside it | Without it any server could name who gets the token.",
    ],
    [
      "an identity provider that is none",
      "  a: { url: https://h, auth: { type: enterprise, idp: { issuer: acme, client_id: km } } }",
      "3:65: servers.a.auth.idp.issuer is no address of an identity provider | It begins with https://.",
    ],
    [
      "an identity provider without a client",
      "  a: { url: https://h, auth: { type: enterprise, idp: { issuer: https://acme.example } } }",
      "3:55: servers.a.auth.idp.client_id is missing",
    ],
    [
      "a header that km sets",
      "  a: { url: https://h, headers: { Mcp-Method: x } }",
      "3:35: servers.a.headers.Mcp-Method is a header that km sets itself",
    ],
    [
      "a certificate without its key",
      "  a: { url: https://h, tls: { cert: /c } }",
      "3:31: servers.a.tls.cert needs key beside it",
    ],
    [
      "calls without a time",
      "  a: { command: x, limits: { calls: '100' } }",
      "3:37: servers.a.limits.calls is no number of calls in a time | Such as 100/1m, or 5/s.",
    ],
    [
      "a time that is none",
      "  a: { command: x, limits: { timeout: 5 minutes } }",
      "3:39: servers.a.limits.timeout is no such duration | Allowed: 100ms to 1h with its unit, such as 10s.",
    ],
    ["a list for a server", "  a: [x]", "3:6: servers.a cannot be a list | Allowed: a mapping with command or url."],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(`${text}\n`)).toEqual([`${FILE}:${expected}`]);
  });

  test("a file that is no YAML, of another version, or no mapping", () => {
    expect(read("servers: [").problems[0]).toMatchObject({ code: "CFG_001", line: 1 });
    expect(read("\tservers: {}").problems[0]).toMatchObject({ code: "CFG_001", line: 1, column: 1 });
    expect(read("version: 2\nservers: { a: { command: x } }")).toMatchObject({
      servers: [],
      problems: [{ line: 1, message: "version cannot be 2" }],
    });
    expect(read("servers: {}").problems[0]).toMatchObject({
      message: "version is missing",
      hint: "Begin the file with version: 1.",
    });
    expect(read("- a").problems[0]?.message).toBe("The file cannot be a list");
    expect(read("version: 1\nservers: [a]\n").problems[0]?.message).toBe("servers cannot be a list");
    expect(read("version: 1\nsevrers: {}\n").problems[0]?.hint).toBe("Did you mean servers?");
  });

  test("what would be endless or make an object of its own", () => {
    expect(read("version: 1\nservers: &s { a: *s }").servers).toEqual([]);
    const { problems } = read("version: 1\nservers: { __proto__: { command: x }, constructor: { command: y } }");
    expect(problems.map(({ server }) => server)).toEqual(["__proto__"]);
  });
});

test("one server that is wrong spoils no other", () => {
  const { servers, names, problems } = read(
    "version: 1\nservers:\n  a: { command: x }\n  b: { comand: y }\n  c: { url: https://h }\n",
  );
  expect(servers.map(({ name }) => name)).toEqual(["a", "c"]);
  expect(names).toEqual(["a", "b", "c"]);
  expect(problems.map(({ server }) => server)).toEqual(["b"]);
});

test("an empty file, comments alone and a mapping without servers are no mistake", () => {
  for (const text of ["", "# none\n", "version: 1\n", "version: 1\nservers:\n  # none yet\n", "\ufeffversion: 1\r\n"])
    expect(read(text)).toMatchObject({ servers: [], problems: [] });
});

test("anchors, flow style, CRLF and a byte order mark are read as YAML has them", () => {
  const text =
    "\ufeffversion: 1\r\nservers:\r\n  a: &base\r\n    command: x\r\n    env: &env { A: 'b' }\r\n  b: { command: y, env: *env }\r\n  c: *base\r\n";
  const { servers, problems } = read(text);
  expect(problems).toEqual([]);
  expect(servers.map(({ start }) => start)).toMatchObject([
    { env: { A: "b" } },
    { env: { A: "b" } },
    { command: ["x"] },
  ]);
});

test("a thousand servers are read, each problem with its server", () => {
  const lines = Array.from(
    { length: 1000 },
    (_, i) => `  s${i}: { command: npx, args: [-y, server-${i}], tags: [t] }\n`,
  );
  const { servers, problems } = read(`version: 1\nservers:\n${lines.join("")}  bad: {}\n`);
  expect(servers).toHaveLength(1000);
  expect(problems).toMatchObject([{ server: "bad", line: 1003 }]);
});

test("a thousand servers may share a part, and what multiplies is refused", () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `  s${i}: { command: npx, env: *env }\n`);
  const text = `version: 1\nservers:\n  first: { command: x, env: &env { A: b } }\n${lines.join("")}`;
  expect(read(text)).toMatchObject({ problems: [], servers: { length: 1001 } });
  const bomb = Array.from(
    { length: 9 },
    (_, i) =>
      `x${i}: &x${i} [${
        i === 0
          ? "a"
          : Array(9)
              .fill(`*x${i - 1}`)
              .join()
      }]\n`,
  );
  expect(read(`version: 1\nservers:\n  a: { command: x }\n${bomb.join("")}`).servers).toEqual([]);
});

test("thorough reading warns of secrets that stand there, and names the command that keeps them", () => {
  const secret = "ghp_0123456789abcdefghijABCDEFGHIJ456789";
  const warnings = problemsOf(
    `  a: { command: x, args: [--token, ${secret}], env: { GITHUB_TOKEN: ${secret}, LEVEL: debug } }
  b: { url: "http://mcp.example.com", auth: { type: basic, username: u, password: p }, headers: { X-Team: core } }
  c: { url: "http://localhost:1/mcp", auth: { type: bearer, token: "\${keychain:c}" } }
  d: { url: "https://h", auth: { type: oauth, client_id: x, client_secret: "\${keychain:d}" } }
  e: { url: "https://h", auth: { type: oauth, client_id: x, client_secret: "\${keychain:d}", issuer: "https://i" } }
  f: { url: "https://h", auth: { type: enterprise, client_id: x, idp: { issuer: "https://i", client_id: x, client_secret: y } } }
`,
    true,
  );
  expect(warnings.join("\n")).not.toContain(secret);
  expect(warnings).toEqual([
    `${FILE}:3:36: warning: servers.a.args[1] is a secret that stands there as it is | Others can see a program's arguments: if the server takes it from a variable, write env. Else write \${keychain:a-token}, and store it with km servers secret set a-token.`,
    `${FILE}:3:100: warning: servers.a.env.GITHUB_TOKEN is a secret that stands there as it is | Write \${keychain:a-github-token}, and store it with km servers secret set a-github-token.`,
    `${FILE}:4:13: warning: servers.b.url is not encrypted: anyone on the way can read and change what is sent | Use https:// where the server has it.`,
    `${FILE}:4:83: warning: servers.b.auth.password is a secret that stands there as it is | Write \${keychain:b-password}, and store it with km servers secret set b-password.`,
    `${FILE}:6:76: warning: servers.d.auth.client_secret goes to whichever authorization server the server names first | Give auth.issuer, the one that it belongs to.`,
    `${FILE}:8:123: warning: servers.f.auth.idp.client_secret is a secret that stands there as it is | Write \${keychain:f-idp-client-secret}, and store it with km servers secret set f-idp-client-secret.`,
  ]);
  expect(
    read("version: 1\nservers: { a: { command: x, env: { API_TOKEN: abcdef123456 } } }", true).servers,
  ).toHaveLength(1);
});

test("readServers throws for no text, and tells the place of each problem", () => {
  const words = [
    "version: 1\n",
    "servers:\n",
    "  a: ",
    "{",
    "}",
    "[",
    "]",
    "command: x",
    "url: ",
    "https://h",
    "\n",
    "    ",
    "&x ",
    "*x",
    "!t ",
    "'",
    '"',
    "${",
    "#",
    "\t",
    "auth: { type: oauth }",
    "env: ",
    "__proto__: ",
    ", ",
    "? ",
    "- ",
    "<<: *x",
    "\u0000",
  ];
  const texts = fc.oneof(
    fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((some) => some.join("")),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const { line, column, message } of read(text, true).problems) {
        expect(line).toBeGreaterThan(0);
        expect(column).toBeGreaterThan(0);
        expect(message).not.toBe("");
      }
    }),
    { numRuns: 500 },
  );
});
