/** The strict reading of flags and arguments. */
import { describe, expect, test } from "bun:test";
import { defineCommand, parseArgs } from "../src/command.ts";
import { KmError } from "../src/errors.ts";

const { args: definitions } = defineCommand({
  meta: { name: "try", description: "" },
  args: {
    session: { type: "positional", required: true, description: "" },
    words: { type: "positional", required: false, repeat: true, description: "" },
    json: { type: "boolean", alias: "j", description: "" },
    "no-journal": { type: "boolean", description: "" },
    name: { type: "string", alias: "n", description: "" },
    timeout: { type: "string", default: "30s", description: "" },
    env: { type: "string", repeat: true, alias: "e", description: "" },
    level: { type: "enum", options: ["warn", "error"], description: "" },
  },
  run: () => 0,
});

function read(line: string) {
  return parseArgs(line === "" ? [] : line.split(" "), definitions);
}

function refusal(line: string): string {
  try {
    read(line);
  } catch (error) {
    if (error instanceof KmError && error.code === "USAGE" && error.exitCode === 2) {
      return [error.message, error.hint].filter(Boolean).join(" | ");
    }
  }
  return "";
}

describe("parseArgs", () => {
  const nothing = {
    json: false,
    "no-journal": false,
    name: undefined,
    timeout: "30s",
    env: [],
    words: [],
    level: undefined,
  };

  test("what is not given has its default", () => {
    expect(read("last")).toEqual({ session: "last", ...nothing });
  });

  test("a value may stand behind the flag, behind a =, and behind the short flag", () => {
    for (const line of ["s --name a", "s --name=a", "s -n a", "s -n=a", "--name a s"]) {
      expect(read(line)).toEqual({ session: "s", ...nothing, name: "a" });
    }
    expect(read("s --name=a=b --timeout=")).toMatchObject({ name: "a=b", timeout: "" });
    expect(read("s --name -x")).toMatchObject({ name: "-x" });
  });

  test("booleans, choices and repeated flags", () => {
    expect(read("s -j --no-journal --level error -e A=1 --env B=2 --env=C=")).toMatchObject({
      json: true,
      "no-journal": true,
      level: "error",
      env: ["A=1", "B=2", "C="],
    });
  });

  test("arguments in their order, the last takes what is left, and - is one", () => {
    expect(read("s a --json - b")).toMatchObject({ session: "s", words: ["a", "-", "b"] });
  });

  test.each([
    ["s --jsno", "Unknown flag --jsno | Did you mean --json?"],
    ["s --completely-different", "Unknown flag --completely-different"],
    ["s -x", "Unknown flag -x"],
    ["s --session x", "Unknown flag --session"],
    ["s --name", "Flag --name needs a value"],
    ["s --help=1", "Flag --help takes no value: --help=1"],
    ["s --json=yes", "Flag --json takes no value: --json=yes"],
    ["s --level loud", 'Flag --level cannot be "loud" | Allowed: warn, error.'],
    ["s --level wran", 'Flag --level cannot be "wran" | Did you mean warn? Allowed: warn, error.'],
    ["s --name a --name b", "Flag --name is given twice"],
    ["s --no-json", "Unknown flag --no-json"],
    ["", "Missing argument SESSION"],
  ])("%j is refused: %s", (line, message) => expect(refusal(line)).toStartWith(message));

  test("a surplus argument is refused", () => {
    const { args } = defineCommand({ meta: { name: "none", description: "" }, args: {}, run: () => 0 });
    expect(() => parseArgs(["more"], args)).toThrow('Unexpected argument "more"');
    const hint = (words: string[]): string => words.join("+");
    const refused = (): unknown => parseArgs(["more", "--and", "more"], args, hint);
    expect(refused).toThrow(expect.objectContaining({ code: "USAGE", hint: "more+--and+more" }));
  });

  test("a missing one of several is refused", () => {
    const { args } = defineCommand({
      meta: { name: "many", description: "" },
      args: { keys: { type: "positional", required: true, repeat: true, description: "" } },
      run: () => 0,
    });
    expect(() => parseArgs([], args)).toThrow("Missing argument KEYS");
    expect(parseArgs(["a", "b"], args)).toEqual({ keys: ["a", "b"] });
  });
});
