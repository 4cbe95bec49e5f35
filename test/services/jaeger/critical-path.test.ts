/** What a trace's duration is made of. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { criticalPath } from "../../../src/services/jaeger/critical-path.ts";
import type { Span } from "../../../src/services/jaeger/trace.ts";

function span(id: string, startUs: number, endUs: number, parent?: string, follows = false): Span {
  return {
    id,
    parent,
    follows,
    service: "s",
    operation: id,
    kind: "",
    startUs,
    durationUs: endUs - startUs,
    tags: {},
    resource: {},
    logs: [],
    isError: false,
    warnings: [],
  };
}

function path(...spans: Span[]): Record<string, number> {
  return Object.fromEntries(criticalPath(spans).map(({ span: { id }, ownUs }) => [id, ownUs]));
}

describe("criticalPath", () => {
  test("one after the other: each has its own time, the root what is between", () => {
    expect(path(span("r", 0, 100), span("a", 10, 40, "r"), span("b", 50, 90, "r"))).toEqual({ r: 30, a: 30, b: 40 });
  });

  test("at the same time: only the one that was waited for longest", () => {
    expect(path(span("r", 0, 100), span("a", 10, 90, "r"), span("b", 20, 50, "r"))).toEqual({ r: 20, a: 80 });
  });

  test("children of children", () => {
    const spans = [span("r", 0, 100), span("a", 0, 100, "r"), span("b", 20, 80, "a"), span("c", 30, 40, "b")];
    expect(path(...spans)).toEqual({ a: 40, b: 50, c: 10 });
  });

  test("one that goes on after its parent counts to the parent's end; one that nobody waits for does not count", () => {
    expect(path(span("r", 0, 100), span("late", 60, 150, "r"))).toEqual({ r: 60, late: 40 });
    expect(path(span("r", 0, 100), span("sent", 60, 150, "r", true))).toEqual({ r: 100 });
    expect(path(span("r", 0, 100), span("after", 120, 150, "r"))).toEqual({ r: 100 });
  });

  test("an incomplete trace has the path of its longest part, an empty one none", () => {
    expect(path(span("a", 0, 10, "gone"), span("b", 0, 50, "gone"), span("c", 10, 20, "b"))).toEqual({ b: 40, c: 10 });
    expect(path()).toEqual({});
  });

  test("spans that call each other in a ring end", () => {
    expect(path(span("a", 0, 10, "b"), span("b", 0, 10, "a"))).toEqual({});
    expect(path(span("a", 0, 10, "a"))).toEqual({ a: 10 });
  });

  test("the parts are the whole of the root, whatever the spans", () => {
    const one = fc.tuple(fc.nat(100), fc.nat(100), fc.nat(20));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), (children) => {
        const spans = children.map(([from, long, parent], index) =>
          span(String(index + 1), from, from + long, String(parent % (index + 1))),
        );
        const own = Object.values(path(span("0", 0, 120), ...spans));
        expect(own.reduce((sum, us) => sum + us, 0)).toBe(120);
      }),
    );
  });

  test("a deep trace is no problem", () => {
    const spans = Array.from({ length: 20_000 }, (_, index) =>
      span(String(index), index, 40_000 - index, index === 0 ? undefined : String(index - 1)),
    );
    expect(criticalPath(spans)).toHaveLength(20_000);
  });
});
