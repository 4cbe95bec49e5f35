/** What the services are told, by file, variables and flags, and what is said where that is wrong. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { KmError } from "../../../src/errors.ts";
import { described, duration, list, mapping, record, text, word } from "../../../src/guard/policy/schema-parts.ts";
import { type Override, overridesIn } from "../../../src/services/config/overrides.ts";
import { readSettings } from "../../../src/services/config/settings.ts";
import type { Service } from "../../../src/services/service.ts";

const auth = mapping({ type: word("none", "bearer"), token: described("", text("a text")) }, "a mapping with type");
const one = { url: described("", text("an address")), auth: described("", auth), every: described("", duration("5s")) };
const config = mapping(
  {
    ...one,
    roots: described("", list(text("a folder"), "a list of folders")),
    connections: described("", record(mapping(one, "one"), "many")),
    count: v.optional(v.number("a number")),
  },
  "a mapping with url",
);
const SERVICE: Service<v.InferOutput<typeof config>, object> = {
  name: "shop",
  title: "Shop",
  description: "For tests",
  config,
  tools: [],
  open: async () => await Promise.resolve({}),
};

function shop(file: string, overrides: Override[] = []): unknown {
  return readSettings([SERVICE], ["shop", "other"], { file: "services.yaml", text: file, overrides }).services.get(
    "shop",
  );
}

function set(key: string, value: string | string[], source = "--set"): Override {
  return { source, path: ["services", "shop", ...key.split(".")], value };
}

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof KmError) return `${error.code} ${error.message} | ${error.hint ?? ""}`;
    throw error;
  }
  return "none";
}

describe("readSettings", () => {
  test("has defaults where nothing is written, and passes over other services' parts", () => {
    expect(shop("")).toEqual({});
    expect(shop("services: { other: { anything: [1, 2] } }")).toEqual({});
    const { host } = readSettings([SERVICE], ["shop"], { file: "services.yaml", text: "", overrides: [] });
    expect([[...host.allow], [...host.toolsets], host.timeoutMs, host.mostBytes]).toEqual([
      ["read"],
      ["core"],
      60_000,
      65_536,
    ]);
  });

  test("says what is wrong with its place and what may have been meant", () => {
    expect(errorOf(() => shop("services:\n  shop:\n    ulr: x\n"))).toMatch(
      /^CFG_003 .*:3:5: .*ulr.*\| Did you mean url\?/,
    );
    expect(errorOf(() => shop("services: { shp: {} }"))).toContain("Did you mean shop?");
    expect(errorOf(() => shop("alow: [write]"))).toContain("Did you mean allow?");
    expect(errorOf(() => shop("allow: [everything]"))).toContain("write, destructive");
    expect(errorOf(() => shop("services: ["))).toContain("CFG_001");
  });

  test("the file is overridden, text and YAML as the schema wants it", () => {
    const file = "services: { shop: { url: http://file, count: 1 } }";
    expect(shop(file, [set("url", "http://flag"), set("count", "7")])).toEqual({ url: "http://flag", count: 7 });
    expect(shop(file, [set("url", "12345")])).toEqual({ url: "12345", count: 1 });
    expect(shop("", [set("roots", "[a, b]"), set("connections.two.url", "http://two")])).toEqual({
      roots: ["a", "b"],
      connections: { two: { url: "http://two" } },
    });
    expect(shop("", [set("roots", ["a: b", "c"])])).toEqual({ roots: ["a: b", "c"] });
  });

  test("what is right only together is taken together, in any order", () => {
    const both = [set("auth.token", "t"), set("auth.type", "bearer")];
    expect(shop("", both)).toEqual({ auth: { type: "bearer", token: "t" } });
    expect(shop("", both.toReversed())).toEqual({ auth: { type: "bearer", token: "t" } });
    expect(errorOf(() => shop("", [set("auth.token", "t", "KM_SHOP_AUTH_TOKEN")]))).toMatch(
      /^CFG_002 KM_SHOP_AUTH_TOKEN: services\.shop\.auth\.type is missing/,
    );
  });

  test("a wrong override is named by where it was written, without what could be secret", () => {
    expect(errorOf(() => shop("", [set("every", "soon", "--every")]))).toContain(
      '--every: services.shop.every cannot be "soon"',
    );
    expect(errorOf(() => shop("", [set("url", "x"), set("ulr", "y")]))).toMatch(
      /--set: there is no .*ulr.*Did you mean url\?/,
    );
    expect(errorOf(() => shop("", [set("auth.type", "hunter2")]))).not.toContain("hunter2");
  });
});

describe("overridesIn", () => {
  test("finds the key that a variable means, and warns of those that mean none", () => {
    const warnings: string[] = [];
    const env = {
      KM_SHOP_URL: "u",
      KM_SHOP_AUTH_TOKEN: "t",
      KM_SHOP_UR: "x",
      KM_SHOP_EVERY: "",
      KM_SHOPPING_URL: "x",
      KM_OTHER_URL: "x",
      OTHER: "x",
    };
    const found = overridesIn(env, new Map([["shop", config]]), (warning) => warnings.push(warning));
    expect(found.map(({ source, path }) => [source, path.join(".")])).toEqual([
      ["KM_SHOP_URL", "services.shop.url"],
      ["KM_SHOP_AUTH_TOKEN", "services.shop.auth.token"],
    ]);
    expect(warnings).toEqual([expect.stringContaining("KM_SHOP_UR leads to no key")]);
    expect(warnings[0]).toContain("Did you mean KM_SHOP_URL?");
  });
});
