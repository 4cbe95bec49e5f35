import { expect, test } from "bun:test";
import { startUpkeep } from "../../src/backend/upkeep.ts";

test("startUpkeep tries again after a failure; its stop ends what is running, and nothing begins after it", async () => {
  const warnings: string[] = [];
  const third = Promise.withResolvers<void>();
  let runs = 0;
  const task = async (signal: AbortSignal): Promise<void> => {
    runs++;
    if (runs === 1) throw new Error("the database is gone");
    if (runs < 3) return;
    const ended = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => ended.resolve());
    third.resolve();
    await ended.promise;
  };
  const upkeep = startUpkeep({ task, everyMs: 5, warn: (reason) => warnings.push(reason) });
  await third.promise;
  await upkeep.stop();
  expect(warnings).toEqual(["the database is gone"]);
  await Bun.sleep(30); // time for one that should not be
  expect(runs).toBe(3);
});
