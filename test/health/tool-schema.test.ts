/** `schemaTrouble`: schemas that clients take, and those that they refuse. */
import { expect, test } from "bun:test";
import { schemaTrouble } from "../../src/health/tool-schema.ts";

const FINE: unknown[] = [
  { type: "object" },
  { type: "object", properties: {}, required: [], additionalProperties: false },
  {
    type: "object",
    properties: {
      a: { type: ["string", "null"], default: null },
      b: { anyOf: [{ type: "integer" }, true] },
      c: { $ref: "#/$defs/node" },
      d: { type: "array", items: { enum: [1, "two"] } },
      e: { $ref: "https://example.com/schema" },
      properties: { type: "string" },
    },
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
  },
];

for (const schema of FINE) {
  test(`schemaTrouble finds nothing in ${JSON.stringify(schema).slice(0, 60)}`, () => {
    expect(schemaTrouble(schema)).toBeUndefined();
  });
}

for (const [schema, trouble] of [
  [undefined, "is no schema"],
  ["object", "is no schema"],
  [{}, `must have the type "object"`],
  [{ type: "array" }, `must have the type "object"`],
  [{ type: "object", properties: [] }, `has a "properties" that is no mapping`],
  [{ type: "object", properties: { a: "string" } }, "has no schema at properties.a"],
  [{ type: "object", properties: { a: { type: "text" } } }, `has an unknown type at properties.a: "text"`],
  [{ type: "object", required: "a" }, `has a "required" that is no list of names`],
  [{ type: "object", properties: { a: { enum: "x" } } }, `has an "enum" that is no list at properties.a`],
  [{ type: "object", anyOf: {} }, `has a "anyOf" that is no list`],
  [
    { type: "object", properties: { a: { $ref: "#/$defs/b" } } },
    "refers to what is not there at properties.a: #/$defs/b",
  ],
] as const) {
  test(`schemaTrouble of ${JSON.stringify(schema)} is that it ${trouble}`, () => {
    expect(schemaTrouble(schema)).toBe(trouble);
  });
}

test("schemaTrouble comes to an end however deep and however large a schema is", () => {
  let deep: object = { type: "string" };
  for (let depth = 0; depth < 5000; depth++) deep = { items: deep };
  expect(schemaTrouble({ type: "object", properties: { deep } })).toBeUndefined();
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`p${index}`, { type: "string" }]));
  expect(schemaTrouble({ type: "object", properties: many })).toBeUndefined();
});
