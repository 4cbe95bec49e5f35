/** What `km proxy` does when its files change while it runs: keys, roles, certificates, however they are replaced. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { hashOfKey, newApiKey } from "../../src/gateway/access/api-keys.ts";
import { makeCertificates } from "../fixtures/certificates.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { ANSWERING, eventsOf, type Proxy, startProxy } from "./run-proxy.ts";

const OFFERING = [process.execPath, join(import.meta.dir, "../fixtures/server-offering.ts")];
const [ADA, EVE] = [newApiKey(), newApiKey()];
const ROLES = "roles: { reader: { tools: read_* } }\n";
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{}}}';

let home: Home;
let file: string;

beforeAll(() => {
  home = makeHome();
  file = join(home.folder, "access.yaml");
});

afterAll(() => home?.[Symbol.dispose]());

const keyOf = (name: string, key: string): string => `{ name: ${name}, sha256: ${hashOfKey(key)}, roles: [reader] }`;
const access = (keys: string[], rest = ROLES): string => `version: 1\nauth: { keys: [${keys.join(", ")}] }\n${rest}`;
const BOTH = [keyOf("ada", ADA), keyOf("eve", EVE)];

/** As editors and deployments do: the new file takes the old one's place. */
function replace(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

async function open(proxy: Proxy, key: string): Promise<Record<string, string>> {
  const response = await proxy.post(INITIALIZE, { "x-api-key": key });
  expect(response.status).toBe(200);
  await response.text();
  return { "x-api-key": key, "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

const status = async (proxy: Proxy, headers: Record<string, string>): Promise<number> =>
  (await proxy.post(CALL, headers)).status;

/** Resolves when the stream is over. */
async function drained(stream: Response): Promise<void> {
  for await (const _ of eventsOf(stream)) continue;
}

describe("the access file", () => {
  test("a key that is taken out: its sessions and streams end, and those of others go on", async () => {
    writeFileSync(file, access(BOTH));
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    const [ada, eve] = [await open(proxy, ADA), await open(proxy, EVE)];
    const stream = await proxy.get(eve);
    expect(stream.status).toBe(200);
    replace(access([keyOf("ada", ADA)]));
    await drained(stream);
    expect(await status(proxy, eve)).toBe(401);
    expect(await status(proxy, ada)).toBe(200);
    expect(proxy.stderr()).toContain(`Read anew: ${file}`);
  });

  test("a key that is put in is let in, also where the file is written in its place", async () => {
    writeFileSync(file, access([keyOf("ada", ADA)]));
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    expect((await proxy.post(INITIALIZE, { "x-api-key": EVE })).status).toBe(401);
    writeFileSync(file, access(BOTH));
    await proxy.said("Read anew");
    expect(await status(proxy, await open(proxy, EVE))).toBe(200);
  });

  test("another key under the same name, or a role that may less, ends the sessions that began before", async () => {
    writeFileSync(file, access(BOTH));
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    const [ada, eve] = [await open(proxy, ADA), await open(proxy, EVE)];
    const key = newApiKey();
    replace(access([keyOf("ada", ADA), keyOf("eve", key)]));
    await proxy.said("Read anew");
    expect(await status(proxy, eve)).toBe(401);
    expect(await status(proxy, { ...eve, "x-api-key": key })).toBe(404);
    expect(await status(proxy, ada)).toBe(200);
    replace(access([keyOf("ada", ADA)], ROLES.replace("read_*", "write_*")));
    await proxy.said("Read anew", 2);
    expect(await status(proxy, ada)).toBe(404);
    const answer = await proxy.post(CALL, await open(proxy, ADA));
    expect(await answer.text()).toContain("isError");
  });

  test.each([
    ["is no YAML", "version: 1\nauth: [", "Not readable as YAML"],
    ["has a slip of the pen", access([keyOf("ada", ADA)], "rules: {}\n"), 'Unknown key "rules"'],
    ["asks nobody any more", "version: 1\n", "nobody would be asked"],
    ["is empty", "", "access.yaml"],
    ["names a file that is not there", access(BOTH, `${ROLES}tls: { cert: x, key: x }\n`), "x"],
  ])("one that %s is refused, and what held before still holds", async (_what, text, words) => {
    writeFileSync(file, access(BOTH));
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    const ada = await open(proxy, ADA);
    replace(text);
    await proxy.said("What held before still holds");
    expect(proxy.stderr()).toContain(words);
    expect(await status(proxy, ada)).toBe(200);
    replace(access([keyOf("eve", EVE)]));
    await proxy.said("Read anew");
    expect(await status(proxy, ada)).toBe(401);
  });

  test("one that is gone takes nothing away; SIGHUP reads at once", async () => {
    writeFileSync(file, access(BOTH));
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    const ada = await open(proxy, ADA);
    rmSync(file);
    await proxy.said("What held before still holds");
    expect(await status(proxy, ada)).toBe(200);
    writeFileSync(file, access(BOTH));
    process.kill(proxy.pid, "SIGHUP");
    await proxy.said("Read anew");
    expect(await status(proxy, ada)).toBe(200);
  });

  test("behind a link that leads elsewhere, as Kubernetes renews what it mounts", async () => {
    const mount = join(home.folder, "mount");
    for (const [name, keys] of Object.entries({ one: BOTH, two: [keyOf("ada", ADA)] })) {
      mkdirSync(join(mount, name), { recursive: true });
      writeFileSync(join(mount, name, "access.yaml"), access(keys));
    }
    symlinkSync("one", join(mount, "..data"));
    symlinkSync("..data/access.yaml", join(mount, "access.yaml"));
    await using proxy = await startProxy(home, ["--access", join(mount, "access.yaml")], OFFERING);
    const eve = await open(proxy, EVE);
    symlinkSync("two", join(mount, "..data_new"));
    renameSync(join(mount, "..data_new"), join(mount, "..data"));
    await proxy.said("Read anew");
    expect(await status(proxy, eve)).toBe(401);
  });

  test("a body that is still on its way when its key is taken out starts nothing", async () => {
    writeFileSync(file, access(BOTH));
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    const rest = Promise.withResolvers<void>();
    const body = new ReadableStream<string>({
      async start(controller) {
        controller.enqueue(INITIALIZE.slice(0, 20));
        await rest.promise;
        controller.enqueue(INITIALIZE.slice(20));
        controller.close();
      },
    });
    const headers = {
      "x-api-key": EVE,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const slow = fetch(proxy.url, { method: "POST", headers, body });
    replace(access([keyOf("ada", ADA)]));
    await proxy.said("Read anew");
    rest.resolve();
    expect([401, 403]).toContain((await slow).status);
  });
});

test("so many sessions of a principal at a time, and no more until one has ended", async () => {
  writeFileSync(file, access(BOTH, `${ROLES}limits: { sessions: 2 }\n`));
  await using proxy = await startProxy(home, ["--access", file, "--sse"], OFFERING);
  const [first] = [await open(proxy, ADA), await open(proxy, ADA)];
  for (const answer of [
    await proxy.post(INITIALIZE, { "x-api-key": ADA }),
    await fetch(new URL("/sse", proxy.url), { headers: { "x-api-key": ADA, accept: "text/event-stream" } }),
  ]) {
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("10");
    expect(await answer.text()).toContain("too many sessions");
  }
  await open(proxy, EVE);
  expect((await fetch(proxy.url, { method: "DELETE", headers: first })).status).toBe(204);
  await open(proxy, ADA);
});

describe("certificates", () => {
  let one: string;
  let two: string;

  beforeAll(() => {
    for (const name of ["one", "two"]) {
      mkdirSync(join(home.folder, name));
      makeCertificates(join(home.folder, name));
    }
    [one, two] = [join(home.folder, "one"), join(home.folder, "two")];
  });

  /** Whose certificate a new connection is shown. */
  async function shown(proxy: Proxy): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect({ port: Number(new URL(proxy.url).port), host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("secureConnect", () => resolve(socket.getPeerCertificate().fingerprint256));
    socket.on("error", reject);
    const fingerprint = await promise;
    socket.destroy();
    return fingerprint;
  }

  test("are renewed for new connections, and those that are there stay", async () => {
    const folder = join(home.folder, "tls");
    cpSync(one, folder, { recursive: true });
    const flags = ["--tls-cert", join(folder, "server.pem"), "--tls-key", join(folder, "server.key")];
    await using proxy = await startProxy(home, flags, ANSWERING);
    const tls = { rejectUnauthorized: false };
    const ask = async (body: string, headers: Record<string, string> = {}): Promise<Response> =>
      await fetch(proxy.url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body,
        tls,
      });
    const begun = await ask(INITIALIZE);
    const session = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
    const stream = await fetch(proxy.url, { headers: { ...session, accept: "text/event-stream" }, tls });
    const events = eventsOf(stream);
    const before = await shown(proxy);

    // The certificate alone is not the key's.
    renameSync(join(folder, "server.pem"), join(folder, "old.pem"));
    cpSync(join(two, "server.pem"), join(folder, "server.pem"));
    await proxy.said("the key in");
    expect(await shown(proxy)).toBe(before);
    cpSync(join(two, "server.key"), join(folder, "server.key"));
    await proxy.said("Read anew");
    expect(await shown(proxy)).not.toBe(before);

    await ask('{"jsonrpc":"2.0","method":"notifications/say"}', session);
    let said = (await events.next()).value;
    while (said?.data === "") said = (await events.next()).value;
    expect(said?.data).toContain('"said"');
  });

  test("of clients, of another authority: what the old one has signed is let in no more", async () => {
    const folder = join(home.folder, "mutual");
    cpSync(one, folder, { recursive: true });
    writeFileSync(
      file,
      "version: 1\ntls: { cert: mutual/server.pem, key: mutual/server.key, client_ca: mutual/ca.pem }\n",
    );
    await using proxy = await startProxy(home, ["--access", file], OFFERING);
    const ask = async (from: string): Promise<number | string> =>
      await fetch(proxy.url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
        body: INITIALIZE,
        tls: {
          rejectUnauthorized: false,
          cert: readFileSync(join(from, "build.pem")),
          key: readFileSync(join(from, "build.key")),
        },
      }).then(
        ({ status: code }) => code,
        () => "no connection",
      );
    expect(await ask(one)).toBe(200);
    expect(await ask(two)).toBe("no connection");
    cpSync(join(two, "ca.pem"), join(folder, "ca.pem"));
    await proxy.said("Read anew");
    expect(await ask(two)).toBe(200);
    expect(await ask(one)).toBe("no connection");
  });
});

describe("SIGHUP", () => {
  test("without files there is nothing to read: km ends in order", async () => {
    await using proxy = await startProxy(home);
    expect(await proxy.end("SIGHUP")).toBe(0);
  });

  test.skipIf(process.platform === "win32")("from a terminal that is gone ends it, with files too", async () => {
    writeFileSync(file, access(BOTH));
    const begun = Promise.withResolvers<void>();
    let said = "";
    const child = Bun.spawn([KM, "proxy", "--listen", "127.0.0.1:0", "--access", file, "--", ...ANSWERING], {
      env: home.env,
      terminal: {
        cols: 200,
        rows: 24,
        data(_terminal, data) {
          said += Buffer.from(data).toString();
          if (said.includes("MCP over HTTP at")) begun.resolve();
        },
      },
    });
    await begun.promise;
    child.terminal?.close();
    expect(await child.exited).toBe(0);
  });
});
