/** `km proxy` with TLS and with certificates of clients, made by openssl. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../fixtures/certificates.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { type Proxy, startProxy } from "./run-proxy.ts";

const OFFERING = [process.execPath, join(import.meta.dir, "../fixtures/server-offering.ts")];
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';

let home: Home;
let files: Certificates;

beforeAll(() => {
  home = makeHome();
  const folder = join(home.folder, "tls");
  mkdirSync(folder);
  files = makeCertificates(folder);
});

afterAll(() => home?.[Symbol.dispose]());

async function withClients(clients: "required" | "asked", auth: string): Promise<Proxy> {
  const file = join(home.folder, `access-${clients}.yaml`);
  writeFileSync(
    file,
    `
version: 1
tls: { cert: tls/server.pem, key: tls/server.key, client_ca: tls/ca.pem, clients: ${clients} }
auth: ${auth}
audit: { file: audit-${clients}.ndjson }
`,
  );
  return await startProxy(home, ["--access", file], OFFERING);
}

/** @param name of the client's certificate; without one where undefined */
async function ask(proxy: Proxy, name: string | undefined, headers: Record<string, string> = {}): Promise<Response> {
  const own = name && { cert: readFileSync(files.file(`${name}.pem`)), key: readFileSync(files.file(`${name}.key`)) };
  return await fetch(proxy.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: INITIALIZE,
    keepalive: false,
    tls: { ca: readFileSync(files.file("ca.pem")), ...own },
  });
}

test("TLS alone: the listener is reached by https, and by nothing else", async () => {
  await using proxy = await startProxy(
    home,
    ["--tls-cert", files.file("server.pem"), "--tls-key", files.file("server.key")],
    OFFERING,
  );
  expect(proxy.url).toStartWith("https://127.0.0.1:");
  expect((await ask(proxy, undefined)).status).toBe(200);
  const plain = fetch(proxy.url.replace("https:", "http:"), { method: "POST", body: INITIALIZE });
  expect(
    await plain.then(
      ({ status }) => status < 400,
      () => false,
    ),
  ).toBe(false);
});

test("certificates that are required: only those of the authority are let in, by their subjects", async () => {
  await using proxy = await withClients("required", "{ certificates: [{ subject: CN=build }] }");
  expect((await ask(proxy, "build")).status).toBe(200);
  for (const name of [undefined, "stranger", "expired"]) {
    expect(
      await ask(proxy, name).then(
        ({ status }) => status,
        () => "no connection",
      ),
    ).toBe("no connection");
  }
  for (const name of ["other", "sly"]) expect((await ask(proxy, name)).status).toBe(401);
  const [line] = readFileSync(join(home.folder, "audit-required.ndjson"), "utf8").split("\n");
  expect(line).toContain('"principal":"certificate:O=Example, CN=build","by":"certificate"');
});

test("certificates that are asked for: without one another proof is needed", async () => {
  await using proxy = await withClients("asked", "{ certificates: [{ subject: '*' }] }");
  expect((await ask(proxy, "build")).status).toBe(200);
  for (const name of [undefined, "stranger", "expired"]) expect((await ask(proxy, name)).status).toBe(401);
});

test("a session of one certificate is none of another", async () => {
  await using proxy = await withClients("required", "{}");
  const session = (await ask(proxy, "build")).headers.get("mcp-session-id") ?? "";
  const end = async (name: string): Promise<number> => {
    const tls = {
      ca: readFileSync(files.file("ca.pem")),
      cert: readFileSync(files.file(`${name}.pem`)),
      key: readFileSync(files.file(`${name}.key`)),
    };
    return (await fetch(proxy.url, { method: "DELETE", headers: { "mcp-session-id": session }, tls, keepalive: false }))
      .status;
  };
  expect(await end("other")).toBe(404);
  expect(await end("build")).toBe(204);
});

test.skipIf(process.platform !== "linux")("whoever goes around the certificates is let in nowhere", async () => {
  await using proxy = await withClients("required", "{}");
  const outer = Number(new URL(proxy.url).port);
  const inner = listeningPorts(proxy.pid).filter((port) => port !== outer);
  expect(inner).toHaveLength(1);
  const host = new URL(proxy.url).host;
  const direct = await fetch(`http://127.0.0.1:${inner[0]}/mcp`, {
    method: "POST",
    headers: { host },
    body: INITIALIZE,
  });
  expect(direct.status).toBe(403);
  expect(await direct.text()).toContain("not the way in");
});

function listeningPorts(pid: number): number[] {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`)));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, "utf8").trim().split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === "0A" && sockets.has(`socket:[${inode}]`) ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // it was closed meanwhile
  }
}

test.each([
  [
    "another address than loopback, and nobody is asked",
    ["--listen", "0.0.0.0:0", "--allow-host", "x"],
    "--insecure-no-auth",
  ],
  ["a certificate without its key", ["--tls-cert", "x.pem"], "--tls-cert needs"],
  ["an access file that is not there", ["--access", "none.yaml"], "none.yaml"],
  ["metrics for everybody", ["--metrics", "0.0.0.0:0"], "--metrics"],
])("km proxy does not start with %s", (_what, flags, words) => {
  const options = { env: home.env, cwd: home.folder, timeout: 10_000 };
  const { exitCode, stderr } = Bun.spawnSync([KM, "proxy", ...flags, "--", "true"], options);
  expect(exitCode).not.toBe(0);
  expect(stderr.toString()).toContain(words);
});
