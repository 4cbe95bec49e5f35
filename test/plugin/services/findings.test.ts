import { expect, test } from "bun:test";
import { rmSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import { removeSession } from "../../../src/journal/retention.ts";
import { type Finding, FindingLog, findingFrom, readFindings } from "../../../src/plugin/services/findings.ts";
import { TemporaryFolder } from "./folders.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const redactor = createRedactor();

function makeFinding(changes: Partial<Finding> = {}): Finding {
  return {
    time: NOW.toISOString(),
    plugin: "scanner",
    severity: "high",
    code: "SECRET",
    title: "A secret",
    ...changes,
  };
}

test("FindingLog writes findings that readFindings gives back, for their owner only", async () => {
  using folder = new TemporaryFolder();
  const log = new FindingLog(folder.path, redactor);
  const findings = [makeFinding({ seq: 7, tool: "read", evidence: "\u001b[2J" }), makeFinding({ severity: "info" })];
  for (const finding of findings) expect(log.append(finding)).toBe("written");
  log.close();
  expect(await readFindings(folder.path)).toEqual(findings);
  expect(statSync(join(folder.path, "findings.ndjson")).mode & 0o777).toBe(0o600);
  expect(await Bun.file(join(folder.path, "findings.ndjson")).text()).not.toContain("\u001b");
});

test("readFindings gives what km and a plugin both found once, and what two plugins mean by a short key twice", async () => {
  using folder = new TemporaryFolder();
  for (const plugin of ["km", "guard"]) {
    const log = new FindingLog(folder.path, redactor);
    for (const key of ["0123456789abcdef", "1"]) log.append(makeFinding({ plugin, key, seq: 7 }));
    log.close();
  }
  const found = await readFindings(folder.path);
  expect(found.map(({ plugin, key }) => [plugin, key])).toEqual([
    ["km", "0123456789abcdef"],
    ["km", "1"],
    ["guard", "1"],
  ]);
});

test("FindingLog masks secrets and cuts what is too long", async () => {
  using folder = new TemporaryFolder();
  const log = new FindingLog(folder.path, redactor);
  const evidence = `password=hunter2hunter2 ${"x".repeat(10_000)}`;
  log.append(makeFinding({ code: "C".repeat(500), title: `password=hunter2hunter2 ${"t".repeat(500)}`, evidence }));
  log.close();
  const [finding] = await readFindings(folder.path);
  expect([finding?.code.length, finding?.title.length, finding?.evidence?.length]).toEqual([100, 200, 2048]);
  expect(JSON.stringify(finding)).not.toContain("hunter2");
});

test("FindingLog takes ten thousand and says that there were more, over several hosts", async () => {
  using folder = new TemporaryFolder();
  const write = (count: number): number => {
    const log = new FindingLog(folder.path, redactor);
    const written = Array.from({ length: count }, () => log.append(makeFinding()));
    log.close();
    return written.filter((one) => one === "lost").length;
  };
  expect(write(6000)).toBe(0);
  expect(write(4005)).toBe(5);
  expect(write(3)).toBe(3);
  const findings = await readFindings(folder.path);
  expect(findings).toHaveLength(10_001);
  expect(findings.at(-1)).toMatchObject({ code: "TOO_MANY_FINDINGS", severity: "info" });
});

test("FindingLog says what cannot be written and makes no folder", async () => {
  using folder = new TemporaryFolder();
  const session = join(folder.path, "session");
  const log = new FindingLog(session, redactor);
  expect(log.append(makeFinding())).toBe("lost");
  await mkdir(session);
  expect(log.append(makeFinding())).toBe("written");
  log.close();
  expect(await readFindings(session)).toHaveLength(1);
});

test("removeSession takes the findings and the status of plugins with it, though more are found", async () => {
  using folder = new TemporaryFolder();
  const session = join(folder.path, "session");
  await Bun.write(join(session, "session.json"), "{}");
  await Bun.write(join(session, "plugins", "scanner.json"), "{}");
  const log = new FindingLog(session, redactor);
  log.append(makeFinding());
  rmSync(join(session, "findings.ndjson"));
  log.append(makeFinding()); // between the first step of the removal and the last
  expect(await removeSession(session)).toBeTrue();
  log.append(makeFinding());
  log.close();
  expect(await Array.fromAsync(new Bun.Glob("**").scan({ cwd: folder.path, onlyFiles: false }))).toEqual([]);
});

test("FindingLog takes the first of those with one key, of each plugin, also for a later host", async () => {
  using folder = new TemporaryFolder();
  const finding = makeFinding({ key: "a1", place: "content[0].text", owasp: "MCP03", seq: 3 });
  const append = (...findings: Finding[]): string[] => {
    const log = new FindingLog(folder.path, redactor);
    const recorded = findings.map((one) => log.append(one));
    log.close();
    return recorded;
  };
  expect(append(finding, { ...finding, seq: 4 }, { ...finding, plugin: "other" })).toEqual([
    "written",
    "known",
    "written",
  ]);
  expect(append({ ...finding, seq: 5 }, { ...finding, key: "b2" })).toEqual(["known", "written"]);
  const read = await readFindings(folder.path);
  expect(read.map(({ plugin, key, seq }) => `${plugin} ${key} ${seq}`)).toEqual([
    "scanner a1 3",
    "other a1 3",
    "scanner b2 3",
  ]);
  expect(read[0]).toEqual(finding);
});

test("readFindings skips torn lines and what a restarted plugin found again", async () => {
  using folder = new TemporaryFolder();
  const lines = [
    makeFinding({ seq: 1 }),
    makeFinding({ seq: 1, time: "2026-01-02T03:04:06.000Z" }),
    makeFinding({ seq: 2 }),
    makeFinding(),
    makeFinding(),
  ].map((finding) => JSON.stringify(finding));
  await Bun.write(join(folder.path, "findings.ndjson"), `${lines.join("\n")}\n{"time":"2026\n\n[1]\n`);
  expect((await readFindings(folder.path)).map(({ seq }) => seq)).toEqual([1, 2, undefined, undefined]);
  expect(await readFindings(join(folder.path, "none"))).toEqual([]);
});

test("findingFrom takes the parameters of a km/finding", () => {
  const more = { place: "arguments.url", owasp: "MCP10", key: "0a1b" };
  const params = { severity: "low", code: "C", title: "T", event_id: "s1/12", evidence: "e", ...more, more: 1 };
  expect(findingFrom(params, "scanner", "s1", NOW)).toEqual({
    time: "2026-01-02T03:04:05.678Z",
    plugin: "scanner",
    severity: "low",
    code: "C",
    title: "T",
    seq: 12,
    evidence: "e",
    ...more,
  });
});

test.each(["s2/12", "s1/", "s1/x", "s1/-1", "s1/1.5", 12])("findingFrom leaves out the event %j", (event_id) => {
  const finding = findingFrom({ severity: "low", code: "C", title: "T", event_id }, "scanner", "s1", NOW);
  expect(finding).not.toHaveProperty("seq");
  expect(finding).toHaveProperty("code", "C");
});

test.each([{ key: "a b" }, { key: "" }, { key: 1 }, { owasp: "MCP03 " }, { owasp: "the third" }, { place: 1 }])(
  "findingFrom leaves out %j",
  (more) => {
    const finding = findingFrom({ severity: "low", code: "C", title: "T", ...more }, "scanner", "s1", NOW);
    expect(finding).toEqual({ time: NOW.toISOString(), plugin: "scanner", severity: "low", code: "C", title: "T" });
  },
);

test.each([
  [undefined, "severity"],
  [{ severity: "worst", code: "C", title: "T" }, "severity"],
  [{ severity: "low", title: "T" }, "code"],
  [{ severity: "low", code: "C", title: 1 }, "title"],
])("findingFrom refuses %j and says why", (params, reason) => {
  expect(findingFrom(params, "scanner", "s1", NOW)).toContain(reason);
});
