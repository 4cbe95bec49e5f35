/** What holds for every tool of every service there is: it says what it does, and what is not allowed is neither listed nor called. */
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { ServiceTool } from "../../../src/services/tool.ts";
import { SERVICES } from "../../../src/services/services.ts";
import { startFaultServer } from "../fault-server.ts";
import { connectServe } from "../serve-client.ts";

const TIMEOUT = 120_000;
const NAMES = Object.keys(SERVICES);
const LARGEST_LIST = 30 << 10;

interface Known {
  name: string;
  tool: ServiceTool<unknown>;
}

async function known(): Promise<Known[]> {
  const services = await Promise.all(Object.values(SERVICES).map(async ({ load }) => (await load()).default));
  return services.flatMap((service) => {
    const tools: readonly ServiceTool<unknown>[] = service.tools;
    return tools.map((tool) => ({ name: `${service.name}_${tool.name}`, tool }));
  });
}

/** Of all services, none of which is there. @param url of what would be asked */
function settings(url: string): string {
  const services: Record<string, unknown> = {
    kubernetes: { kubeconfig: "/nowhere/kubeconfig" },
    helm: { kubeconfig: "/nowhere/kubeconfig" },
    filesystem: { roots: ["/nowhere"] },
    database: { url: "sqlite:///nowhere/x.db" },
    s3: { endpoint: url },
    utilities: {},
  };
  for (const name of NAMES) services[name] ??= { url };
  return JSON.stringify({ services });
}

/** Something for each argument that must be given. */
function argumentsFor(schema: unknown): Record<string, unknown> {
  const { properties = {}, required = [] } = v.parse(OBJECT, schema);
  return Object.fromEntries(required.map((name) => [name, somethingFor(properties[name])]));
}

function somethingFor(schema: unknown): unknown {
  const { type, enum: words, items, anyOf } = v.parse(VALUE, schema ?? {});
  if (words !== undefined) return words[0];
  if (anyOf !== undefined) return somethingFor(anyOf[0]);
  if (type === "array") return [somethingFor(items)];
  if (type === "object") return argumentsFor(schema);
  return type === "number" || type === "integer" ? 1 : type === "boolean" ? true : "x";
}

const OBJECT = v.object({
  properties: v.optional(v.record(v.string(), v.unknown())),
  required: v.optional(v.array(v.string())),
});
const VALUE = v.object({
  type: v.optional(v.string()),
  enum: v.optional(v.array(v.unknown())),
  items: v.optional(v.unknown()),
  anyOf: v.optional(v.array(v.unknown())),
});

describe("what may not be done", () => {
  test.each([
    ["unless something is said", [], ["write", "destructive"]],
    ["with --allow write", ["--allow", "write"], ["destructive"]],
  ] as const)(
    "is neither listed nor called, %s",
    async (_words, flags, refused) => {
      await using backend = await startFaultServer();
      const options = { settings: settings(backend.url), flags: [...flags, "--toolsets", "all"] };
      for (const era of ["modern", "legacy"] as const) {
        const confirm = () => "accept" as const;
        await using served = await connectServe(NAMES, { ...options, era, confirm });
        const { tools } = await served.client.listTools();
        const listed = new Set(tools.map(({ name }) => name));
        for (const { name, tool } of await known()) {
          const isRefused = refused.some((access) => access === tool.access);
          expect([name, listed.has(name)]).toEqual([name, !isRefused]);
          if (!isRefused) continue;
          for (const args of [{}, { dry_run: true }]) {
            const { isError, text } = await served.call(name, args);
            expect([name, isError, text.startsWith(`${name} is not allowed here: it is ${tool.access}`)]).toEqual([
              name,
              true,
              true,
            ]);
          }
        }
      }
      expect(backend.connections).toBe(0);
    },
    TIMEOUT,
  );

  test(
    "destructive, is not done for a client that cannot ask a person",
    async () => {
      await using backend = await startFaultServer({ kind: "answer", body: {} });
      const flags = ["--allow", "write", "--allow", "destructive", "--toolsets", "all"];
      await using served = await connectServe(NAMES, { settings: settings(backend.url), flags });
      const { tools } = await served.client.listTools();
      const destructive = tools.filter(({ annotations }) => annotations?.destructiveHint);
      expect(destructive.length).toBeGreaterThan(8);
      for (const { name, inputSchema } of destructive) {
        expect([name, "dry_run" in (inputSchema.properties ?? {})]).toEqual([name, true]);
        expect([name, (await served.call(name, argumentsFor(inputSchema))).isError]).toEqual([name, true]);
      }
      expect(backend.requests.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("what each tool says", () => {
  test(
    "of what it does, takes and gives is there and valid",
    async () => {
      const flags = ["--allow", "write", "--allow", "destructive", "--toolsets", "all"];
      await using served = await connectServe(NAMES, { settings: settings("http://127.0.0.1:1"), flags });
      const { tools } = await served.client.listTools();
      const all = await known();
      expect(tools.map(({ name }) => name).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
      const ajv = new AjvJsonSchemaValidator();
      const checked = (schema: unknown, value: unknown) => ajv.getValidator(JSON.parse(JSON.stringify(schema)))(value);
      for (const { name, title, description = "", inputSchema, outputSchema, annotations } of tools) {
        const access = all.find((one) => one.name === name)?.tool.access;
        expect(name).toMatch(/^[a-z0-9]+_[a-z0-9_]{1,50}$/);
        expect([
          name,
          title === undefined || title.length < 60,
          description.length > 3 && description.length < 300,
        ]).toEqual([name, true, true]);
        expect(annotations).toEqual({
          readOnlyHint: access === "read",
          destructiveHint: access === "destructive",
          idempotentHint: expect.any(Boolean),
        });
        expect([inputSchema.type, outputSchema?.["type"]]).toEqual(["object", "object"]);
        // It compiles both; what must be there may not be missing.
        expect(checked(inputSchema, argumentsFor(inputSchema))).toMatchObject({ valid: true });
        expect(checked(outputSchema, {})).toMatchObject({ valid: true });
        const { required = [], properties = {} } = inputSchema;
        expect(required.filter((one) => !Object.hasOwn(properties, one))).toEqual([]);
        const [first] = required;
        if (first !== undefined) expect(checked(inputSchema, {}).valid).toBe(false);
      }
    },
    TIMEOUT,
  );

  test(
    "fits into 30 KB for all services together",
    async () => {
      await using served = await connectServe(NAMES, { settings: settings("http://127.0.0.1:1") });
      const { tools } = await served.client.listTools();
      expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(tools))).toBeLessThan(LARGEST_LIST);
    },
    TIMEOUT,
  );
});
