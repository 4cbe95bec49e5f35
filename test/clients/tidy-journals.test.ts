/** What of the undo journals goes once it is of no use, and what stays. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyPlan } from "../../src/clients/apply.ts";
import type { Change } from "../../src/clients/edit-servers.ts";
import { planChange } from "../../src/clients/plan.ts";
import { tidyJournals } from "../../src/clients/tidy-journals.ts";
import { journalFolder } from "../../src/clients/undo-journal.ts";
import { clientOf } from "./client-home.ts";

const ORIGINAL = '{"context_servers": {"a": {"command": "x"}, "b": {"command": "y"}}}';

let root: string;
let file: string;
let state: string;
let journal: string;

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "km-tidy-")));
  file = join(root, "settings.json");
  state = join(root, "state");
  journal = journalFolder(state, file);
  writeFileSync(file, ORIGINAL);
  for (const name of ["a", "b"]) {
    const change: Change = { kind: "wrap", km: "/opt/km", servers: [name] };
    await applyPlan(state, await planChange(file, clientOf("zed").shape, change, state));
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const records = () => (existsSync(journal) ? readdirSync(journal).filter((name) => name.endsWith(".json")) : []);

test("a state folder that is not there is not made", async () => {
  await tidyJournals(join(root, "none"));
  expect(existsSync(join(root, "none"))).toBe(false);
});

test("records of a file in which something is wrapped stay, whoever edited it", async () => {
  await tidyJournals(state);
  expect(records()).toHaveLength(2);
  writeFileSync(file, '{"context_servers": {"a": {"command": "km", "args": ["monitor", "--", "x"]}}}');
  await tidyJournals(state);
  expect(records()).toHaveLength(2);
});

test.each([
  ["in which nothing is wrapped", ORIGINAL.replace("x", "z")],
  ["that is empty", ""],
])("records of a file %s go, and their folder", async (_, text) => {
  writeFileSync(file, text);
  await tidyJournals(state);
  expect(existsSync(journal)).toBe(false);
});

test("records of a file that is gone go", async () => {
  rmSync(file);
  await tidyJournals(state);
  expect(existsSync(journal)).toBe(false);
});

test("records of a file that cannot be parsed stay", async () => {
  writeFileSync(file, '{"context_servers": {');
  await tidyJournals(state);
  expect(records()).toHaveLength(2);
});

test("a damaged record goes with its bytes; the others, and one of a newer km, stay", async () => {
  writeFileSync(join(journal, "000001.json"), "{{{");
  writeFileSync(join(journal, "000003.json"), '{"version": 2}');
  writeFileSync(join(journal, "000003.original"), "");
  await tidyJournals(state);
  expect(readdirSync(journal).toSorted()).toEqual(["000002.json", "000002.original", "000003.json", "000003.original"]);
});
