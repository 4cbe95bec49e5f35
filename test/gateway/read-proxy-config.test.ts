/** What is said of a file for `km proxy --access`, and where. */
import { expect, test } from "bun:test";
import { accessStarter } from "../../src/gateway/config/access-starter.ts";
import { readProxyConfig } from "../../src/gateway/config/read-proxy-config.ts";

const FILE = "/etc/km/access.yaml";
const HASH = "a".repeat(64);

function problems(yaml: string): string[] {
  const read = readProxyConfig(FILE, yaml, "/home/ada");
  if ("value" in read) return [];
  return read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test("the file to begin with is right", () => {
  expect(problems(accessStarter(HASH))).toEqual([]);
});

test("paths begin at the file's folder, or at home", () => {
  const read = readProxyConfig(
    FILE,
    "version: 1\ntls: { cert: a.pem, key: ~/b.key }\naudit: { file: /var/log/km }\n",
    "/home/ada",
  );
  expect("value" in read && [read.value.tls, read.value.audit]).toEqual([
    { cert: "/etc/km/a.pem", key: "/home/ada/b.key", clients: undefined },
    { file: "/var/log/km", maxBytes: 10 << 20, keep: 5, required: false },
  ]);
});

test.each([
  ["auth: {}", ["2:1 auth lets nobody in"]],
  ["rules: {}", ['2:1 Unknown key "rules"']],
  [
    `auth:\n  keys:\n    - { name: a, sha256: ${HASH}, roles: [reder] }\nroles: { reader: {} }`,
    ["4:100 auth.keys[0].roles[0] names no role: reder"],
  ],
  [
    `auth:\n  keys:\n    - { name: a, sha256: ${HASH} }\n    - { name: a, sha256: ${HASH} }`,
    ["5:15 auth.keys[1].name is taken: each has a name of its own"],
  ],
  ["auth: { keys: [{ name: a, sha256: secret }] }", ['2:35 auth.keys[0].sha256 cannot be "secret"']],
  ["auth: { users: [{ name: a, password: secret }] }", ["2:38 auth.users[0].password is no hash"]],
  [
    "auth: { resource: https://h/mcp, tokens: [{ issuer: x, jwks: http://evil/keys }] }",
    ["2:62 auth.tokens[0].jwks is no URL that begins with https://"],
  ],
  [
    "auth: { resource: https://h/mcp, tokens: [{ issuer: x, jwks: https://i/keys, algorithms: [HS256] }] }",
    ['2:91 auth.tokens[0].algorithms[0] cannot be "HS256"'],
  ],
  [
    "auth: { resource: https://h/mcp, tokens: [{ issuer: x }] }",
    ["2:42 auth.tokens[0] needs jwks, key or introspection"],
  ],
  ["auth: { tokens: [{ issuer: x, jwks: https://i/keys }] }", ["2:7 auth.resource is missing, which tokens need"]],
  ["tls: { cert: a, key: b, clients: asked }", ["2:25 tls.clients needs client_ca beside it"]],
  ["limits: { requests: lots }", ['2:21 limits.requests cannot be "lots"']],
  ["roles: { reader: {} }", ["2:1 roles mean nothing where nobody is asked who they are"]],
  ["audit: { file: x, max_size: 10b }", ["2:29 audit.max_size is too small"]],
  ["metrics: here", ['2:10 metrics is no address with its port: Flag metrics is not an address with its port: "here"']],
  [
    "roles:\n  a: {}\n  a: {}",
    ["2:1 roles mean nothing where nobody is asked who they are", '4:3 The key "a" stands twice'],
  ],
])("%s", (yaml, expected) => {
  expect(problems(`version: 1\n${yaml}\n`)).toEqual(expected);
});

test("what is no YAML says where", () => {
  expect(problems("version: 1\nauth: [")[0]).toMatch(/^2:\d+ Not readable as YAML/);
});
