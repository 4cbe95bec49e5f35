/** The OpenAPI document: that it is one, and that its schemas say what the checks do. */
import { describe, expect, test } from "bun:test";
import { Validator } from "@cfworker/json-schema";
import * as v from "valibot";
import { createCustomer } from "../../src/api/contract/admin.ts";
import { ENDPOINTS } from "../../src/api/contract/endpoints.ts";
import { sendEvents } from "../../src/api/contract/events.ts";
import { authenticatePlugin, provisionPlugin } from "../../src/api/contract/plugins.ts";
import { openApi } from "../../src/backend/openapi.ts";

interface Operation {
  operationId: string;
  summary: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

const text = JSON.stringify(openApi(ENDPOINTS, "1.2.3", "https://km.example.com"));
const document = JSON.parse(text) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** As somebody who only has the document would check a body. */
function validate(path: string, method: string, body: unknown): boolean {
  const schema = document.paths[path]?.[method]?.requestBody?.content["application/json"]?.schema;
  if (schema === undefined) throw new Error(`No body for ${method} ${path}`);
  return new Validator({ ...schema, components: document.components }, "2020-12").validate(body).valid;
}

describe("openApi", () => {
  test("has what OpenAPI 3.1 requires of a document and of its operations", () => {
    expect(document).toMatchObject({ openapi: "3.1.0", info: { title: "kilometers-api", version: "1.2.3" } });
    expect(operations.length).toBe(ENDPOINTS.length);
    for (const { path, method, operation } of operations) {
      expect(["get", "put", "post", "patch", "delete"]).toContain(method);
      expect(operation.summary).not.toBe("");
      expect(Object.keys(operation.responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(true);
      expect(Object.values(operation.responses).every(({ description }) => description !== "")).toBe(true);
      const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
      for (const scheme of operation.security.flatMap((one) => Object.keys(one))) {
        expect(document.components.securitySchemes).toHaveProperty(scheme);
      }
    }
  });

  test("every reference leads somewhere", () => {
    const references = Array.from(text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g), ([, name = ""]) => name);
    expect(new Set(references)).toEqual(new Set(["Problem", "OAuthError", "Event"]));
    for (const name of references) expect(document.components.schemas).toHaveProperty(name);
  });

  test("errors are problems, those of OAuth's endpoints its own", () => {
    const of = (path: string) => document.paths[path]?.["post"]?.responses["400"]?.content;
    expect(of("/api/events/batch")).toEqual({
      "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
    });
    expect(of("/oauth/token")).toEqual({ "application/json": { schema: { $ref: "#/components/schemas/OAuthError" } } });
  });

  test("a schema there accepts and refuses as the check does", () => {
    const nonce = "n".repeat(16);
    const cases: [{ path: string; body: { schema: v.GenericSchema } }, unknown, boolean][] = [
      [createCustomer, { name: "A", tier: "pro" }, true],
      [createCustomer, { name: "A", tier: "gold" }, false],
      [createCustomer, { name: "A\u0007", tier: "pro" }, false],
      [createCustomer, { name: "A", tier: "pro", more: 1 }, false],
      [authenticatePlugin, { plugin: "a", nonce }, true],
      [authenticatePlugin, { plugin: "A", nonce }, false],
      [authenticatePlugin, { nonce }, false],
      [provisionPlugin, { name: "a", platform: "linux-x64", version: "1.0.0" }, true],
      [provisionPlugin, { name: "a", platform: "beos" }, false],
      [sendEvents, { events: [] }, false],
    ];
    for (const [{ path, body }, value, isRight] of cases) {
      expect([path, v.is(body.schema, value), validate(path, "post", value)]).toEqual([path, isRight, isRight]);
    }
  });
});
