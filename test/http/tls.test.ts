/** TLS with real certificates: whom km speaks to, and that nobody else gets a byte. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { RemoteTls } from "../../src/http/remote.ts";
import { makeCertificates, PASSPHRASE } from "./certificates.ts";
import { type Answer, Client, modern, result } from "./remote-client.ts";

const certificates = makeCertificates();
afterAll(() => certificates[Symbol.dispose]());
const { ca, file, pin } = certificates;

function serveTls(name: string, wantsCertificate = false) {
  const requests: string[] = [];
  let connections = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: {
      cert: readFileSync(file(`${name}.pem`), "utf8"),
      key: readFileSync(file(`${name}.key`), "utf8"),
      ...(wantsCertificate ? { ca: readFileSync(ca, "utf8"), requestCert: true, rejectUnauthorized: true } : {}),
    },
    async fetch(request) {
      requests.push(await request.text());
      connections++;
      return result(1, { connections });
    },
  });
  return { port: server.port, requests, [Symbol.dispose]: () => void server.stop(true) };
}

async function ask(server: { port: number | undefined }, tls: Partial<RemoteTls>, host = "localhost"): Promise<Answer> {
  await using client = new Client(`https://${host}:${server.port}/mcp`, { tls: { pins: [], ...tls } });
  return await client.ask(modern(1, "tools/call"));
}

test("a certificate of an authority that is named, for the host, its name or its address", async () => {
  using server = serveTls("localhost");
  expect((await ask(server, { ca })).result).toEqual({ connections: 1 });
  expect((await ask(server, { ca }, "127.0.0.1")).result).toEqual({ connections: 2 });
});

test.each([
  ["an authority that is not trusted", "localhost", {}, "not from an authority that is trusted here"],
  ["another authority than the one that is named", "stranger", { ca }, "not from an authority that is trusted here"],
  ["a certificate that has expired", "expired", { ca }, "has expired"],
  ["a certificate for another host", "other", { ca }, "is for another host"],
  [
    "another name than the one that is demanded",
    "localhost",
    { ca, serverName: "other.example" },
    "is for another host",
  ],
])("%s: an error that says so, and nothing is sent", async (_, name, tls, reason) => {
  using server = serveTls(name);
  expect((await ask(server, tls)).error?.message).toContain(reason);
  expect(server.requests).toEqual([]);
});

test("serverName says what the certificate is for", async () => {
  using server = serveTls("other");
  expect((await ask(server, { ca, serverName: "other.example" })).result).toEqual({ connections: 1 });
});

test("a pin: the right key passes, beside others too; a wrong one gets nothing", async () => {
  using server = serveTls("localhost");
  const [right, wrong] = [pin("localhost"), pin("other")];
  expect((await ask(server, { ca, pins: [wrong, right] })).result).toEqual({ connections: 1 });
  const { error } = await ask(server, { ca, pins: [wrong] });
  expect(error?.message).toContain(`another key than those that are pinned: its key is ${right}`);
  expect(server.requests).toHaveLength(1);
});

test("a pin does not stand for the name, nor for the authority", async () => {
  using other = serveTls("other");
  expect((await ask(other, { ca, pins: [pin("other")] })).error?.message).toContain("is for another host");
  using stranger = serveTls("stranger");
  expect((await ask(stranger, { ca, pins: [pin("stranger")] })).error?.message).toContain("not from an authority");
});

test("a server that wants a certificate of its clients: with one, without one, with an encrypted key", async () => {
  using server = serveTls("localhost", true);
  const cert = file("client.pem");
  expect((await ask(server, { ca, cert, key: file("client.key") })).result).toEqual({ connections: 1 });
  const encrypted = { cert, key: file("client.encrypted.key") };
  expect((await ask(server, { ca, ...encrypted, passphrase: PASSPHRASE })).result).toEqual({ connections: 2 });
  expect((await ask(server, { ca })).error?.message).toContain("tls.cert and tls.key");
  expect((await ask(server, { ca, ...encrypted, passphrase: "wrong" })).error?.message).toContain(
    "no connection can be opened",
  );
  expect(server.requests).toHaveLength(2);
});

test("a file that is not there is named, and one that is no certificate is an error too", async () => {
  using server = serveTls("localhost");
  expect((await ask(server, { ca: "/no/such.pem" })).error?.message).toContain("cannot read /no/such.pem");
  expect((await ask(server, { ca, cert: import.meta.path, key: file("client.key") })).error?.message).toContain(
    "Check",
  );
});

test("https:// to a server that speaks none", async () => {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("plain") });
  expect((await ask(server, {})).error?.message).toContain("whether https:// is right");
});
