import { expect, test } from "bun:test";
import { callNumber } from "../../../src/plugin/sandbox/linux-call-numbers.ts";

test("callNumber gives the numbers of each architecture", () => {
  expect([callNumber("socket", "x64"), callNumber("socket", "arm64")]).toEqual([41, 198]);
  expect([callNumber("clone", "x64"), callNumber("clone", "arm64")]).toEqual([56, 220]);
  expect([callNumber("openat", "x64"), callNumber("openat", "arm64")]).toEqual([257, 56]);
  expect([callNumber("prctl", "x64"), callNumber("prctl", "arm64")]).toEqual([157, 167]);
});

test("callNumber of what arm64 never had is undefined", () => {
  expect(callNumber("fork", "x64")).toBe(57);
  expect(callNumber("fork", "arm64")).toBeUndefined();
});

test("callNumber from 424 on is the same everywhere", () => {
  for (const name of ["io_uring_setup", "clone3", "landlock_restrict_self", "fchmodat2"] as const) {
    expect(callNumber(name, "x64")).toBe(callNumber(name, "arm64"));
  }
});
