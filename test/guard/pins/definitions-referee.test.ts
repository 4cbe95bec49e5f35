/** What passes of a server's tools, and what is left out until it is accepted. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SessionFindings } from "../../../plugins/guard/session-findings.ts";
import { acceptDefinitions } from "../../../src/guard/pins/accept-definitions.ts";
import { DefinitionsReferee } from "../../../src/guard/pins/definitions-referee.ts";
import { pinFile, readPins } from "../../../src/guard/pins/pin-store.ts";
import { serverIdentity } from "../../../src/guard/pins/server-identity.ts";
import { answer, call, heldListing, listing, SERVER, TemporaryFolder, tool } from "./make-listing.ts";

type Action = "allow" | "warn" | "block";

const BLOCK = { new: "block", changed: "block" } as const;
const PASS = { action: "pass" } as const;

function referee(data: TemporaryFolder, actions: { new: Action; changed: Action } = BLOCK, server = SERVER) {
  return new DefinitionsReferee({ dataFolder: data.path, server, actions });
}

async function accept(data: TemporaryFolder, name: string): Promise<void> {
  const server = serverIdentity(SERVER);
  const pins = await readPins(data.path, server);
  const listed = pins?.tools.find((one) => one.name === name)?.listed;
  if (listed === undefined) throw new Error(`${name} is not in question`);
  await acceptDefinitions(data.path, server, [{ name, accepted: listed }], new Date());
}

test("first sight passes, and the facts have annotations and status", async () => {
  using data = new TemporaryFolder();
  const first = referee(data);
  expect(await first.facts()).toBeUndefined();
  const { verdict, facts, say, findings } = await first.judge(listing([tool("a")]));
  expect([verdict, say, findings]).toEqual([PASS, [], []]);
  expect(facts).toEqual({ tools: { a: { status: "accepted", annotations: { readOnlyHint: true } } } });
  expect(await referee(data).facts()).toEqual(facts);
});

test("what was not accepted is taken out, and every other byte stays", async () => {
  using data = new TemporaryFolder();
  await referee(data).judge(listing([tool("a"), tool("b")]));
  const text =
    '{ "jsonrpc":"2.0" ,"id":9007199254740993, "result": {"tools" : [ {"name":"new"} , ' +
    `${JSON.stringify(tool("a"))}\t, ${JSON.stringify(tool("b", "steal"))}, 7 ],"x":1.0}}`;
  const { verdict, facts, say, findings } = await referee(data).judge(heldListing(text));
  expect(verdict).toMatchObject({
    action: "modify",
    by: "policy: tools.changed",
    text: `{ "jsonrpc":"2.0" ,"id":9007199254740993, "result": {"tools" : [ ${JSON.stringify(tool("a"))} ],"x":1.0}}`,
  });
  expect(facts?.tools).toMatchObject({ a: { status: "accepted" }, b: { status: "changed" }, new: { status: "new" } });
  expect(say).toHaveLength(2);
  expect(say[0]).toContain("files says something else of tools than when they were accepted: b.");
  expect(findings.map(({ rule, severity, tool, title, owasp }) => [rule, severity, tool, title, owasp])).toEqual([
    ["changed-definition", "high", "b", "b: Is not defined as it was accepted: description", "MCP03"],
    ["new-tool", "medium", "new", "new: Is a tool that was not there when the server's tools were accepted", "MCP03"],
  ]);
});

test("of listings that come at once the first is the first", async () => {
  for (let time = 0; time < 20; time++) {
    using data = new TemporaryFolder();
    const both = referee(data);
    const [first, second] = await Promise.all([tool("a"), tool("a", "other")].map((one) => both.judge(listing([one]))));
    expect([first?.verdict, second?.verdict.action]).toEqual([PASS, "modify"]);
  }
});

test("what the plugin guard finds of the same listings has the same keys", async () => {
  using data = new TemporaryFolder();
  const first = referee(data);
  const plugin = new SessionFindings({ name: "files", cwd: "/", roots: [], resultBytes: 1000 });
  for (const tools of [[tool("a")], [tool("a", "other"), tool("b")]]) {
    const held = listing(tools);
    const { findings } = await first.judge(held);
    const event = { type: "response", direction: "response", method: "tools/list", bytes: 1, raw: held.text } as const;
    const found = plugin.inspect({ ...event, message: JSON.parse(held.text) });
    expect(found.map(({ key }) => key).sort()).toEqual(findings.map(({ key }) => key).sort());
    expect(findings).toHaveLength(tools.length === 1 ? 0 : 2);
  }
});

test("a changed tool keeps the annotations that were accepted", async () => {
  using data = new TemporaryFolder();
  await referee(data).judge(listing([{ ...tool("a"), annotations: { destructiveHint: true } }]));
  const { facts } = await referee(data).judge(listing([{ ...tool("a"), annotations: { destructiveHint: false } }]));
  expect(facts?.tools["a"]).toEqual({ status: "changed", annotations: { destructiveHint: true } });
});

test("a call works as soon as another process has accepted the tool, and not before", async () => {
  using data = new TemporaryFolder();
  const first = referee(data);
  await first.judge(listing([tool("a")]));
  await first.judge(listing([tool("a", "other"), tool("b")]));
  for (const [name, by] of [
    ["a", "policy: tools.changed"],
    ["b", "policy: tools.new"],
  ] as const) {
    const before = await first.judge(call(name));
    expect(before.verdict).toMatchObject({ action: "block", by });
    await accept(data, name);
    const after = await first.judge(call(name));
    expect(after.verdict).toEqual(PASS);
    expect(after.facts?.tools[name]?.status).toBe("accepted");
  }
  const { verdict } = await first.judge(listing([tool("a", "other"), tool("b")]));
  expect(verdict).toEqual(PASS);
});

test("a tool that was changed in the last session is blocked in the next before anything is listed", async () => {
  using data = new TemporaryFolder();
  await referee(data).judge(listing([tool("a"), tool("b")]));
  await referee(data).judge(listing([tool("a", "other"), tool("b")]));
  for (const actions of [{ new: "block", changed: "block" } as const, { new: "allow", changed: "block" } as const]) {
    const next = referee(data, actions);
    expect((await next.facts())?.tools).toMatchObject({ a: { status: "changed" }, b: { status: "accepted" } });
    expect((await next.judge(call("a"))).verdict).toMatchObject({ action: "block", by: "policy: tools.changed" });
    expect((await next.judge(call("b"))).verdict).toEqual(PASS);
    // Nor is it enough to leave it out once.
    await next.judge(listing([tool("b")]));
    expect((await next.judge(call("a"))).verdict).toMatchObject({ action: "block", by: "policy: tools.changed" });
  }
});

test("a first listing without an end is said", async () => {
  using data = new TemporaryFolder();
  const first = referee(data);
  const many = Array.from({ length: 2001 }, (_, index) => tool(`t${index}`));
  const { verdict, say } = await first.judge(listing(many, "2"));
  expect(verdict).toMatchObject({ action: "modify", by: "policy: tools.new" });
  expect(say.join("\n")).toContain("There is no end to the tools of files");
});

test("a call to a tool that was never listed is one to a new tool, but for a server that never listed any", async () => {
  using data = new TemporaryFolder();
  expect((await referee(data).judge(call("a"))).verdict).toEqual(PASS);
  await referee(data).judge(listing([tool("a")]));
  expect((await referee(data).judge(call("hidden"))).verdict).toMatchObject({
    action: "block",
    by: "policy: tools.new",
  });
});

test("warn lets all pass, and says each change once", async () => {
  using data = new TemporaryFolder();
  const actions = { new: "warn", changed: "warn" } as const;
  await referee(data, actions).judge(listing([tool("a")]));
  const second = referee(data, actions);
  const changed = listing([tool("a", "other\u001b[2J"), tool("b\u202e")]);
  const { verdict, say } = await second.judge(changed);
  expect(verdict).toEqual(PASS);
  expect(say.join("\n")).toContain("b\\u202e");
  expect((await second.judge(changed)).say).toEqual([]);
  expect((await second.judge(call("a"))).verdict).toEqual(PASS);
});

test("allow says nothing, and accepts", async () => {
  using data = new TemporaryFolder();
  const actions = { new: "allow", changed: "allow" } as const;
  await referee(data, actions).judge(listing([tool("a")]));
  const { verdict, say, findings } = await referee(data, actions).judge(listing([tool("a", "other"), tool("b")]));
  expect([verdict, say, findings]).toEqual([PASS, [], []]);
  expect((await referee(data).judge(listing([tool("a", "other"), tool("b")]))).verdict).toEqual(PASS);
});

test("all pages of the first listing are accepted, and a tool on a later page is new after that", async () => {
  using data = new TemporaryFolder();
  const first = referee(data);
  expect((await first.judge(listing([tool("a")], "2"))).verdict).toEqual(PASS);
  expect((await first.judge(listing([tool("b")], undefined, "2"))).verdict).toEqual(PASS);
  await first.judge(listing([tool("a")], "2"));
  const { verdict } = await first.judge(listing([tool("b"), tool("c")], undefined, "2"));
  expect(verdict).toMatchObject({ action: "modify", by: "policy: tools.new", text: answer([tool("b")]) });
});

test.each([
  ["errors", '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}'],
  ["what has no tools", '{"jsonrpc":"2.0","id":1,"result":{}}'],
  ["tools that are no list", '{"jsonrpc":"2.0","id":1,"result":{"tools":{}}}'],
])("%s pass", async (_, text) => {
  using data = new TemporaryFolder();
  expect((await referee(data).judge(heldListing(text))).verdict).toEqual(PASS);
});

test.each([
  ["more definitions than anybody has", `{"id":1,"result":{"tools":[${'{"name":"x"},'.repeat(10_000)}{}]}}`],
  ["no JSON", '{"jsonrpc":"2.0","id":1,"result":{"tools":[NaN]}}'],
  ["two results", '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"x"}]},"result":{"tools":[]}}'],
  ["two names", '{"id":1,"result":{"tools":[{"name":"y","name":"x"}]}}'],
  ["a second name in other letters", '{"id":1,"result":{"tools":[{"name":"y","Name":"x"}]}}'],
  ["a name in other letters alone", '{"id":1,"result":{"tools":[{"NAME":"x"}]}}'],
  ["tools in other letters", '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"Tools":[{"name":"x"}]}}'],
])("what readers may see differently passes only where nothing is blocked: %s", async (_, text) => {
  using data = new TemporaryFolder();
  expect((await referee(data).judge(heldListing(text))).verdict).toMatchObject({ action: "block" });
  const changed = await referee(data, { new: "warn", changed: "block" }).judge(heldListing(text));
  expect(changed.verdict).toMatchObject({ action: "block" });
  const warned = await referee(data, { new: "warn", changed: "warn" }).judge(heldListing(text));
  expect(warned.verdict).toEqual(PASS);
  expect(warned.say[0]).toContain("Cannot tell which tools files lists");
});

test("a damaged file is said, blocks where tools are blocked, and is not pinned anew", async () => {
  using data = new TemporaryFolder();
  await referee(data).judge(listing([tool("a")]));
  writeFileSync(pinFile(data.path, serverIdentity(SERVER)), "{}");
  const { verdict, say } = await referee(data).judge(listing([tool("a", "other")]));
  expect(verdict).toMatchObject({ action: "block", reason: expect.stringContaining("Restore it from a backup") });
  expect(say[0]).toStartWith("Cannot use ");
  expect((await referee(data).judge(call("a"))).verdict.action).toBe("block");
  expect(
    await referee(data)
      .facts()
      .catch((error: unknown) => error),
  ).toMatchObject({ code: "PIN_001" });
  const warned = await referee(data, { new: "warn", changed: "warn" }).judge(listing([tool("a")]));
  expect([warned.verdict, warned.say.length]).toEqual([PASS, 1]);
});

test("where nothing can be written the session goes on, and knows for itself what it saw first", async () => {
  using data = new TemporaryFolder();
  mkdirSync(join(data.path, "pins/.lock"), { recursive: true }); // so that nobody can have it
  const first = referee(data);
  const { verdict, say } = await first.judge(listing([tool("a")]));
  expect(verdict).toEqual(PASS);
  expect(say.join()).toContain("It is known in this session only");
  expect((await first.judge(listing([tool("a", "other")]))).verdict.action).toBe("modify");
  expect((await first.judge(call("a"))).verdict.action).toBe("block");
});

test("a server of a known name with another command is accepted anew, and that is said", async () => {
  using data = new TemporaryFolder();
  await referee(data).judge(listing([tool("a")]));
  const upgraded = { ...SERVER, command: ["npx", "-y", "files-server@2.0.0"] };
  expect((await referee(data, BLOCK, upgraded).judge(listing([tool("a", "other")]))).verdict.action).toBe("modify");
  const other = { ...SERVER, command: ["npx", "-y", "other-server"] };
  const { verdict, say } = await referee(data, BLOCK, other).judge(listing([tool("a", "other")]));
  expect(verdict).toEqual(PASS);
  expect(say).toEqual([
    "files is started by another command than before: its tools are accepted as first seen. See km tools list",
  ]);
  const renamed = await referee(data, BLOCK, { ...SERVER, name: "papers" }).judge(listing([tool("a")]));
  expect(renamed.say).toEqual([
    "papers was known by another name: its tools are accepted as first seen. See km tools list",
  ]);
});
