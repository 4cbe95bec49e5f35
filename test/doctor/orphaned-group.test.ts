/** Which processes are taken for a server that lost its km, and which never. */
import { describe, expect, test } from "bun:test";
import { allProcesses } from "../../src/process/all-processes.ts";
import { endOrphanedGroup, orphanedGroup, stillThere } from "../../src/process/orphaned-group.ts";
import type { ProcessFacts } from "../../src/process/process-facts.ts";
import { parseProcesses } from "../../src/process/processes-macos.ts";

const START = Date.UTC(2026, 10, 21, 12, 0, 0);
const SERVER = { pid: 500, kmPid: 499, startedMs: START };
const USER = 1000;

function facts(changes: Partial<ProcessFacts> = {}): ProcessFacts {
  return {
    pid: 500,
    parent: 1,
    group: 500,
    session: 500,
    user: USER,
    startedMs: START + 400,
    startKey: "1",
    ...changes,
  };
}

describe("orphanedGroup", () => {
  test("is the leader with all of its group", () => {
    const child = facts({ pid: 501, startKey: "2" });
    const other = facts({ pid: 600, group: 600, session: 600 });
    expect(orphanedGroup(SERVER, [facts(), child, other], USER)).toEqual([facts(), child]);
    expect(orphanedGroup(SERVER, [facts({ session: undefined })], USER)).toHaveLength(1);
  });

  test.each<[string, Partial<ProcessFacts>]>([
    ["started later", { startedMs: START + 60_000 }],
    ["started earlier", { startedMs: START - 60_000 }],
    ["started at a time nobody knows", { startedMs: Number.NaN }],
    ["does not lead its group", { group: 400 }],
    ["does not lead its session", { session: 400 }],
    ["still has its km", { parent: 499 }],
    ["is another user's", { user: 0 }],
    ["has another number", { pid: 502 }],
  ])("is nothing where the process %s", (_, changes) => {
    expect(orphanedGroup(SERVER, [facts(changes)], USER)).toEqual([]);
  });

  test.each([0, 1, -1, 1.5, Number.NaN])("is never that of process %d", (pid) => {
    expect(orphanedGroup({ ...SERVER, pid }, [facts({ pid, group: pid, session: pid })], USER)).toEqual([]);
  });
});

test("a group is still the same only while one that was in it is in it", () => {
  const child = facts({ pid: 501, startKey: "2" });
  const grandchild = facts({ pid: 502, startKey: "3" });
  expect(stillThere(500, [facts(), child], [child, grandchild])).toEqual([child, grandchild]);
  expect(stillThere(500, [facts(), child], [grandchild])).toEqual([]);
  expect(stillThere(500, [child], [facts({ pid: 501, startKey: "9" })])).toEqual([]);
});

describe.skipIf(process.platform !== "linux")("endOrphanedGroup", () => {
  test("leaves a process alone that has the number but not the start", async () => {
    await using other = Bun.spawn(["sleep", "100"], { detached: true, stdio: ["ignore", "ignore", "ignore"] });
    const server = { pid: other.pid, kmPid: 1, startedMs: Date.now() - 60_000 };
    expect(await endOrphanedGroup(server, process.getuid?.() ?? -1)).toBe(true);
    const found = (await allProcesses()).find(({ pid }) => pid === other.pid);
    expect(found).toMatchObject({ group: other.pid, session: other.pid });
  });
});

test("parseProcesses reads what ps of macOS writes, without zombies", () => {
  const text = [
    "    1     0     1     0 Ss   Sat Nov 21 08:00:01 2026",
    "  501     1   501  1000 S+   Sat Nov  1 12:59:44 2026    ",
    "  502   501   501  1000 Z    Sat Nov 21 12:59:45 2026",
    "nonsense",
    "",
  ].join("\n");
  expect(parseProcesses(text)).toEqual([
    {
      pid: 1,
      parent: 0,
      group: 1,
      session: undefined,
      user: 0,
      startedMs: Date.UTC(2026, 10, 21, 8, 0, 1),
      startKey: "Sat Nov 21 08:00:01 2026",
    },
    {
      pid: 501,
      parent: 1,
      group: 501,
      session: undefined,
      user: 1000,
      startedMs: Date.UTC(2026, 10, 1, 12, 59, 44),
      startKey: "Sat Nov  1 12:59:44 2026",
    },
  ]);
});
