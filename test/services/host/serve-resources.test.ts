/** Resources, prompts and logs of the built `km serve`, for real clients of both eras. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";
import { startServe } from "./run-serve.ts";

const TIMEOUT = 60_000;
const SECRET = "Pl4nt3dV7qZ2xK9wM3r";
const ERAS = ["modern", "legacy"] as const;

let root = "";
let outside = "";

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "km-resources-")));
  outside = realpathSync(mkdtempSync(join(tmpdir(), "km-outside-")));
  mkdirSync(join(root, "open"));
  mkdirSync(join(root, "kept"));
  writeFileSync(join(root, "config.yaml"), `password: ${SECRET}\nport: 80\n`);
  writeFileSync(join(root, "open/a b#c.txt"), "text\n");
  writeFileSync(join(root, "kept/plan.txt"), "the plan\n");
  writeFileSync(join(root, "bytes.bin"), Buffer.from([0, 1, 2, 255]));
  writeFileSync(join(root, "large.txt"), "x".repeat(200_000));
  writeFileSync(join(root, ".env"), `TOKEN=${SECRET}\n`);
  writeFileSync(join(outside, "far.txt"), "far away\n");
  symlinkSync(join(outside, "far.txt"), join(root, "far.txt"));
  symlinkSync(join(root, "kept/plan.txt"), join(root, "open/link.txt"));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
});

function uriOf(path: string): string {
  return pathToFileURL(join(root, path)).href;
}

async function textAt({ client }: Pick<ServeClient, "client">, uri: string): Promise<string> {
  const [content] = (await client.readResource({ uri })).contents;
  return content !== undefined && "text" in content ? content.text : "";
}

describe.each(ERAS)("files (%s)", (era) => {
  let km: ServeClient;

  beforeAll(async () => {
    km = await connectServe(["filesystem"], { flags: ["--root", root], era });
  }, TIMEOUT);
  afterAll(async () => await km[Symbol.asyncDispose]());

  test(
    "roots are listed; folders, texts and bytes are read, secrets masked",
    async () => {
      const { resources } = await km.client.listResources();
      expect(resources.map(({ uri }) => uri)).toEqual(["km://services", pathToFileURL(root).href]);
      const { resourceTemplates } = await km.client.listResourceTemplates();
      expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(["file:///{+path}"]);
      expect(await textAt(km, pathToFileURL(root).href)).toContain("config.yaml");
      expect(await textAt(km, uriOf("config.yaml"))).toBe("password: [redacted:password]\nport: 80\n");
      expect(await textAt(km, uriOf("open/a b#c.txt"))).toBe("text\n");
      expect(await textAt(km, uriOf("open/link.txt"))).toBe("the plan\n");
      expect((await km.client.readResource({ uri: uriOf("bytes.bin") })).contents).toEqual([
        { uri: uriOf("bytes.bin"), mimeType: "application/octet-stream", blob: "AAEC/w==" },
      ]);
    },
    TIMEOUT,
  );

  test.each([
    ["of the system", () => "file:///etc/passwd"],
    ["above the root", () => `${pathToFileURL(root).href}/../../etc/passwd`],
    ["above it, encoded", () => `${pathToFileURL(root).href}/%2e%2e/%2e%2e/etc/passwd`],
    ["slashes encoded", () => `${pathToFileURL(root).href}/..%2f..%2fetc%2fpasswd`],
    ["behind a link that leads out", () => uriOf("far.txt")],
    ["kept by its name", () => uriOf(".env")],
    ["of another machine", () => "file://elsewhere/etc/passwd"],
    ["with a NUL", () => `${pathToFileURL(root).href}/config.yaml%00`],
    ["not there", () => uriOf("none.txt")],
    ["too large", () => uriOf("large.txt")],
  ])(
    "%s: not read",
    async (_what, uri) => {
      const failed: unknown = await km.client.readResource({ uri: uri() }).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(Error);
      expect(String(failed)).not.toContain(SECRET);
      expect(String(failed)).not.toContain("root:");
    },
    TIMEOUT,
  );

  test(
    "a file that is no text has a link, where it may be read",
    async () => {
      const { content } = await km.client.callTool({
        name: "filesystem_read_file",
        arguments: { path: "bytes.bin" },
      });
      expect(content.at(-1)).toEqual({
        type: "resource_link",
        uri: uriOf("bytes.bin"),
        name: "bytes.bin",
        mimeType: "application/octet-stream",
      });
    },
    TIMEOUT,
  );

  test(
    "paths are completed",
    async () => {
      const complete = async (value: string): Promise<string[]> => {
        const ref = { type: "ref/resource" as const, uri: "file:///{+path}" };
        return (await km.client.complete({ ref, argument: { name: "path", value } })).completion.values;
      };
      expect(await complete("")).toEqual([root.slice(1)]);
      expect(await complete(`${root.slice(1)}/o`)).toContain(`${root.slice(1)}/open/`);
      expect(await complete("etc/pass")).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "a change of a file is told to who has asked for it",
    async () => {
      const file = join(root, `watched-${era}.txt`);
      writeFileSync(file, "before\n");
      const { href } = pathToFileURL(file);
      const told = Promise.withResolvers<string>();
      km.client.setNotificationHandler("notifications/resources/updated", ({ params }) => told.resolve(params.uri));
      if (era === "legacy") await km.client.subscribeResource({ uri: href });
      else await km.client.listen({ resourceSubscriptions: [href] });
      writeFileSync(file, "after, and longer\n");
      expect(await told.promise).toBe(href);
      expect(await textAt(km, href)).toBe("after, and longer\n");
    },
    TIMEOUT,
  );
});

test.each(ERAS)(
  "a role reads what it may, under whatever name, and all is written down (%s)",
  async (era) => {
    const [part, none] = [newApiKey(), newApiKey()];
    const access = `version: 1
auth:
  keys:
    - { name: part, sha256: "${hashOfKey(part)}", roles: [part] }
    - { name: none, sha256: "${hashOfKey(none)}", roles: [none] }
roles:
  part: { tools: "*", prompts: "*", resources: ["${pathToFileURL(root).href}/open/*"] }
  none: { tools: "*" }
`;
    await using served = await startServe(["filesystem"], {
      access,
      flags: ["--root", root],
      settings: "audit: { file: audit.ndjson }\n",
    });
    const client = await served.client("/mcp", { era, key: part });
    expect((await client.listResources()).resources).toEqual([]);
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([]);
    expect(await textAt({ client }, uriOf("open/a b#c.txt"))).toBe("text\n");
    const { href } = pathToFileURL(root);
    for (const uri of [
      uriOf("kept/plan.txt"),
      // What it is called, and where it is, are two things.
      uriOf("open/link.txt"),
      `${href}/open/../kept/plan.txt`,
      `${href}/open/%2e%2e/kept/plan.txt`,
      "km://services",
    ]) {
      expect(client.readResource({ uri })).rejects.toThrow("There is no resource");
    }
    const other = await served.client("/mcp", { era, key: none });
    const bytes = { name: "filesystem_read_file", arguments: { path: "bytes.bin" } };
    for (const { content } of [await client.callTool(bytes), await other.callTool(bytes)]) {
      expect(content.map(({ type }) => type)).toEqual(["text"]);
    }
    expect(other.readResource({ uri: uriOf("open/a b#c.txt") })).rejects.toThrow("There is no resource");
    const lines = (): Record<string, unknown>[] => {
      const text = readFileSync(join(served.file, "../audit.ndjson"), "utf8");
      const all = text
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
      // What is listed is written down too, under the template.
      return all.filter(({ resource }) => resource !== undefined && resource !== "file:///{+path}");
    };
    while (lines().length < 7) await Bun.sleep(20);
    const audited = lines();
    expect(audited[0]).toMatchObject({ principal: "key:part", resource: uriOf("open/a b#c.txt"), outcome: "ok" });
    expect(audited.slice(1).some(({ outcome }) => outcome === "ok")).toBe(false);
    const metrics = await (await served.get("/metrics", { authorization: `Bearer ${part}` })).text();
    expect(metrics).toContain(
      'km_service_resource_duration_seconds_count{service="filesystem",resource="file",outcome="ok"} 2',
    );
  },
  TIMEOUT,
);

/** Of arguments that are no words. */
const TYPED: Record<string, string> = { objective: "99.5", window: "7d" };

describe("prompts of all services", () => {
  test.each([[["--toolsets", "all"]], [[]]])(
    "%p: they are few, and name no tool that is not offered",
    async (flags) => {
      await using km = await connectServe(["all"], { flags: ["--root", root, ...flags] });
      const offered = new Set((await km.client.listTools()).tools.map(({ name }) => name));
      const { prompts } = await km.client.listPrompts();
      expect(prompts.map(({ name }) => name)).toEqual([
        "alertmanager_explain_alert",
        "database_slow_query",
        "elasticsearch_error_hunt",
        "helm_failed_release",
        "jaeger_slow_traces",
        "kubernetes_troubleshoot",
        "prometheus_error_budget",
      ]);
      expect(JSON.stringify(prompts).length).toBeLessThan(4000);
      const services = [...new Set([...offered].map((name) => name.split("_", 1)[0]))];
      const named = new RegExp(`\\b(?:${services.join("|")})_\\w+`, "g");
      for (const { name, arguments: args = [] } of prompts) {
        const given = Object.fromEntries(args.map((one) => [one.name, TYPED[one.name] ?? "shop"]));
        for (const some of [
          given,
          Object.fromEntries(Object.entries(given).filter(([key]) => isRequired(args, key))),
        ]) {
          const { messages } = await km.client.getPrompt({ name, arguments: some });
          const text = messages.map(({ content }) => (content.type === "text" ? content.text : "")).join("\n");
          const tools = text.match(named) ?? [];
          expect([name, tools.length > 1]).toEqual([name, true]);
          expect(tools.filter((one) => !offered.has(one))).toEqual([]);
        }
      }
    },
    TIMEOUT,
  );

  test(
    "one service alone tells of its own tools",
    async () => {
      await using km = await connectServe(["alertmanager"]);
      const { messages } = await km.client.getPrompt({
        name: "alertmanager_explain_alert",
        arguments: { alert: 'A"}] password=hunter2hunter2' },
      });
      expect(JSON.stringify(messages)).toContain("alertmanager_alerts");
      expect(JSON.stringify(messages)).not.toContain("prometheus_");
      expect(JSON.stringify(messages)).not.toContain("hunter2hunter2");
    },
    TIMEOUT,
  );
});

function isRequired(args: readonly { name: string; required?: boolean | undefined }[], name: string): boolean {
  return args.some((one) => one.name === name && one.required === true);
}

test(
  "a client that wants to know hears that a backend is asked again, and that settings were read anew",
  async () => {
    let asked = 0;
    using backend = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () =>
        asked++ === 0
          ? new Response("", { status: 503, headers: { "retry-after": "0" } })
          : Response.json({ status: "success", data: { resultType: "scalar", result: [1, "1"] } }),
    });
    await using km = await connectServe(["prometheus"], {
      era: "legacy",
      settings: `services: { prometheus: { url: "${backend.url.href}" } }\n`,
    });
    const said: unknown[] = [];
    const changed = Promise.withResolvers<void>();
    km.client.setNotificationHandler("notifications/message", ({ params }) => {
      said.push([params.level, params.logger, params.data]);
      if (params.logger === "km") changed.resolve();
    });
    await km.client.setLoggingLevel("info");
    expect((await km.call("prometheus_query", { query: "1" })).isError).toBe(false);
    expect(said).toEqual([
      ["info", "prometheus", `Prometheus at ${backend.url.origin} answered with HTTP 503: it is asked again in 0 s`],
    ]);
    writeFileSync(km.file, `services: { prometheus: { url: "${backend.url.href}" } }\nallow: [write]\n`);
    await changed.promise;
    await km.client.setLoggingLevel("error");
    asked = 0;
    await km.call("prometheus_query", { query: "2" });
    expect(said.length).toBe(2);
  },
  TIMEOUT,
);
