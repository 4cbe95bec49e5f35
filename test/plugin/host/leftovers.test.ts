import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimLeftover, clearUnrecorded, findLeftovers } from "../../../src/plugin/host/leftovers.ts";

interface Folder extends Disposable {
  path: string;
}

function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "km-leftovers-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** No process has this id: it is beyond what Linux gives. */
const NOBODY = 2 ** 30;

function writeStatus(session: string, name: string, status: object): void {
  mkdirSync(join(session, "plugins"), { recursive: true });
  const all = {
    format: 1,
    name,
    folder: `/plugins/${name}`,
    host_pid: NOBODY,
    finished: false,
    attempts: 0,
    ...status,
  };
  writeFileSync(join(session, "plugins", `${name}.json`), JSON.stringify(all));
}

test("findLeftovers: names who still waits, those first that were tried most often", () => {
  using data = makeFolder();
  const session = (id: string): string => join(data.path, "sessions", id);
  writeStatus(session("1-new"), "waits", {});
  writeStatus(session("1-new"), "has-everything", { finished: true });
  writeStatus(session("2-tried"), "waits", { attempts: 2 });
  writeStatus(session("3-given-up"), "waits", { attempts: 3 });
  mkdirSync(session("4-without-plugins"), { recursive: true });
  writeStatus(session("5-torn"), "waits", {});
  writeFileSync(join(session("5-torn"), "plugins", "waits.json"), '{"format":1,');
  const found = findLeftovers(data.path);
  expect(found.map(({ folder }) => folder)).toEqual([session("2-tried"), session("1-new")]);
  expect(found[1]?.plugins).toMatchObject([{ name: "waits", folder: "/plugins/waits" }]);
});

test("claimLeftover: gives a session to one, until it lets go of it", () => {
  using data = makeFolder();
  const session = join(data.path, "sessions", "1");
  writeStatus(session, "waits", {});
  const leftover = { folder: session, plugins: [], attempts: 0 };
  // A process that is there and is no plugin host, such as this one, counts as gone where the system tells.
  writeFileSync(join(session, "plugins", "catching-up"), String(NOBODY));
  const first = claimLeftover(leftover);
  expect(first).toBeDefined();
  first?.[Symbol.dispose]();
  expect(existsSync(join(session, "plugins", "catching-up"))).toBe(false);
  using second = claimLeftover(leftover);
  expect(second).toBeDefined();
});

test("claimLeftover: a session that was deleted is nobody's", () => {
  using data = makeFolder();
  expect(claimLeftover({ folder: join(data.path, "gone"), plugins: [], attempts: 0 })).toBeUndefined();
});

test("clearUnrecorded: removes what killed hosts left, and nothing that is not known to be theirs", () => {
  using state = makeFolder();
  const session = (id: string): string => join(state.path, "unrecorded", id);
  writeStatus(session("killed"), "any", {});
  mkdirSync(join(session("just-begun"), "plugins"), { recursive: true });
  clearUnrecorded(state.path);
  expect(existsSync(session("killed"))).toBe(false);
  expect(existsSync(session("just-begun"))).toBe(true);
});
