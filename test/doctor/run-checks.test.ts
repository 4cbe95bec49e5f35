import { describe, expect, test } from "bun:test";
import { applyFixes } from "../../src/doctor/apply-fixes.ts";
import type { Check, Surroundings } from "../../src/doctor/check.ts";
import { runChecks } from "../../src/doctor/run-checks.ts";
import { KmError } from "../../src/errors.ts";

const surroundings: Surroundings = {
  platform: "linux",
  arch: "x64",
  env: {},
  cwd: "/",
  home: undefined,
  paths: undefined,
  executable: "/usr/bin/km",
  compiled: true,
};

function check(id: string, run: Check["run"], patienceMs?: number): Check {
  return { id, group: "Group", title: id, run, ...(patienceMs === undefined ? {} : { patienceMs }) };
}

const fine = check("fine", () => Promise.resolve([{ id: "fine", status: "ok", title: "fine", detail: "is" }]));

describe("runChecks", () => {
  test("makes a failure of a check that throws, and runs the others", async () => {
    const broken = check("broken", () => {
      throw new KmError("CFG_001", "no file", { hint: "Make one." });
    });
    expect(await runChecks([broken, fine], surroundings)).toEqual([
      {
        id: "broken",
        group: "Group",
        status: "failure",
        title: "broken",
        detail: "cannot be checked: no file",
        remedy: "Make one.",
      },
      { id: "fine", group: "Group", status: "ok", title: "fine", detail: "is" },
    ]);
  });

  test("waits for no check longer than it has, and tells it", async () => {
    let told = false;
    const slow = check(
      "slow",
      (_, signal) => {
        signal.addEventListener("abort", () => (told = true));
        return new Promise(() => undefined);
      },
      20,
    );
    const [result] = await runChecks([slow], surroundings);
    expect(result).toMatchObject({ status: "failure", detail: "cannot be checked: no result within 0.02 s" });
    expect(told).toBe(true);
  });
});

test("applyFixes says which fix worked and which did not", async () => {
  const said: string[] = [];
  const base = { id: "x", group: "Group", status: "failure", detail: "" } as const;
  const results = [
    { ...base, title: "one", fix: () => Promise.reject(new Error("not yours")) },
    { ...base, title: "two", fix: () => Promise.resolve("did it") },
    { ...base, title: "three" },
  ];
  await applyFixes(results, (text) => said.push(text));
  expect(said).toEqual(["Cannot fix one: not yours", "Fixed two: did it"]);
});
