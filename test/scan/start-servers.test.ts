/** Servers that `km scan --start` starts: what they offer, and that nothing of them is left. */
import { afterAll, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Unread } from "../../src/scan/configured-file.ts";
import { markedProcesses } from "../e2e/processes.ts";
import { ScannedHome } from "./scanned-home.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");
const SERVER = join(FIXTURES, "server-poisoned.ts");
const MARK = `SCAN_MARK=${randomUUID()}`;

afterAll(() => {
  for (const pid of markedProcesses(MARK)) process.kill(pid, "SIGKILL");
});

interface Started {
  /** Of what is found in definitions. */
  places: string[];
  unread: Unread[];
  offers: number;
  /** For each start that was asked about, how many servers it is for. */
  asked: number[];
}

function entry(...words: string[]): object {
  const [name = "", value = ""] = MARK.split("=");
  return { command: process.execPath, args: [SERVER, ...words], env: { [name]: value } };
}

async function started(home: ScannedHome, timeoutMs = 60_000, agrees = true): Promise<Started> {
  const program = join(FIXTURES, "start-scanned.ts");
  const words = [home.folder, String(timeoutMs), String(agrees)];
  const child = Bun.spawn([process.execPath, program, ...words], { stdout: "pipe", stderr: "inherit" });
  const found = JSON.parse(await child.stdout.text()) as Started;
  expect(await child.exited).toBe(0);
  return found;
}

test.each([[[]], [["pages"]], [["modern"]], [["child"]]])(
  "a poisoned definition is found, and no process is left: %p",
  async (words: string[]) => {
    using home = new ScannedHome();
    home.writeServer(entry(...words));
    const { places, unread, offers } = await started(home);
    expect({ unread, offers }).toEqual({ unread: [], offers: 1 });
    expect(places.length).toBeGreaterThan(0);
    for (const place of places) expect(place).toStartWith("tool add: ");
    expect(markedProcesses(MARK)).toEqual([]);
  },
  60_000,
);

test("servers that cannot be asked are named with the reason", async () => {
  using home = new ScannedHome();
  const servers = {
    dies: entry("dies"),
    endless: entry("endless"),
    gone: { command: "/no/such/program" },
    input: { command: "/bin/cat", env: { TOKEN: "${input:token}" } },
    off: { ...entry(), disabled: true },
  };
  home.write(".cursor/mcp.json", { mcpServers: servers });
  const { unread, offers } = await started(home);
  const reasons = Object.fromEntries(unread.map(({ what, reason }) => [what, reason]));
  expect(Object.keys(reasons).sort()).toEqual(["server dies", "server endless", "server gone", "server input"]);
  expect(reasons["server dies"]).toContain("cannot reach the database");
  expect(reasons["server endless"]).toBe("Cannot ask it all: tools/list: its pages come back to the same place");
  expect(reasons["server gone"]).toContain("command not found");
  expect(reasons["server input"]).toBe("Cannot start it: only its client knows ${input:token}");
  expect(offers).toBe(1);
  expect(markedProcesses(MARK)).toEqual([]);
}, 60_000);

test("a server that never answers is given up and ended", async () => {
  using home = new ScannedHome();
  home.writeServer(entry("silent"));
  const { unread } = await started(home, 300);
  expect(unread.map(({ reason }) => reason)).toEqual([
    "Cannot ask it: no answer to initialize: it took longer than 0.3 s",
  ]);
  expect(markedProcesses(MARK)).toEqual([]);
}, 60_000);

test.each([["long"], ["chatty"], ["asking"]])(
  "a server that sends without end is given up and ended, with what it had said: %s",
  async (word) => {
    using home = new ScannedHome();
    home.writeServer(entry(word));
    const { unread, offers } = await started(home);
    expect({ reasons: unread.map(({ reason }) => reason), offers }).toEqual({
      reasons: ["Cannot ask it all: tools/list: it sent more than 16 MB"],
      offers: 1,
    });
    expect(markedProcesses(MARK)).toEqual([]);
  },
  60_000,
);

test("the same server in two clients is started once, and none where nobody agrees", async () => {
  using home = new ScannedHome();
  home.writeServer(entry());
  home.write(".gemini/settings.json", { mcpServers: { one: entry(), two: entry("pages") } });
  expect(await started(home, 60_000, false)).toMatchObject({ asked: [2, 1], offers: 0 });
  expect(await started(home)).toMatchObject({ asked: [2, 1], offers: 3 });
}, 60_000);
