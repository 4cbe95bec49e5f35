/** `km serve <service>...`: km's own services as an MCP server. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { defineCommand } from "../command.ts";
import { KmError, systemCode, systemReason } from "../errors.ts";
import { print } from "../output.ts";
import { durationOf, gatewayFlags } from "./gateway-flags.ts";
import { frontFlags } from "./proxy-front.ts";
import { chosenServices, serviceFlags, servedSettings, settingsFile } from "./serve-settings.ts";
import { say } from "./say.ts";

const CHECK_MS = 15_000;

export default defineCommand({
  meta: { name: "serve", description: "Serve MCP tools for kubernetes, prometheus and others" },
  args: {
    services: {
      type: "positional",
      required: false,
      repeat: true,
      description: "Which, or all (km serve --list services)",
      complete: "service",
    },
    mode: {
      type: "enum",
      options: ["stdio", "http", "sse"],
      description:
        "For one client on stdin and stdout, or over HTTP; sse also as before 2025-03-26, at /sse; default: stdio",
    },
    allow: {
      type: "string",
      repeat: true,
      valueHint: "access",
      description: "Also let tools write, or be destructive; may be repeated",
    },
    toolsets: {
      type: "string",
      valueHint: "names",
      description: "Which tools there are: core, others with commas, or all",
    },
    set: {
      type: "string",
      repeat: true,
      valueHint: "key=value",
      description: "Set a key of services.yaml, as prometheus.url=http://host:9090; may be repeated",
    },
    config: { type: "string", valueHint: "file", description: "File in place of services.yaml", complete: "file" },
    list: { type: "enum", options: ["services", "tools", "prompts"], description: "List them, and end" },
    output: {
      type: "enum",
      options: ["table", "json"],
      description: "How --list and --check show it; default: table",
    },
    check: {
      type: "boolean",
      description: "Say whether the backends can be used, and end; exit code 3 where one cannot",
    },
    init: { type: "boolean", description: "Write a services.yaml to begin with, and end" },
    schema: { type: "boolean", description: "Print the JSON Schema of services.yaml, and end" },
    listen: {
      type: "string",
      default: "127.0.0.1:8090",
      valueHint: "address",
      description: "Address and port for clients over HTTP; port 0 for any that is free",
    },
    drain: {
      type: "string",
      default: "10s",
      valueHint: "duration",
      description: "How long calls may still take when km is asked to end",
    },
    ...gatewayFlags,
    ...frontFlags,
  },
  moreFlags: serviceFlags,
  examples: [
    "km serve prometheus --set prometheus.url=http://127.0.0.1:9090",
    "km serve kubernetes prometheus --allow write --toolsets core,state",
    "km serve all --mode http --access access.yaml",
    "km serve all --check",
    "km serve --list tools --output json",
  ],
  async run(args) {
    if (args.schema) return await printSchema();
    if (args.init) return init(settingsFile(args));
    if (args.list === "services") {
      await (await import("./serve-list.ts")).listServices(args.output);
      return 0;
    }
    const list = args.list;
    if (args.services.length === 0 && list === undefined) {
      throw new KmError("USAGE", "Missing argument SERVICES", { hint: "Name some, or all: km serve --list services." });
    }
    const services = await chosenServices(args.services.length === 0 ? ["all"] : args.services);
    if (list !== undefined) {
      const settings = await servedSettings(services, args, say);
      const { listPrompts, listTools } = await import("./serve-list.ts");
      await (list === "tools" ? listTools : listPrompts)(services, settings, args.output);
      return 0;
    }
    const drainMs = durationOf("drain", args.drain) ?? 0;
    const { servedHost } = await import("./serve-host.ts");
    const served = await servedHost(services, args);
    if (args.check) {
      const { checkServed } = await import("./serve-check.ts");
      const code = await checkServed(await served.host.probe(AbortSignal.timeout(CHECK_MS)), args.output);
      await served.close(0);
      process.exit(code); // connections to backends would keep it
    }
    if (args.mode === "http" || args.mode === "sse") {
      const { serveHttp } = await import("./serve-http.ts");
      try {
        await serveHttp(served, { args, hasRootSse: args.mode === "sse", drainMs });
      } finally {
        await served.close(0);
      }
    } else {
      const { serveStdioClient } = await import("./serve-stdio.ts");
      await serveStdioClient(served, drainMs);
    }
    process.exit(0); // what backends have begun may keep it
  },
});

async function printSchema(): Promise<number> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const { writtenSchema } = await import("../services/config/written.ts");
  const v = await import("valibot");
  const services = await chosenServices(["all"]);
  const written = writtenSchema(Object.fromEntries(services.map(({ name, config }) => [name, v.optional(config)])));
  const schema = toJsonSchema(written, { typeMode: "input", errorMode: "ignore" });
  await print(`${JSON.stringify({ title: "km's own services", ...schema }, null, 2)}\n`);
  return 0;
}

async function init(file: string): Promise<number> {
  const { servicesStarter } = await import("../services/config/services-starter.ts");
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, servicesStarter(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    const why = systemCode(error) === "EEXIST" ? "it is there already" : systemReason(error);
    throw new KmError("CFG_004", `Cannot write ${file}: ${why}`, { cause: error });
  }
  await print(`${file}\n`);
  return 0;
}
