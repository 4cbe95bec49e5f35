/** Who owns a session is told by name and roles, and by no other two that read alike. */
import { expect, test } from "bun:test";
import { ownerOf } from "../../src/gateway/access/identity.ts";

test("ownerOf tells names and roles apart, whatever stands in them", () => {
  const owners = [
    ["ada", []],
    ["ada", ["admin"]],
    ["ada", ["admin", "reader"]],
    ["ada", ["admin reader"]],
    ["ada [admin]", []],
    ['ada","admin', []],
  ] as const;
  const keys = owners.map(([principal, roles]) => ownerOf({ principal, by: "key", roles: [...roles] }));
  expect(new Set(keys).size).toBe(owners.length);
});
