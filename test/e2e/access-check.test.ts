/** `km access check`: the files that an access file names are looked at as km proxy will use them. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOfKey, newApiKey } from "../../src/gateway/access/api-keys.ts";
import { KM, makeHome } from "./km.ts";

test("what cannot be read or written is said with its place; once it is there, nothing is", () => {
  using home = makeHome();
  const file = join(home.folder, "access.yaml");
  const text = `version: 1
tls: { cert: server.pem, key: ~/keys, client_ca: clients.pem, clients: asked }
auth:
  resource: https://mcp.example.com/mcp
  keys:
    - { name: ada, sha256: ${hashOfKey(newApiKey())} }
  tokens:
    - { issuer: https://login.example.com, key: issuer.pem }
audit: { file: new/folder/audit.jsonl }
log: { file: server.pem/log }
`;
  writeFileSync(file, text);
  mkdirSync(join(home.folder, "keys"));
  const check = (): [number, string] => {
    const run = Bun.spawnSync([KM, "access", "check", file], { env: home.env });
    return [run.exitCode, run.stdout.toString()];
  };
  const missing = "cannot be read: no such file or directory";
  expect(check()).toEqual([
    3,
    [
      `${file}:2:14: tls.cert ${missing}`,
      `${file}:2:31: tls.key is a folder, where a file is needed`,
      `${file}:2:50: tls.client_ca ${missing}`,
      `${file}:8:49: auth.tokens[0].key ${missing}`,
      "",
    ].join("\n"),
  ]);
  writeFileSync(file, text.replace("~/keys", "server.key"));
  for (const name of ["server.pem", "server.key", "clients.pem", "issuer.pem"]) {
    writeFileSync(join(home.folder, name), "");
  }
  const [code, said] = check();
  expect([code, said]).toEqual([3, expect.stringContaining(`${file}:10:14: log.file cannot be written: `)]);
  writeFileSync(file, text.replace("~/keys", "server.key").replace("server.pem/log", "km.log"));
  expect(check()).toEqual([0, expect.stringContaining(": ok\n")]);
});
