/** What `km serve` can be told and asked on the command line, and how much the list of its tools costs. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "../../../src/services/services.ts";
import { KM, makeHome } from "../../e2e/km.ts";
import { connectServe } from "../serve-client.ts";

const TIMEOUT = 60_000;

interface Ran {
  code: number;
  out: string;
  errors: string;
}

/** @param settings the text of services.yaml */
function run(words: string[], { settings, env = {} }: { settings?: string; env?: Record<string, string> } = {}): Ran {
  using home = makeHome();
  const file = join(home.folder, "services.yaml");
  if (settings !== undefined) writeFileSync(file, settings);
  const config = settings === undefined ? [] : ["--config", file];
  const { exitCode, stdout, stderr } = Bun.spawnSync([KM, "serve", ...words, ...config], {
    env: { ...home.env, ...env },
    stdin: "ignore",
  });
  return { code: exitCode, out: stdout.toString(), errors: stderr.toString().replaceAll(home.folder, "") };
}

describe("km serve", () => {
  test(
    "names what is wrong, with what is meant",
    () => {
      expect(run([]).errors).toContain("Missing argument SERVICES");
      expect(run(["promethus"])).toMatchObject({
        code: 2,
        errors: expect.stringContaining("Did you mean prometheus?"),
      });
      expect(run(["utilities", "--rot", "x"]).errors).toContain("Unknown flag --rot");
      const typo = run(["utilities", "--list", "tools"], {
        settings: "services:\n  utilities:\n    private_host: [a]\n",
      });
      expect(typo).toMatchObject({ code: 1, errors: expect.stringContaining("Did you mean private_hosts?") });
      const set = run(["utilities", "--list", "tools", "--set", "limits.timeout=soon"]);
      expect(set.errors).toContain('limits.timeout cannot be "soon"');
      expect(run(["utilities", "--set", "nothing"]).errors).toContain("is not key=value");
    },
    TIMEOUT,
  );

  test(
    "warns of a variable that leads to no key, and takes those that do",
    () => {
      const env = { KM_PROMETHEUS_UR: "http://127.0.0.1:1", KM_PROMETHEUS_URL: "http://127.0.0.1:2" };
      const { errors, out, code } = run(["prometheus", "--check", "--output", "json"], { env });
      expect(errors).toContain("KM_PROMETHEUS_UR leads to no key");
      expect([code, out]).toEqual([3, expect.stringContaining("http://127.0.0.1:2 cannot be reached")]);
    },
    TIMEOUT,
  );

  test(
    "a secret stands in no message about it",
    () => {
      const env = { KM_PROMETHEUS_AUTH_TYPE: "nonsense", KM_PROMETHEUS_AUTH_TOKEN: "hunter2hunter2" };
      const { errors, code } = run(["prometheus", "--list", "tools"], { env });
      expect([code, errors.includes("hunter2")]).toEqual([1, false]);
      expect(errors).toContain("auth.type cannot be that");
    },
    TIMEOUT,
  );

  test(
    "flags of a service are its own; one that two of them have must say whose it is",
    () => {
      const own = run(["prometheus", "--url", "http://127.0.0.1:3", "--check"]);
      expect(own.out).toContain("http://127.0.0.1:3");
      const both = run(["prometheus", "alertmanager", "--url", "http://127.0.0.1:3", "--check"]);
      expect(both.code).toBe(2);
      expect(both.errors).toContain("Say for which: --set");
      expect(run(["utilities", "--url", "x"]).errors).toContain("Unknown flag --url");
      expect(run(["prometheus", "--help"]).out).toContain("--url");
    },
    TIMEOUT,
  );

  test(
    "lists services and tools, checks them, and tells the schema of its file",
    () => {
      const services = JSON.parse(run(["--list", "services", "--output", "json"]).out) as { name: string }[];
      expect(services.map(({ name }) => name)).toEqual(Object.keys(SERVICES));
      const tools = JSON.parse(run(["utilities", "--list", "tools", "--output", "json"]).out) as object[];
      expect(tools).toContainEqual(expect.objectContaining({ name: "utilities_time", access: "read", offered: true }));
      const every = JSON.parse(run(["--list", "tools", "--output", "json"]).out) as { service: string }[];
      expect([...new Set(every.map(({ service }) => service))]).toEqual(Object.keys(SERVICES));
      expect(run(["utilities", "--check"])).toMatchObject({ code: 0, out: expect.stringContaining("yes") });
      const schema = JSON.parse(run(["--schema"]).out) as { properties: { services: { properties: object } } };
      expect(Object.keys(schema.properties.services.properties)).toEqual(Object.keys(SERVICES));
    },
    TIMEOUT,
  );

  test(
    "a toolset that there is not is refused, and access that adds no tool is told of",
    () => {
      const typo = run(["prometheus", "--list", "tools", "--toolsets", "core,stat"]);
      expect(typo.code).toBe(1);
      expect(typo.errors).toContain('there is none called "stat"\n    Did you mean state?');
      // That of another service: one file may be for several runs.
      expect(run(["prometheus", "--list", "tools", "--toolsets", "core,rollout"])).toMatchObject({
        code: 0,
        errors: "",
      });
      const allowed = run(["kubernetes", "--list", "tools", "--allow", "write"]);
      expect(allowed.errors).toContain(
        "allow write adds no tool: those are in the toolsets write, rollout, nodes, exec",
      );
      expect(run(["kubernetes", "--list", "tools", "--allow", "write", "--toolsets", "all"]).errors).toBe("");
    },
    TIMEOUT,
  );

  test(
    "writes a file to begin with, once, which it takes",
    () => {
      using home = makeHome();
      const file = join(home.folder, "services.yaml");
      const init = (): number => Bun.spawnSync([KM, "serve", "--init", "--config", file], { env: home.env }).exitCode;
      expect([init(), init()]).toEqual([0, 1]);
      const listed = Bun.spawnSync([KM, "serve", "utilities", "--list", "tools", "--config", file], { env: home.env });
      expect(listed.exitCode).toBe(0);
    },
    TIMEOUT,
  );

  test(
    "the list of all services' tools is small, and each tool says what it is",
    async () => {
      await using served = await connectServe(["all"]);
      const { tools } = await served.client.listTools();
      const bytes = Buffer.byteLength(JSON.stringify(tools));
      expect(bytes).toBeLessThan(30_000);
      for (const { name, description = "", annotations, inputSchema, outputSchema } of tools) {
        expect([name, description.length > 0, annotations?.readOnlyHint]).toEqual([name, true, true]);
        expect([inputSchema.type, outputSchema?.["type"]]).toEqual(["object", "object"]);
        expect(JSON.stringify(inputSchema)).not.toMatch(
          /"(?:minLength|maxLength|\$schema)"|"required":\[\]|"properties":{}/,
        );
      }
    },
    TIMEOUT,
  );

  test(
    "no service has a flag that km serve itself has, and each is told of in words",
    async () => {
      const { default: command } = await import("../../../src/commands/serve.ts");
      for (const { load } of Object.values(SERVICES)) {
        const { default: service } = await load();
        for (const name of Object.keys(service.flags ?? {})) expect(Object.keys(command.args)).not.toContain(name);
        expect(service.tools.map(({ toolset }) => toolset)).toContain("core");
        for (const tool of service.tools) {
          expect([tool.name, /^[a-z]+(_[a-z]+)*$/.test(tool.name)]).toEqual([tool.name, true]);
          if (tool.access === "destructive") expect([tool.name, tool.hasPreview]).toEqual([tool.name, true]);
        }
      }
    },
    TIMEOUT,
  );

  test.each(["modern", "legacy"] as const)(
    "a client on stdin gets what it asks for, and km ends with it (%s)",
    async (era) => {
      await using served = await connectServe(["utilities"], { era });
      expect((await served.call("utilities_time", { time: "0", zone: "Asia/Kolkata" })).data).toMatchObject({
        iso: "1970-01-01T05:30:00+05:30",
        weekday: "Thursday",
        offset: "+05:30",
      });
      expect((await served.call("utilities_wait", { seconds: 0 })).text).toBe("Waited 0 s.");
      expect(await served.call("utilities_fetch", { url: "http://169.254.169.254/latest/" })).toMatchObject({
        isError: true,
        text: expect.stringContaining("is of this machine or of a private network"),
      });
    },
    TIMEOUT,
  );
});
