/** `checkArguments` and `checkNames`: what does not fit a schema is said before it is sent. */
import { expect, test } from "bun:test";
import { checkArguments, checkNames } from "../../src/connect/check-arguments.ts";
import { KmError } from "../../src/errors.ts";

const SCHEMA = {
  type: "object",
  properties: {
    path: { type: "string" },
    mode: { enum: ["read", "write"] },
    depth: { type: "integer", minimum: 1 },
  },
  required: ["path"],
};

function refusal(check: () => void): { message: string; hint: string | undefined } {
  try {
    check();
  } catch (error) {
    if (error instanceof KmError) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error("nothing was refused");
}

test.each([
  ["{}", "Argument path is missing: a text", undefined],
  ['{"paht":"x"}', "Argument path is missing: a text", "Did you mean it by paht?"],
  ['{"path":"x","mode":"raed"}', 'Argument mode must be read, write, not "raed"', "Did you mean read?"],
  ['{"path":"x","depth":0}', "Argument depth must be a whole number of at least 1, not 0", undefined],
])("%s is refused: %s", (input, message, hint) => {
  expect(refusal(() => checkArguments(input, SCHEMA))).toEqual({ message, hint });
});

test("what fits passes, with integers of any size", () => {
  expect(() => checkArguments('{"path":"x","depth":9007199254740993}', SCHEMA)).not.toThrow();
});

test("a schema that cannot be understood is left to the server", () => {
  for (const schema of [{ $ref: "#" }, { $ref: "#/nowhere" }, { properties: { a: { pattern: "(" } } }]) {
    expect(() => checkArguments('{"a":"b"}', schema)).not.toThrow();
  }
});

test("a name that no argument has is refused, unless the schema is open", () => {
  expect(refusal(() => checkNames(["pth"], SCHEMA))).toEqual({
    message: "No such argument: pth",
    hint: "Did you mean path?",
  });
  expect(refusal(() => checkNames(["x"], {})).hint).toBe("It takes none. x:=... sends it all the same.");
  expect(() => checkNames(["x"], { ...SCHEMA, additionalProperties: true })).not.toThrow();
  expect(() => checkNames(["x"], { anyOf: [SCHEMA] })).not.toThrow();
});
