import { expect, test } from "bun:test";
import { Asker } from "../../src/oauth/asker.ts";
import { mayName, placeOf, type Reach } from "../../src/oauth/reach.ts";

const HOSTS: Record<string, string[]> = {
  "mcp.example.com": ["93.184.216.34"],
  "login.example.com": ["2606:2800:220:1::1"],
  "intranet.example.com": ["10.1.2.3"],
  "both.example.com": ["93.184.216.34", "127.0.0.1"],
};
const lookUp = async (host: string) => await Promise.resolve(HOSTS[host] ?? []);

test.each([
  ["https://mcp.example.com", "public"],
  ["https://8.8.8.8", "public"],
  ["https://nobody.example.com", "public"],
  ["https://intranet.example.com", "private"],
  ["https://192.168.1.1", "private"],
  ["https://172.31.0.1", "private"],
  ["https://169.254.169.254", "private"],
  ["https://100.64.0.1", "private"],
  ["https://[fd00::1]", "private"],
  ["https://[fe80::1]", "private"],
  ["https://[::ffff:10.0.0.1]", "private"],
  ["https://[64:ff9b::10.0.0.1]", "private"],
  ["https://[64:ff9b::127.0.0.1]", "private"],
  ["https://[64:ff9b::8.8.8.8]", "public"],
  ["https://[2002:a00:1::]", "private"],
  ["https://[::127.0.0.1]", "private"],
  ["https://[fec0::1]", "private"],
  ["https://both.example.com", "loopback"],
  ["https://localhost", "loopback"],
  ["https://a.localhost.", "loopback"],
  ["https://127.9.9.9", "loopback"],
  ["https://0x7f.1", "loopback"],
  ["https://0.0.0.0", "loopback"],
  ["https://[::1]", "loopback"],
  ["https://[::ffff:127.0.0.1]", "loopback"],
])("placeOf tells %s as %s", async (url, reach) => {
  expect((await placeOf(new URL(url), lookUp)).reach).toBe(reach as Reach);
});

test("mayName: who is far must not lead to what is near", () => {
  const reaches: Reach[] = ["public", "private", "loopback"];
  const allowed = reaches.flatMap((from) => reaches.filter((to) => mayName(from, to)).map((to) => `${from} ${to}`));
  expect(allowed).toEqual([
    "public public",
    "private public",
    "private private",
    "loopback public",
    "loopback private",
    "loopback loopback",
  ]);
});

test.each([
  ["https://mcp.example.com/mcp", "https://login.example.com/token"],
  ["https://intranet.example.com/mcp", "https://10.9.9.9/token"],
  ["http://127.0.0.1:8080/mcp", "http://localhost:1/token"],
  ["http://127.0.0.1:8080/mcp", "https://login.example.com/token"],
])("the server %s may name %s", async (server, url) => {
  const asker = new Asker({ url: server, tls: { pins: [] } }, undefined, lookUp);
  expect((await asker.permit(url, "it")).href).toBe(url);
});

test.each([
  ["https://mcp.example.com/mcp", "https://127.0.0.1/token", "leads to this machine"],
  ["https://mcp.example.com/mcp", "http://localhost:8080/token", "leads to this machine"],
  ["https://mcp.example.com/mcp", "https://both.example.com/token", "leads to this machine"],
  ["https://mcp.example.com/mcp", "https://intranet.example.com/token", "leads into a private net"],
  ["https://mcp.example.com/mcp", "https://169.254.169.254/latest/meta-data", "leads into a private net"],
  ["https://intranet.example.com/mcp", "https://127.0.0.1/token", "leads to this machine"],
  ["https://mcp.example.com/mcp", "http://login.example.com/token", "it has to be https"],
  ["http://127.0.0.1:8080/mcp", "http://10.0.0.1/token", "it has to be https"],
  ["http://127.0.0.1:8080/mcp", "file:///etc/passwd", "it has to be https"],
  ["http://127.0.0.1:8080/mcp", "javascript:alert(1)", "it has to be https"],
  ["http://127.0.0.1:8080/mcp", "https://user:secret@login.example.com/", "no address"],
  ["http://127.0.0.1:8080/mcp", "not one", "no address"],
])("the server %s must not name %s", async (server, url, reason) => {
  const asker = new Asker({ url: server, tls: { pins: [] } }, undefined, lookUp);
  await expect(asker.permit(url, "the token endpoint")).rejects.toThrow(reason);
});
