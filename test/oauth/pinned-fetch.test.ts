/** What a server's documents name is asked at the address that was looked up, which is the one that was judged. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Asker } from "../../src/oauth/asker.ts";
import { CertificateAuthority } from "../fixtures/certificate-authority.ts";

/** No name server knows it. */
const HOST = "login.test";

let folder: string;
let ca: string;
let issuer: Bun.Server<unknown>;
const hosts: (string | null)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "km-pinned-"));
  const authority = new CertificateAuthority(folder);
  ca = authority.cert;
  authority.issue("login", { names: `DNS:${HOST}` });
  const [cert, key] = ["login.pem", "login.key"].map((name) => readFileSync(join(folder, name), "utf8"));
  issuer = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    fetch(request) {
      hosts.push(request.headers.get("host"));
      if (request.url.endsWith("/moved")) return Response.redirect(`https://${HOST}:${issuer.port}/here`);
      return Response.json({ path: new URL(request.url).pathname });
    },
  });
});
afterAll(async () => {
  await issuer?.stop(true);
  await rm(folder, { recursive: true, force: true });
});

function asker(addresses: string[]): Asker {
  const server = `https://127.0.0.1:1/mcp`;
  return new Asker({ url: server, tls: { ca, pins: [] } }, undefined, async () => await Promise.resolve(addresses));
}

const at = (host: string, path: string): string => `https://${host}:${issuer.port}${path}`;

test("its host is asked by its name, and has to prove that it is that one", async () => {
  const host = `${HOST}:${issuer.port}`;
  const answered = (path: string) => ({ state: "answered", status: 200, json: { path } }) as const;
  expect(await asker(["127.0.0.1"]).get(at(HOST, "/a"), "it")).toEqual(answered("/a"));
  expect(await asker(["127.0.0.1"]).post(at(HOST, "/b"), "it", { form: { a: "b" } })).toEqual(answered("/b"));
  expect(await asker(["127.0.0.1"]).get(at(`${HOST}.`, "/c"), "it")).toEqual(answered("/c"));
  expect(hosts).toEqual([host, host, `${HOST}.:${issuer.port}`]);
  expect(await asker(["127.0.0.1"]).get(at(HOST, "/moved"), "it")).toEqual(answered("/here"));
  expect(await asker(["127.0.0.1"]).get(at("other.test", "/a"), "it")).toEqual({
    state: "failed",
    reason: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
});

test("of several addresses one that takes connections is asked", async () => {
  expect(await asker(["127.0.0.2", "::1", "127.0.0.1"]).get(at(HOST, "/a"), "it")).toMatchObject({ status: 200 });
  expect(await asker(["127.0.0.2", "127.0.0.3"]).get(at(HOST, "/a"), "it")).toMatchObject({
    state: "failed",
    reason: "ECONNREFUSED",
  });
});

test("a name that leads nowhere is not looked up again by the request", async () => {
  expect(await asker([]).get(at("localhost.example", "/a"), "it")).toEqual({ state: "failed", reason: "ENOTFOUND" });
});
