/** The pure parts of the service grafana: patches, variables in queries, frames. */
import { describe, expect, test } from "bun:test";
import type { KmError } from "../../../src/errors.ts";
import type { Operation } from "../../../src/services/grafana/arguments.ts";
import { seriesLine, shownFrame } from "../../../src/services/grafana/frames.ts";
import { interpolated } from "../../../src/services/grafana/interpolate.ts";
import { patched } from "../../../src/services/grafana/json-patch.ts";

const problemOf = (document: Record<string, unknown>, patch: Operation[]): string => {
  try {
    patched(document, patch);
    return "none";
  } catch (error) {
    return (error as KmError).message;
  }
};

describe("patched, by the examples of RFC 6902 and around them", () => {
  test.each<[string, Record<string, unknown>, Operation[], Record<string, unknown>]>([
    ["add a member", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { foo: "bar", baz: "qux" }],
    [
      "add an item",
      { foo: ["bar", "baz"] },
      [{ op: "add", path: "/foo/1", value: "qux" }],
      { foo: ["bar", "qux", "baz"] },
    ],
    ["add at the end", { foo: ["bar"] }, [{ op: "add", path: "/foo/-", value: ["abc"] }], { foo: ["bar", ["abc"]] }],
    ["remove a member", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
    ["remove an item", { foo: [1, 2, 3] }, [{ op: "remove", path: "/foo/1" }], { foo: [1, 3] }],
    ["replace", { baz: "qux" }, [{ op: "replace", path: "/baz", value: null }], { baz: null }],
    [
      "move",
      { foo: { bar: 1, waldo: 2 }, qux: {} },
      [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
      { foo: { bar: 1 }, qux: { thud: 2 } },
    ],
    [
      "move an item",
      { foo: ["a", "b", "c"] },
      [{ op: "move", from: "/foo/0", path: "/foo/2" }],
      { foo: ["b", "c", "a"] },
    ],
    [
      "copy",
      { a: { b: 1 } },
      [
        { op: "copy", from: "/a", path: "/c" },
        { op: "replace", path: "/c/b", value: 2 },
      ],
      { a: { b: 1 }, c: { b: 2 } },
    ],
    [
      "names with slashes and tildes",
      { "a/b": { "m~n": 1 } },
      [{ op: "replace", path: "/a~1b/m~0n", value: 2 }],
      { "a/b": { "m~n": 2 } },
    ],
    ["an empty name", { "": 1 }, [{ op: "replace", path: "/", value: 2 }], { "": 2 }],
    ["the whole", { a: 1 }, [{ op: "replace", path: "", value: { b: 2 } }], { b: 2 }],
  ])("%s", (_name, document, patch, expected) => {
    const before = structuredClone(document);
    expect(patched(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  test.each<[string, Operation[], string]>([
    [
      "a member that is not there",
      [{ op: "remove", path: "/x" }],
      "operation 0 (remove /x): there is nothing at the path",
    ],
    ["a way that ends", [{ op: "add", path: "/x/y", value: 1 }], "there is nothing at the path to its last step"],
    ["an item too far", [{ op: "add", path: "/list/3", value: 1 }], "the list has 2 items"],
    ["an item with a leading zero", [{ op: "replace", path: "/list/00", value: 1 }], "there is nothing at the path"],
    ["a test that fails", [{ op: "test", path: "/list", value: [1] }], "it is something else now"],
    ["into itself", [{ op: "move", from: "/deep", path: "/deep/er/x" }], "it cannot be moved into itself"],
    ["a value that is missing", [{ op: "add", path: "/x" }], "value is missing"],
    ["a mapping that is none", [{ op: "replace", path: "", value: 1 }], "leaves no mapping"],
    [
      "the second of two",
      [
        { op: "add", path: "/x", value: 1 },
        { op: "remove", path: "/y" },
      ],
      "operation 1",
    ],
    [
      "what all objects have",
      [{ op: "replace", path: "/constructor/prototype/x", value: 1 }],
      "there is nothing at the path",
    ],
  ])("%s", (_name, patch, message) => {
    expect(problemOf({ list: [1, 2], deep: { er: {} } }, patch)).toContain(message);
  });

  test("a member that is called __proto__ is one like others", () => {
    const result = patched({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true}}');
    expect("polluted" in {}).toBe(false);
  });
});

describe("interpolated", () => {
  const variable = (name: string, value: string[], more: object = {}) => ({
    name,
    type: "query",
    query: "",
    value,
    isMulti: false,
    options: [],
    allValue: undefined,
    ...more,
  });
  const variables = [
    variable("one", ["a"]),
    variable("many", ["a.b", "c+"], { isMulti: true }),
    variable("every", ["$__all"], { isMulti: true, options: ["$__all", "x", "y"] }),
    variable("given", ["$__all"], { isMulti: true, allValue: "z.*" }),
  ];
  const text = (query: string, type = "prometheus", values = {}) =>
    interpolated({ q: query }, variables, values, type)["q"];

  test.each([
    ["$one ${one} [[one]] $onex ${unknown}", "a a a $onex ${unknown}"],
    ["$many", "(a\\\\.b|c\\\\+)"],
    ["${many:csv} ${many:pipe} ${many:json}", 'a.b,c+ a.b|c+ ["a.b","c+"]'],
    ["${many:singlequote} ${many:sqlstring} ${many:doublequote}", `'a.b','c+' 'a.b','c+' "a.b","c+"`],
    ["$every $given", "(x|y) z.*"],
    ["[$__rate_interval] ${__from}", "[$__rate_interval] ${__from}"],
  ])("%s", (query, expected) => {
    expect(text(query)).toBe(expected);
  });

  test("other data sources have other ways for several values", () => {
    expect(text("a.$many.b", "graphite")).toBe("a.{a.b,c+}.b");
    expect(text("$one in $many", "mysql", { one: "b", many: ["x"] })).toBe("b in x");
    expect(text("${many:sqlstring}", "mysql", { many: ["o'x"] })).toBe("'o''x'");
  });

  test("everywhere in a query, and only in its texts", () => {
    const model = { expr: "$one", list: [{ a: "${one}" }], hide: false, n: 1 };
    expect(interpolated(model, variables, {}, "loki")).toEqual({ expr: "a", list: [{ a: "a" }], hide: false, n: 1 });
  });
});

describe("frames", () => {
  const frame = (fields: { name: string; type: string; labels?: Record<string, string> }[], values: unknown[][]) => ({
    schema: { name: "", fields, meta: undefined },
    data: { values },
  });

  test("series: in short, with gaps, without values, and with all points", () => {
    const fields = [
      { name: "time", type: "time" },
      { name: "Value", type: "number", labels: { job: "a" } },
      { name: "b", type: "number" },
    ];
    const found = shownFrame(
      frame(fields, [
        [0, 1000],
        [1, 2],
        [null, null],
      ]),
      { isAll: false, mostRows: 5 },
    );
    expect(found.map((one) => (one.kind === "series" ? seriesLine(one.series) : ""))).toEqual([
      '{job="a"}  min 1 avg 1.5 max 2  last 2 (2 points)',
      "b  no values (2 points)",
    ]);
    const [all] = shownFrame(
      frame(fields.slice(0, 2), [
        [0, 1000],
        [1, null],
      ]),
      { isAll: true, mostRows: 5 },
    );
    expect(all?.kind === "series" && seriesLine(all.series)).toBe(
      '{job="a"}\n  1970-01-01T00:00:00Z  1\n  1970-01-01T00:00:01Z  ',
    );
  });

  test("tables: cut to so many rows; none at all", () => {
    const found = shownFrame(
      frame(
        [
          { name: "a", type: "string" },
          { name: "n", type: "number" },
        ],
        [
          ["x", "y"],
          [1, 2],
        ],
      ),
      { isAll: false, mostRows: 1 },
    );
    expect(found).toEqual([{ kind: "table", table: { columns: ["a", "n"], total: 2, rows: [["x", 1]] } }]);
    expect(shownFrame(frame([], []), { isAll: false, mostRows: 1 })).toEqual([]);
  });
});
