/** Prompts, resources and completions as ways to what a role is kept from, and as a load that others feel. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { type StartedServe, startServe } from "../host/run-serve.ts";
import { connectServe } from "../serve-client.ts";
import { modernMeta, MODERN, post, type RawAnswer } from "./raw-http.ts";

const TIMEOUT = 120_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";

interface Started extends StartedServe {
  root: string;
  ask(role: string, method: string, params?: Record<string, unknown>, name?: string): Promise<RawAnswer>;
}

async function started(rolesOf: (root: string) => Record<string, string>): Promise<Started> {
  const settings =
    'services: { filesystem: { roots: [~/root] }, database: { url: "sqlite:///tmp/none.db" } }\ntoolsets: [all]\n';
  // The folder of roles is known before the server is.
  const keys = new Map<string, string>();
  const place = realpathSync(await import("node:os").then(({ tmpdir }) => tmpdir()));
  const root = join(place, `km-attack-${crypto.randomUUID()}`);
  mkdirSync(join(root, "docs"), { recursive: true });
  mkdirSync(join(root, "hidden"));
  writeFileSync(join(root, "docs/open.txt"), "open\n");
  writeFileSync(join(root, "hidden/there.txt"), "hidden\n");
  const roles = rolesOf(pathToFileURL(root).href);
  for (const name of Object.keys(roles)) keys.set(name, newApiKey());
  const entries = [...keys].map(
    ([name, key]) => `    - { name: ${name}, sha256: "${hashOfKey(key)}", roles: [${name}] }`,
  );
  const access = `version: 1\nauth:\n  keys:\n${entries.join("\n")}\nroles:\n${Object.entries(roles)
    .map(([name, role]) => `  ${name}: ${role}`)
    .join("\n")}\n`;
  const served = await startServe(["filesystem", "database"], { access, settings: settings.replace("~/root", root) });
  return Object.assign(served, {
    root,
    ask: async (role: string, method: string, params: Record<string, unknown> = {}, name?: string) => {
      const headers = {
        "mcp-protocol-version": MODERN,
        "mcp-method": method,
        ...(name !== undefined && { "mcp-name": name }),
      };
      const message = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: modernMeta() } };
      return await post(served, message, { key: keys.get(role), headers });
    },
  });
}

describe("a role", () => {
  test(
    "is told nothing of files that it may not read: not their names, not that they are there, not by another way to write them",
    async () => {
      await using km = await started((root) => ({ docs: `{ tools: "*", resources: ["${root}/docs/*", "km://*"] }` }));
      const base = pathToFileURL(km.root).href;
      const read = async (uri: string) => await km.ask("docs", "resources/read", { uri }, uri);
      expect((await read(`${base}/docs/open.txt`)).message.error).toBeUndefined();
      const ways = [
        "/docs/../hidden/",
        "/docs/%2e%2e/hidden/",
        "/docs/..%2fhidden%2f",
        "/docs/./../hidden/",
        "/docs/x/../../hidden/",
        "/hidden/",
        "//hidden/",
        "/%68idden/",
      ];
      for (const way of ways) {
        const errors = [];
        for (const name of ["there.txt", "absent.txt"]) {
          const { message } = await read(`${base}${way}${name}`);
          errors.push(message.error?.message.replace(name, "NAME"));
        }
        expect([way, errors[0]]).toEqual([way, errors[1]]);
        expect([way, typeof errors[0]]).toEqual([way, "string"]);
      }
      const { message } = await read("km://services");
      expect(JSON.stringify(message.result)).not.toContain("{+path}");
      const { message: completed } = await km.ask("docs", "completion/complete", {
        ref: { type: "ref/resource", uri: "file:///{+path}" },
        argument: { name: "path", value: `${km.root.slice(1)}/hidden/` },
      });
      expect(JSON.stringify(completed)).not.toContain("there.txt");
    },
    TIMEOUT,
  );
});

describe("what a prompt is given", () => {
  test(
    "is in no audit where a tool's would not be",
    async () => {
      await using km = await connectServe(["database"], {
        settings: JSON.stringify({
          services: { database: { url: "sqlite:///tmp/none.db" } },
          audit: { file: "audit.ndjson" },
        }),
      });
      const sql = `select name from users where '${PLANTED}' in (password)`;
      await km.client.getPrompt({ name: "database_slow_query", arguments: { sql } });
      await km.client.complete({
        ref: { type: "ref/prompt", name: "database_slow_query" },
        argument: { name: "connection", value: "" },
        context: { arguments: { sql } },
      });
      await km.call("database_query", { sql });
      const files = [...new Bun.Glob("**/*audit.ndjson").scanSync({ cwd: km.folder, absolute: true })];
      const [file = ""] = files;
      const lines = readFileSync(file, "utf8");
      expect(lines).toContain("database_slow_query");
      expect(lines).not.toContain(PLANTED);
    },
    TIMEOUT,
  );
});
