/** What a session costs that nobody talks to: most of the servers of a client are idle. */
import { expect, test } from "bun:test";
import { KM, makeHome } from "./km.ts";

/** Once at work it keeps 3 MB of its own code in memory. */
test("a session in which nothing passes: the optimising compiler has nothing to do", async () => {
  using home = makeHome();
  const env = {
    ...home.env,
    BUN_JSC_reportBaselineCompileTimes: "true",
    BUN_JSC_reportDFGCompileTimes: "true",
    BUN_JSC_useConcurrentJIT: "false", // or it may be asked too late to be heard of
  };
  const session = Bun.spawn(
    [KM, "monitor", "--", process.execPath, "-e", "for await (const _ of Bun.stdin.stream());"],
    {
      env,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  const report = await session.stderr.text();
  expect(await session.exited).toBe(0);
  expect(report).toContain("using Baseline");
  expect(report.split("\n").filter((line) => line.includes("using DFG"))).toEqual([]);
}, 30_000);
