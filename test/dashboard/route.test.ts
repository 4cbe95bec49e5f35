import { expect, test } from "bun:test";
import fc from "fast-check";
import { ALL_OPEN, hashOf, parseRoute, type Route, TABS, VIEWS, viewsFor } from "../../src/dashboard/app/route.ts";
import { SEVERITIES } from "../../src/guard/findings/finding.ts";

test("parseRoute reads what hashOf writes, whatever is in a filter", () => {
  const word = fc.stringMatching(/^[\w.:-]{1,20}$/);
  const route: fc.Arbitrary<Route> = fc.record({
    view: fc.constantFrom(...VIEWS),
    tab: fc.constantFrom(...TABS),
    session: fc.option(word, { nil: undefined }),
    compare: fc.option(word, { nil: undefined }),
    filter: fc.string({ unit: "grapheme" }),
    search: fc.string({ unit: "grapheme" }),
    open: fc.option(fc.record({ session: word, seq: fc.nat() }), { nil: undefined }),
    errorsFirst: fc.boolean(),
    findings: fc.record({
      severity: fc.option(fc.constantFrom(...SEVERITIES), { nil: undefined }),
      server: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
      rule: fc.option(word, { nil: undefined }),
      showsAccepted: fc.boolean(),
    }),
  });
  fc.assert(
    fc.property(route, (one) => {
      const tab = one.view === "tools" ? one.tab : "tools"; // of the other views there is no part
      const findings = one.view === "findings" ? one.findings : ALL_OPEN;
      expect(parseRoute(hashOf(one))).toEqual({ ...one, tab, findings });
    }),
  );
});

test("a team's service has no view of a machine's health: its address is the list of calls there", () => {
  expect(parseRoute("#/health", viewsFor(false)).view).toBe("health");
  expect(parseRoute("#/health", viewsFor(true)).view).toBe("calls");
  expect(parseRoute("#/approvals", viewsFor(true)).view).toBe("calls");
  expect(parseRoute("#/findings", viewsFor(true)).view).toBe("calls");
  expect(viewsFor(true)).toEqual(["calls", "tools", "sessions"]);
});

test("an address that says nothing, or nonsense, is the list of calls", () => {
  const calls: Route = {
    view: "calls",
    tab: "tools",
    session: undefined,
    compare: undefined,
    filter: "",
    search: "",
    open: undefined,
    errorsFirst: false,
    findings: ALL_OPEN,
  };
  for (const hash of ["", "#", "#/", "#/nowhere", "#/calls?open=x", "#/calls?open=s/-1", "#/calls?other=1"]) {
    expect([hash, parseRoute(hash)]).toEqual([hash, calls]);
  }
  expect(hashOf(calls)).toBe("#/calls");
  expect(hashOf({ ...calls, session: "20260101-a", filter: "is:error", open: { session: "s:1", seq: 3 } })).toBe(
    "#/calls?session=20260101-a&filter=is:error&open=s:1/3",
  );
});
