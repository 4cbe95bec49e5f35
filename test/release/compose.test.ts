/** compose.yaml, as far as it can be checked without an engine: what it names is there. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import serve from "../../src/commands/api/serve.ts";
import { VARIABLES } from "../../src/help/variables.ts";
import { program } from "../../src/registry.ts";

const ROOT = join(import.meta.dir, "../..");

interface Service {
  build?: { target: string };
  command?: string[];
  environment: Record<string, string>;
  secrets: string[];
  volumes: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck: { test: string[] };
}

test("compose.yaml runs km api serve by the variables and the image that there are", async () => {
  const text = await Bun.file(join(ROOT, "compose.yaml")).text();
  const compose = parse(text) as Record<"services" | "volumes" | "secrets", Record<string, Service>>;
  const { api, database } = compose.services;
  if (api === undefined || database === undefined) throw new Error("A service is missing");
  const dockerfile = await Bun.file(join(ROOT, "Dockerfile")).text();
  expect(dockerfile).toContain(` AS ${api.build?.target}\n`);
  const group = program.commands["api"];
  expect(api.command).toEqual(["api", "serve"]);
  expect(api.healthcheck.test).toEqual(["CMD", "km", "api", "health"]);
  const commands = Object.keys(group !== undefined && "commands" in group ? group.commands : {});
  expect(commands).toEqual(expect.arrayContaining(["serve", "health"]));
  const known = new Set(VARIABLES.map(({ name }) => name));
  expect(Object.keys(api.environment).filter((name) => !known.has(name))).toEqual([]);
  expect(Object.keys(api.depends_on ?? {})).toEqual(["database"]);
  // Each volume and secret that is used is there, and the service may write where its data goes.
  for (const { secrets, volumes } of [api, database]) {
    expect(secrets.filter((name) => !(name in compose.secrets))).toEqual([]);
    expect(volumes.filter((volume) => !((volume.split(":")[0] ?? "") in compose.volumes))).toEqual([]);
  }
  expect(api.volumes).toEqual([`packages:${api.environment["KM_API_DATA"]}`]);
  expect(dockerfile).toContain(`--chown=1000:1000 ${api.environment["KM_API_DATA"]} `);
  expect(`/run/secrets/${api.secrets[0]}`).toBe(api.environment["KM_API_DATABASE_PASSWORD_FILE"] ?? "");
  expect(text).toContain("--new-admin-key");
  expect(Object.keys(serve.args)).toContain("new-admin-key");
});
