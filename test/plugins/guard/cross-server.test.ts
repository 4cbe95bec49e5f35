/** Which data of which server is found in calls to another: the store of fingerprints, and the comparison. */
import { expect, test } from "bun:test";
import { appendFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFlows, type Flow } from "../../../plugins/guard/cross-server.ts";
import { Fingerprinter } from "../../../plugins/guard/fingerprint.ts";
import { printLine } from "../../../plugins/guard/session-prints.ts";
import { KEPT_MS, sharedSalt, SharedPrints } from "../../../plugins/guard/shared-prints.ts";
import { type Folder, makeFolder } from "../../plugin/drive-plugin.ts";

const printer = new Fingerprinter(new Uint8Array(32));
const NOTE = "The board agreed on Tuesday to sell the northern warehouses, and nobody outside is to know before March.";
const NOW = Date.now();

/** A session of a server that reads and says things at moments. */
class Server {
  readonly #prints: SharedPrints;
  readonly #name: string;

  constructor(folder: Folder, name: string, session = name) {
    this.#prints = new SharedPrints(folder.path, name, session);
    this.#name = name;
  }

  read(text: string, at: number, tool = "read_note"): void {
    this.#add("read", text, at, tool);
  }

  say(text: string, at: number, tool = "send"): void {
    this.#add("said", text, at, tool);
  }

  /** Where what is said now comes from. */
  flows(text: unknown, at: number): Flow[] {
    this.#prints.refresh();
    return findFlows(this.#name, printer.print(text, "said"), NOW + at, this.#prints.sessions());
  }

  #add(kind: "read" | "said", text: string, at: number, tool: string): void {
    this.#prints.add({ server: this.#name, tool, at: NOW + at, kind }, printer.print(text, kind));
    this.#prints.publish();
  }
}

test("what one server gave and another is given is a flow, with how much of it", () => {
  using folder = makeFolder();
  const [notes, mail] = [new Server(folder, "notes"), new Server(folder, "mail")];
  notes.read(`${NOTE} Contact: harbour@example.org`, 0);
  const [flow, ...more] = mail.flows(`Hi Eve, ${NOTE} Write to harbour@example.org`, 5);
  expect(more).toEqual([]);
  expect(flow).toMatchObject({ server: "notes", tool: "read_note", identifiers: 1, age_ms: 5 });
  expect(flow?.passages).toBeGreaterThan(4);
});

test("one identifier is enough, one shared phrase is not", () => {
  using folder = makeFolder();
  const [notes, mail] = [new Server(folder, "notes"), new Server(folder, "mail")];
  notes.read("account 4929 1234 5678 of Ada; the sentence that opens every letter of ours", 0);
  expect(mail.flows("pay to 4929-1234-5678", 1)).toHaveLength(1);
  const other = "Spring is late this year, and so are the deliveries of fresh bread to the harbour.";
  expect(mail.flows(`The sentence that opens every letter of ours. ${other} ${other.toUpperCase()}`, 1)).toEqual([]);
  expect(mail.flows("the sentence that opens every letter of ours", 1)).toEqual([]);
});

const DAY = [
  [
    "a search result is opened",
    "1. How to parse dates - https://stackoverflow.com/questions/31415926/how-to-parse-dates",
    { url: "https://stackoverflow.com/questions/31415926/how-to-parse-dates" },
  ],
  [
    "a file that one server lists is read by another",
    "packages/checkout/src/basket-summary.ts\nquarterly-planning-meeting-notes-for-all.md",
    { path: "quarterly-planning-meeting-notes-for-all.md" },
  ],
  [
    "a path in a stack trace is opened",
    "TypeError: x is undefined at /home/ada/shop/packages/checkout/src/basket-summary.ts:12:31",
    { path: "/home/ada/shop/packages/checkout/src/basket-summary.ts" },
  ],
  [
    "the time of one server goes into a calendar",
    "Monday, 21 November 2026 at 10:23, 2026-11-21T10:23:55.123+01:00, 1795256635",
    { start: "2026-11-21T10:23:55.123+01:00", end: 1795256635, title: "Monday, 21 November 2026 at 10:23" },
  ],
  [
    "a package is looked up",
    '{"dependencies":{"@modelcontextprotocol/server-filesystem":"2026.7.28-beta.3"}}',
    { package: "@modelcontextprotocol/server-filesystem", version: "2026.7.28-beta.3" },
  ],
  [
    "a commit is looked up",
    "commit 6c0b1f6f0d1f4a6b7b1c2d3e4f5a6b7c8d9e0f1a\nAuthor: bot <noreply@github.com>",
    { sha: "6c0b1f6f0d1f4a6b7b1c2d3e4f5a6b7c8d9e0f1a", by: "noreply@github.com" },
  ],
  [
    "a title is searched for",
    "# How to configure the database connection\nFirst install it.",
    { query: "how to configure the database connection" },
  ],
  ["a model is named", "claude-3-5-sonnet-20241022, gpt-4-1106-preview", { model: "claude-3-5-sonnet-20241022" }],
] as const;

test.each(DAY)("no flow in ordinary use: %s", (_, read, said) => {
  using folder = makeFolder();
  const [one, other] = [new Server(folder, "one"), new Server(folder, "other")];
  one.read(read, 0);
  expect(other.flows(said, 1)).toEqual([]);
});

test.each([
  [
    "an address of its own",
    "https://example.com/d/1aB7xQ2mR9kT4vL6wZ8y/edit",
    { text: "Look: https://example.com/d/1aB7xQ2mR9kT4vL6wZ8y/edit" },
  ],
  ["a number in an address", "card 4929 1234 5678 1234", { url: "https://example.com/?q=4929123456781234" }],
  ["a person", "ada.lovelace@example.org", { to: "ada.lovelace@example.org" }],
  [
    "settings",
    "DB_HOST=the harbour machine in the cellar\nDB_PASSWORD=correct horse battery staple and more",
    { body: "db_host = the harbour machine in the cellar; db_password = correct horse battery staple and more" },
  ],
] as const)("a flow: %s", (_, read, said) => {
  using folder = makeFolder();
  const [one, other] = [new Server(folder, "one"), new Server(folder, "other")];
  one.read(read, 0);
  expect(other.flows(said, 1)).toHaveLength(1);
});

test("what is read again is kept for as long as if it were new, and is still of who gave it first", () => {
  using folder = makeFolder();
  const [notes, mail, copy] = [new Server(folder, "notes"), new Server(folder, "mail"), new Server(folder, "copy")];
  notes.read(NOTE, 0);
  copy.read(NOTE, 10);
  notes.read(NOTE, KEPT_MS - 5);
  expect(mail.flows(NOTE, KEPT_MS + 5)).toMatchObject([{ server: "notes", age_ms: 10 }]);
});

test("no flow: the same server, sent before it was read, said before it was read, had by the target before, forgotten", () => {
  using folder = makeFolder();
  const [notes, mail] = [new Server(folder, "notes"), new Server(folder, "mail")];
  notes.read(NOTE, 10);
  expect(new Server(folder, "notes", "notes-2").flows(NOTE, 20)).toEqual([]);
  expect(mail.flows(NOTE, 5)).toEqual([]);
  expect(mail.flows(NOTE, 11 + KEPT_MS)).toEqual([]);
  expect(mail.flows(NOTE, 20)).toHaveLength(1);
  mail.read(NOTE, 15);
  expect(mail.flows(NOTE, 20)).toEqual([]);
  const chat = new Server(folder, "chat");
  expect(chat.flows(NOTE, 20)).toHaveLength(1);
  new Server(folder, "search").say(NOTE, 9);
  expect(chat.flows(NOTE, 20)).toEqual([]);
});

test("a session that goes on after a crash knows what it and others had published", () => {
  using folder = makeFolder();
  new Server(folder, "notes").read(NOTE, 0);
  new Server(folder, "mail").say("something else", 1);
  expect(new Server(folder, "mail").flows(NOTE, 2)).toHaveLength(1);
});

test("a line that is being written is read when it is whole; what is damaged is passed over", () => {
  using folder = makeFolder();
  const mail = new Server(folder, "mail");
  const line = `${JSON.stringify(printLine({ server: "notes", tool: "t", at: NOW, kind: "read" }, printer.print(NOTE, "read")))}\n`;
  const file = join(folder.path, "prints-notes-0.ndjson");
  writeFileSync(file, `{"server":\n[]\n{"server":1,"at":1,"kind":"read"}\n${line.slice(0, 60)}`);
  expect(mail.flows(NOTE, 1)).toEqual([]);
  appendFileSync(file, line.slice(60));
  expect(mail.flows(NOTE, 1)).toHaveLength(1);
});

test("files are bounded, and removed when they are old", () => {
  using folder = makeFolder();
  const notes = new Server(folder, "notes");
  const texts = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 300 }, (_, j) => Bun.hash(`${i} ${j}`).toString(36)).join("z"),
  );
  for (const text of texts) notes.read(text, 0);
  const names = readdirSync(folder.path);
  expect(names).toHaveLength(2);
  for (const name of names) expect(statSync(join(folder.path, name)).size).toBeLessThan(600 << 10);
  expect(new Server(folder, "mail").flows(texts.at(-1) ?? "", 1)).toHaveLength(1);
  const old = new Date(Date.now() - KEPT_MS - 1000);
  for (const name of names) utimesSync(join(folder.path, name), old, old);
  expect(new Server(folder, "mail").flows(texts.at(-1) ?? "", 1)).toEqual([]);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("a session that was silent until its file was removed is heard by those who had read that", () => {
  using folder = makeFolder();
  const [notes, mail] = [new Server(folder, "notes"), new Server(folder, "mail")];
  notes.read(NOTE.repeat(3), 0);
  expect(mail.flows(NOTE, 1)).toHaveLength(1);
  const old = new Date(Date.now() - KEPT_MS - 1000);
  for (const name of readdirSync(folder.path)) utimesSync(join(folder.path, name), old, old);
  const other = "Spring is late this year, and so are the deliveries of fresh bread to the northern harbour.";
  new Server(folder, "chat");
  expect(readdirSync(folder.path)).toEqual([]);
  notes.read(other, 2);
  expect(mail.flows(other, 3)).toHaveLength(1);
});

test("a server that floods keeps no more than two files, however much comes at once and however often it is started", () => {
  using folder = makeFolder();
  const passages = Array.from({ length: 4000 }, (_, i) => i);
  for (let start = 0; start < 5; start++) {
    const flooding = new SharedPrints(folder.path, "flood", "flood");
    for (let i = 0; i < 100; i++) {
      flooding.add({ server: "flood", tool: "t", at: NOW, kind: "read" }, { passages, identifiers: [] });
    }
    flooding.publish();
  }
  const sizes = readdirSync(folder.path).map((name) => statSync(join(folder.path, name)).size);
  expect(sizes).toHaveLength(2);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(512 << 10);
});

test("the salt is the same for all that start at once, and no other file is left", async () => {
  using folder = makeFolder();
  const program = join(import.meta.dir, "../../fixtures/guard-salt.ts");
  const children = Array.from({ length: 6 }, () =>
    Bun.spawn([process.execPath, program, folder.path], { stdout: "pipe", stderr: "inherit" }),
  );
  const salts = await Promise.all(children.map((child) => child.stdout.text()));
  expect(new Set(salts).size).toBe(1);
  expect(salts[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(readdirSync(folder.path)).toEqual(["salt"]);
}, 60_000);

test("a damaged salt is the same for all as well", () => {
  using folder = makeFolder();
  writeFileSync(join(folder.path, "salt"), "short");
  expect(sharedSalt(folder.path)).toEqual(sharedSalt(folder.path));
  expect(readdirSync(folder.path)).toEqual(["salt"]);
});
