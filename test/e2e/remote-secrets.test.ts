/** What is secret of a server with a URL stands nowhere that km writes, whatever the server does. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KM } from "./km.ts";

const SECRETS = {
  PATH_KEY: "hidden-path",
  QUERY_KEY: "hidden-query",
  HEADER_KEY: "hidden-header",
  TOKEN: "hidden-token",
};
const INITIALIZE = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n';

test.each([
  ["fails", "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"],
  ["speaks no HTTP", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
  ["sends elsewhere", "HTTP/1.1 307 No\r\nlocation: http://127.0.0.2/mcp\r\ncontent-length: 0\r\n\r\n"],
  ["refuses the token", "HTTP/1.1 401 No\r\nwww-authenticate: Bearer\r\ncontent-length: 0\r\n\r\n"],
])("a server that %s: no secret is in answers, words or records", async (_, bytes) => {
  const home = mkdtempSync(join(tmpdir(), "km-secrets-"));
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (one) => void one.end(bytes) } });
  try {
    mkdirSync(join(home, "config"));
    writeFileSync(
      join(home, "config", "servers.yaml"),
      [
        "version: 1",
        "servers:",
        "  it:",
        `    url: "http://127.0.0.1:${server.port}/\${env:PATH_KEY}/mcp?key=\${env:QUERY_KEY}"`,
        '    headers: { x-key: "${env:HEADER_KEY}" }',
        '    auth: { type: bearer, token: "${env:TOKEN}" }',
        "",
      ].join("\n"),
    );
    const km = Bun.spawn([KM, "monitor", "--use", "it"], {
      env: { ...SECRETS, HOME: home, KM_CONFIG_DIR: join(home, "config"), KM_DATA_DIR: join(home, "data") },
      stdin: Buffer.from(INITIALIZE),
      stdout: "pipe",
      stderr: "pipe",
    });
    const written = await Promise.all([km.stdout.text(), km.stderr.text()]);
    expect(written[0]).toContain('"id":1,"error"');
    const files = readdirSync(join(home, "data"), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"));
    expect(kept.join("")).toContain("127.0.0.1");
    expect([...written, ...kept].join("\n")).not.toContain("hidden-");
  } finally {
    server.stop(true);
    rmSync(home, { recursive: true, force: true });
  }
});
