/** `km proxy --access`: who may come, what they may do, and what is written down of it; with real tokens and keys. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { hashOfKey, newApiKey } from "../../src/gateway/access/api-keys.ts";
import { type Home, makeHome } from "./km.ts";
import { answerIn, META, modern, type Proxy, startProxy } from "./run-proxy.ts";

const OFFERING = [process.execPath, join(import.meta.dir, "../fixtures/server-offering.ts")];
const [READER, WRITER, LIMITED, NOBODY, EXPIRED] = [newApiKey(), newApiKey(), newApiKey(), newApiKey(), newApiKey()];
const ISSUER = "http://127.0.0.1:1/issuer";
const RESOURCE = "https://mcp.example.com/mcp";

let home: Home;
let proxy: Proxy;
let issuer: Bun.Server<unknown>;
let signing: CryptoKeyPair;
let stranger: CryptoKeyPair;

beforeAll(async () => {
  home = makeHome();
  signing = await generateKeyPair("ES256");
  stranger = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(signing.publicKey)), kid: "one", use: "sig" };
  issuer = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ keys: [jwk] }) });
  proxy = await startProxy(home, ["--access", await writeAccess(), "--metrics", "127.0.0.1:0"], OFFERING);
});

afterAll(async () => {
  await proxy?.end("SIGTERM");
  await issuer?.stop(true);
  home?.[Symbol.dispose]();
});

async function writeAccess(): Promise<string> {
  const file = join(home.folder, "access.yaml");
  const text = `
version: 1
auth:
  resource: ${RESOURCE}
  keys:
    - { name: reader, sha256: ${hashOfKey(READER)}, roles: [reader] }
    - { name: writer, sha256: ${hashOfKey(WRITER)}, roles: [writer, reader] }
    - { name: limited, sha256: ${hashOfKey(LIMITED)}, roles: [elsewhere] }
    - { name: nobody, sha256: ${hashOfKey(NOBODY)} }
    - { name: expired, sha256: ${hashOfKey(EXPIRED)}, roles: [reader], expires: 2020-01-01 }
  users:
    - { name: ada, password: '${await Bun.password.hash("correct horse", { algorithm: "bcrypt", cost: 4 })}', roles: [reader] }
  tokens:
    - issuer: ${ISSUER}
      jwks: ${issuer.url.href}
      algorithms: [ES256, RS256]
      scopes: [mcp]
      roles_claim: realm.groups
      roles_of: { staff: [reader], admins: [writer] }
roles:
  reader:
    tools: [read_*, "!read_secret"]
    prompts: summarize
    resources: "file:///srv/docs/*"
  writer: { tools: write_* }
  elsewhere: { servers: other, tools: "*" }
limits: { concurrent: 6, logins: 500/1m }
audit: { file: audit.ndjson }
`;
  writeFileSync(file, text);
  return file;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const call = (name: string, id: number | string = 1): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":{"name":"${name}","arguments":{}}}`;
const ask = (method: string, params = "{}"): string =>
  `{"jsonrpc":"2.0","id":3,"method":"${method}","params":${params}}`;

async function open(headers: Record<string, string>): Promise<Record<string, string>> {
  const params = '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}';
  const response = await proxy.post(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`, headers);
  const id = response.headers.get("mcp-session-id");
  if (id === null) throw new Error(`${response.status} ${await response.text()}`);
  return { ...headers, "mcp-session-id": id };
}

async function token(claims: Record<string, unknown>, change: (jwt: SignJWT) => SignJWT = (jwt) => jwt, key = signing) {
  const jwt = new SignJWT({ scope: "mcp other", realm: { groups: ["staff"] }, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setIssuer(ISSUER)
    .setSubject("ada")
    .setAudience(RESOURCE)
    .setExpirationTime("2m");
  return await change(jwt).sign(key.privateKey);
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { iss: ISSUER, sub: "ada", aud: RESOURCE, scope: "mcp", exp: Math.floor(Date.now() / 1000) + 60 };

function auditLines(): Record<string, unknown>[] {
  return readFileSync(join(home.folder, "audit.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("who may come", () => {
  test("without a proof gets 401 with the way to a login, and nothing is started", async () => {
    const answer = await proxy.post(call("read_file"));
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get("www-authenticate") ?? "";
    expect(challenge).toContain('resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"');
    expect(challenge).toContain('scope="mcp"');
    expect(challenge).toContain('Basic realm="km"');
  });

  test("finds the metadata of the protected resource, at both places", async () => {
    for (const path of ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"]) {
      expect(await (await fetch(new URL(path, proxy.url))).json()).toEqual({
        resource: RESOURCE,
        authorization_servers: [ISSUER],
        scopes_supported: ["mcp"],
        bearer_methods_supported: ["header"],
      });
    }
    expect((await fetch(new URL("/.well-known/oauth-protected-resource/other", proxy.url))).status).toBe(401);
  });

  test("is known by a key, in either header, by name and password, and by a token", async () => {
    const ways = [bearer(READER), { "x-api-key": READER }, { authorization: `Basic ${btoa("ada:correct horse")}` }];
    for (const headers of [...ways, bearer(await token({}))]) {
      const answer = await proxy.post(call("read_file"), await open(headers));
      expect(answer.status).toBe(200);
      expect((await answer.text()).includes("isError")).toBe(false);
    }
  });

  const wrong: [string, () => Promise<Record<string, string>> | Record<string, string>][] = [
    ["a key that was never given", () => bearer(newApiKey())],
    ["a key that has expired", () => bearer(EXPIRED)],
    ["a key with something behind it", () => bearer(`${READER}x`)],
    ["the hash of a key", () => bearer(hashOfKey(READER))],
    ["a wrong password", () => ({ authorization: `Basic ${btoa("ada:wrong horse")}` })],
    ["a name that nobody has", () => ({ authorization: `Basic ${btoa("eve:correct horse")}` })],
    ["a password without a name", () => ({ authorization: `Basic ${btoa(":correct horse")}` })],
    ["two proofs", () => ({ ...bearer(READER), "x-api-key": READER })],
    ["another scheme", () => ({ authorization: `Digest ${READER}` })],
    ["a token of alg none", () => bearer(`${encoded({ alg: "none" })}.${encoded(claims)}.`)],
    ["a token of alg None", () => bearer(`${encoded({ alg: "nOnE" })}.${encoded(claims)}.AA`)],
    [
      "a token signed with the public key as a secret",
      async () => {
        const secret = Buffer.from(await exportSPKI(signing.publicKey));
        const jwt = new SignJWT({ scope: "mcp" }).setProtectedHeader({ alg: "HS256", kid: "one" });
        return bearer(
          await jwt.setIssuer(ISSUER).setSubject("ada").setAudience(RESOURCE).setExpirationTime("2m").sign(secret),
        );
      },
    ],
    [
      "a token that brings its key along",
      async () => {
        const jwk = await exportJWK(stranger.publicKey);
        const jwt = new SignJWT({ scope: "mcp" }).setProtectedHeader({ alg: "ES256", jwk, kid: "two" });
        return bearer(
          await jwt
            .setIssuer(ISSUER)
            .setSubject("ada")
            .setAudience(RESOURCE)
            .setExpirationTime("2m")
            .sign(stranger.privateKey),
        );
      },
    ],
    ["a token of another key", async () => bearer(await token({}, undefined, stranger))],
    ["a token that has expired", async () => bearer(await token({}, (jwt) => jwt.setExpirationTime("-2m")))],
    ["a token that is not valid yet", async () => bearer(await token({}, (jwt) => jwt.setNotBefore("2m")))],
    [
      "a token without an end",
      async () =>
        bearer(
          await token({}, () =>
            new SignJWT({ scope: "mcp" })
              .setProtectedHeader({ alg: "ES256", kid: "one" })
              .setIssuer(ISSUER)
              .setSubject("ada")
              .setAudience(RESOURCE),
          ),
        ),
    ],
    [
      "a token for another audience",
      async () => bearer(await token({}, (jwt) => jwt.setAudience("https://other.example.com"))),
    ],
    [
      "a token of another issuer",
      async () => bearer(await token({}, (jwt) => jwt.setIssuer("https://evil.example.com"))),
    ],
    ["a token of nobody", async () => bearer(await token({}, (jwt) => jwt.setSubject("")))],
    [
      "a token whose claims were changed",
      async () => {
        const [head, , signature] = (await token({})).split(".");
        return bearer(`${head}.${encoded({ ...claims, realm: { groups: ["admins"] } })}.${signature}`);
      },
    ],
  ];
  test.each(wrong)("is not: %s", async (_what, headers) => {
    const answer = await proxy.post(call("read_file"), await headers());
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("kmk_");
  });

  test("with a token that lacks the scope gets 403 that says so", async () => {
    const answer = await proxy.post(call("read_file"), bearer(await token({ scope: "other" })));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
  });

  test("is not told by headers that name somebody", async () => {
    const names = {
      "x-forwarded-user": "ada",
      "x-km-principal": "key:writer",
      "x-ssl-client-s-dn": "CN=ada",
      "x-forwarded-for": "1.2.3.4",
    };
    expect((await proxy.post(call("read_file"), names)).status).toBe(401);
    const twice = await fetch(proxy.url, {
      method: "POST",
      headers: [
        ["content-type", "application/json"],
        ["accept", "application/json, text/event-stream"],
        ["authorization", `Bearer ${READER}`],
        ["authorization", `Bearer ${WRITER}`],
      ],
      body: call("write_file"),
    });
    expect(twice.status).toBe(401);
  });

  test("with no role may nothing", async () => {
    expect((await proxy.post(call("read_file"), bearer(NOBODY))).status).toBe(403);
    expect(
      (await proxy.post(call("read_file"), bearer(await token({ realm: { groups: ["others", "writer"] } })))).status,
    ).toBe(403);
  });

  test("other paths are for nobody without a proof", async () => {
    for (const path of ["/", "/MCP", "/mcp/", "/%6dcp", "//mcp", "/x/../mcp", "/sse", "/messages"]) {
      const answer = await fetch(new URL(proxy.url).origin + path, { method: "POST", body: call("read_file") });
      expect(answer.status).toBe(401);
    }
  });
});

describe("what a role may do", () => {
  test("is listed, and nothing else, and no other byte is changed", async () => {
    const session = await open(bearer(READER));
    const listed = async (method: string) => await (await proxy.post(ask(method), session)).text();
    expect(await listed("tools/list")).toBe(
      '{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"read_file","inputSchema":{"type":"object"}}]}}',
    );
    expect(await listed("prompts/list")).toBe('{"jsonrpc":"2.0","id":3,"result":{"prompts":[{"name":"summarize"}]}}');
    expect(await listed("resources/list")).toBe(
      '{"jsonrpc":"2.0","id":3,"result":{"resources":[{"uri":"file:///srv/docs/a.md","name":"file:///srv/docs/a.md"}]}}',
    );
  });

  test("is what its roles allow together", async () => {
    const session = await open(bearer(WRITER));
    const { result } = (await (await proxy.post(ask("tools/list"), session)).json()) as {
      result: { tools: unknown[] };
    };
    expect(result.tools).toHaveLength(2);
    expect(await (await proxy.post(call("write_file"), session)).text()).not.toContain("isError");
  });

  test.each([
    ["a tool of another role", call("write_file")],
    ["a tool that is left out", call("read_secret")],
    ["a tool in other letters", call("Read_File")],
    ["a tool with a soft hyphen", call("read_sec\u00adret")],
    ["a tool with an escape that is nearly it", call("read\\u005fsecret")],
    [
      "a name that stands twice",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","name":"write_file"}}',
    ],
    [
      "a name in two cases",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","Name":"write_file"}}',
    ],
    [
      "params that stand twice",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file"},"params":{"name":"write_file"}}',
    ],
    [
      "a method that stands twice",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"write_file"}}',
    ],
    ["a method that nobody knows", ask("tools/callx", '{"name":"write_file"}')],
    ["a method in other letters", ask("Tools/Call", '{"name":"write_file"}')],
    ["another prompt", ask("prompts/get", '{"name":"other"}')],
    ["another resource", ask("resources/read", '{"uri":"file:///etc/passwd"}')],
    ["a resource by way of an allowed folder", ask("resources/read", '{"uri":"file:///srv/docs/../../etc/passwd"}')],
    ["to watch another resource", ask("resources/subscribe", '{"uri":"file:///etc/passwd"}')],
  ])("is not: %s", async (_what, body) => {
    const answer = await proxy.post(body, await open(bearer(READER)));
    const text = await answer.text();
    expect(text).toMatch(/isError":true|"error":/);
    expect(text).not.toContain('"pid"');
  });

  test("is not, in a batch of what may be done", async () => {
    const params = '{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}';
    const opened = await proxy.post(
      `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`,
      bearer(READER),
    );
    const session = { ...bearer(READER), "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    const answer = await proxy.post(`[${call("read_file", 1)},${call("write_file", 2)}]`, session);
    const text = await answer.text();
    expect(text.match(/"pid"/g)?.length ?? 0).toBeLessThan(2);
    expect(text).not.toMatch(/"id":2,"result":\{"content":\[\{"type":"text","text":"\[/);
  });

  test("is none of it on a server that the role is not for", async () => {
    const session = await open(bearer(LIMITED));
    expect(await (await proxy.post(ask("tools/list"), session)).text()).toContain('"tools":[]');
    expect(await (await proxy.post(call("read_file"), session)).text()).toContain("isError");
  });

  test("holds for requests without a session too", async () => {
    const body = (name: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}",${META}}}`;
    const read = await proxy.post(body("read_file"), { ...bearer(READER), ...modern("tools/call", "read_file") });
    expect(await read.text()).toContain('"pid"');
    const write = await proxy.post(body("write_file"), { ...bearer(READER), ...modern("tools/call", "write_file") });
    expect(await write.text()).toContain('"isError":true');
  });

  test("is not what the server itself is told", async () => {
    const answer = await proxy.post(call("read_file"), await open(bearer(READER)));
    expect(await answer.text()).toContain('"role":null');
  });
});

describe("sessions", () => {
  test("of another principal are none", async () => {
    const session = await open(bearer(READER));
    for (const headers of [bearer(WRITER), bearer(await token({}))]) {
      const theirs = { ...session, ...headers };
      expect((await proxy.post(call("read_file"), theirs)).status).toBe(404);
      expect((await proxy.get(theirs)).status).toBe(404);
      expect((await fetch(proxy.url, { method: "DELETE", headers: theirs })).status).toBe(404);
    }
    expect((await proxy.post(call("read_file"), session)).status).toBe(200);
  });

  test("of the same token holder with other roles are none", async () => {
    const session = await open(bearer(await token({ realm: { groups: ["staff", "admins"] } })));
    expect((await proxy.post(call("read_file"), { ...session, ...bearer(await token({})) })).status).toBe(404);
  });

  test("without an id run for each principal alone", async () => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file",${META}}}`;
    const pids: unknown[] = [];
    for (const key of [READER, WRITER, READER]) {
      const answer = await proxy.post(body, { ...bearer(key), ...modern("tools/call", "read_file") });
      pids.push(((await answer.json()) as { result: { pid: number } }).result.pid);
    }
    expect(pids[0]).toBe(pids[2]);
    expect(pids[0]).not.toBe(pids[1]);
  });
});

test("more requests at a time than allowed get 429, and room is made when they end", async () => {
  const session = await open(bearer(WRITER));
  const leave = new AbortController();
  const slow = Array.from({ length: 6 }, (_, id) =>
    proxy.post(call("read_slowly", id + 10), session, leave.signal).catch(() => undefined),
  );
  let answer: Response;
  do answer = await proxy.post(call("read_file", "x"), session);
  while (answer.status === 200);
  expect(answer.status).toBe(429);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect((await proxy.post(call("read_file"), await open(bearer(READER)))).status).toBe(200);
  leave.abort();
  await Promise.all(slow);
  do answer = await proxy.post(call("read_file", "y"), session);
  while (answer.status === 429);
  expect(answer.status).toBe(200);
});

test("the audit log says who did what and what came of it, and nothing that was said", async () => {
  const session = await open(bearer(READER));
  const secret =
    '{"jsonrpc":"2.0","id":"n1","method":"tools/call","params":{"name":"read_badly","arguments":{"password":"hunter2"}}}';
  await (await proxy.post(secret, session)).text();
  await (await proxy.post(call("write_file", "n2"), session)).text();
  await proxy.post(call("read_file"), bearer(`${READER.slice(0, -1)}-`));
  const lines = auditLines();
  const common = {
    principal: "key:reader",
    by: "key",
    roles: ["reader"],
    address: "127.0.0.1",
    session: session["mcp-session-id"],
  };
  expect(lines).toContainEqual(
    expect.objectContaining({ ...common, id: '"n1"', tool: "read_badly", outcome: "failed", error: "tool_error" }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({ ...common, id: '"n2"', tool: "write_file", outcome: "failed" }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({
      event: "refused",
      principal: "everybody",
      status: 401,
      reason: "the API key is not valid",
    }),
  );
  const text = JSON.stringify(lines);
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("kmk_");
  expect(statSync(join(home.folder, "audit.ndjson")).mode & 0o777).toBe(0o600);
});

test("metrics count requests, refusals, proofs and runs of the server", async () => {
  const [, url = ""] = /Metrics at (\S+)/.exec(proxy.stderr()) ?? [];
  const text = await (await fetch(url)).text();
  for (const part of [
    'km_proxy_http_requests_total{method="POST",status="200"} ',
    'km_proxy_refusals_total{reason="none"} ',
    'km_proxy_refusals_total{reason="no role"} ',
    'km_proxy_authentications_total{by="key",result="accepted"} ',
    'km_proxy_authentications_total{by="token",result="refused"} ',
    'mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="0.01"} ',
    'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",error_type="tool_error"} ',
    "km_proxy_server_starts_total ",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("read_secret");
});

test("a body of unknown methods makes no new series", async () => {
  const [, url = ""] = /Metrics at (\S+)/.exec(proxy.stderr()) ?? [];
  const session = await open(bearer(READER));
  for (let n = 0; n < 5; n++) await (await proxy.post(ask(`made/up${n}`), session)).text();
  const text = await (await fetch(url)).text();
  expect(text).toContain('mcp_method_name="_OTHER"');
  expect(text).not.toContain("made/up");
});

test("answerIn reads what was refused", async () => {
  const answer = await answerIn(await proxy.post(call("read_file")));
  expect(answer.error.message).toContain("Unauthorized");
});
