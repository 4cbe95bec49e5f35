/** SARIF, JUnit and text of a scan, read back by others' parsers. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createColors } from "picocolors";
import type { Acceptance } from "../../src/guard/accepted/accepted-findings.ts";
import { asJunit } from "../../src/scan/junit.ts";
import { asText } from "../../src/scan/report-text.ts";
import { asSarif } from "../../src/scan/sarif.ts";
import type { ScanReport } from "../../src/scan/scan.ts";
import { ScannedHome } from "./scanned-home.ts";

/** What XML, a terminal and a URI have to be kept from. */
const NASTY = "a<b>&\"'\u0000\u001b[2J\ud800\u202e\ufffe]]>\n☃ ü";

const PYTHON = Bun.which("python3");

function placesOf(home: ScannedHome) {
  return { platform: process.platform, env: {}, home: home.folder, cwd: home.project };
}

async function nastyReport(home: ScannedHome, accepted = new Map<string, Acceptance>()): Promise<ScanReport> {
  home.write(".cursor/mcp.json", {
    mcpServers: { [NASTY]: { command: "npx", args: ["-y", `${NASTY}pkg`], autoApprove: [NASTY] } },
  });
  home.write("project/ü #%/x", "");
  home.write(".gemini/settings.json", { mcpServers: { "": { url: "http://example.com/mcp" } } });
  home.write(".codex/config.toml", "[");
  return await home.scan({ accepted });
}

interface SarifRule {
  id: string;
  shortDescription: { text: string };
  fullDescription: { text: string };
  help: { text: string };
  properties: { tags: string[]; "security-severity": string };
}

interface Sarif {
  $schema: string;
  version: string;
  runs: {
    tool: { driver: { name: string; version: string; rules: SarifRule[] } };
    originalUriBaseIds: Record<string, { uri: string }>;
    invocations: { executionSuccessful: boolean; toolExecutionNotifications: { message: { text: string } }[] }[];
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: {
        physicalLocation: { artifactLocation: { uri: string; uriBaseId?: string }; region: { startLine: number } };
      }[];
      partialFingerprints: Record<string, string>;
      suppressions: { kind: string; status: string; justification: string }[];
    }[];
  }[];
}

test("SARIF has what its schema requires, and each result its rule, file, line and key", async () => {
  using home = new ScannedHome();
  const { findings } = await nastyReport(home);
  const acceptance: Acceptance = { reason: "ours", by: "ann@host", at: "2026-01-01T00:00:00.000Z" };
  const accepted = new Map([[findings[0]?.key ?? "", acceptance]]);
  const report = await nastyReport(home, accepted);
  const log = JSON.parse(asSarif(report, placesOf(home), true)) as Sarif;
  expect([log.version, log.runs.length]).toEqual(["2.1.0", 1]);
  expect(log.$schema).toContain("sarif-schema-2.1.0.json");
  const [run] = log.runs;
  if (run === undefined) throw new Error("no run");
  const { rules } = run.tool.driver;
  expect(run.tool.driver.name).toBe("km scan");
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  expect(run.tool.driver.version).not.toBe("");
  for (const { id, shortDescription, fullDescription, help, properties } of rules) {
    expect([id, shortDescription.text, fullDescription.text, help.text]).not.toContain("");
    expect(properties["security-severity"]).toMatch(/^(?:10|\d)\.\d$/);
    expect(properties.tags.length).toBe(3);
  }
  expect(run.results.length).toBe(findings.length);
  for (const [index, result] of run.results.entries()) {
    const finding = report.findings[index];
    expect(rules[result.ruleIndex]?.id).toBe(result.ruleId);
    expect(["error", "warning", "note"]).toContain(result.level);
    expect(result.message.text).not.toBe("");
    const [location] = result.locations;
    expect(Bun.fileURLToPath(location?.physicalLocation.artifactLocation.uri ?? "")).toBe(finding?.file ?? "");
    expect(location?.physicalLocation.region.startLine).toBeGreaterThan(0);
    const key = finding?.key ?? "";
    expect(result.partialFingerprints).toEqual({ "kmFindingKey/v1": key, primaryLocationLineHash: `${key}:1` });
    const suppressions = index === 0 ? [{ kind: "external", status: "accepted", justification: "ours" }] : [];
    expect(result.suppressions).toEqual(suppressions);
  }
  expect(run.invocations[0]?.executionSuccessful).toBe(false);
  expect(run.invocations[0]?.toolExecutionNotifications[0]?.message.text).toContain("config.toml");
});

test("SARIF of a project's files names them from the repository's top, and what stands there twice apart", async () => {
  using home = new ScannedHome();
  home.write("project/.git/HEAD", "");
  const twice = `{"mcpServers":{"a":{"command":"npx","args":["b"]},\n"a":{"command":"npx","args":["b"]}}}`;
  home.write("project/packages/ü #%/.mcp.json", twice);
  home.write("project/.cursor/mcp.json", { mcpServers: { a: { command: "npx", args: ["b"] } } });
  home.writeServer({ command: "npx", args: ["c"] }, "own");
  const places = { ...placesOf(home), cwd: join(home.project, "packages/ü #%") };
  const log = JSON.parse(asSarif(await home.scan({ cwd: places.cwd }), places, false)) as Sarif;
  const results = log.runs[0]?.results ?? [];
  const base = log.runs[0]?.originalUriBaseIds["%SRCROOT%"]?.uri ?? "";
  expect(Bun.fileURLToPath(base)).toBe(`${home.project}/`);
  const locations = results.map(({ locations: [one] }) => one?.physicalLocation.artifactLocation);
  const uris = new Set(locations.map((one) => `${one?.uriBaseId ?? ""} ${one?.uri ?? ""}`));
  expect([...uris].sort()).toEqual([
    ` ${Bun.pathToFileURL(join(home.folder, ".cursor/mcp.json")).href}`,
    "%SRCROOT% .cursor/mcp.json",
    "%SRCROOT% packages/%C3%BC%20%23%25/.mcp.json",
  ]);
  const standing = results.map(({ ruleId, partialFingerprints, locations: [one] }) =>
    JSON.stringify([
      ruleId,
      partialFingerprints["primaryLocationLineHash"],
      one?.physicalLocation.artifactLocation.uri,
    ]),
  );
  expect(new Set(standing).size).toBe(results.length);
  for (const {
    locations: [one],
  } of results)
    expect(one?.physicalLocation.region.startLine).toBeGreaterThan(0);
});

test("SARIF leaves out what was accepted, unless it is asked for", async () => {
  using home = new ScannedHome();
  const first = await nastyReport(home);
  const acceptance: Acceptance = { reason: "ours", by: "ann@host", at: "2026-01-01T00:00:00.000Z" };
  const report = await nastyReport(home, new Map([[first.findings[0]?.key ?? "", acceptance]]));
  const count = (all: boolean): number =>
    (JSON.parse(asSarif(report, placesOf(home), all)) as Sarif).runs[0]?.results.length ?? 0;
  expect([count(false), count(true)]).toEqual([first.findings.length - 1, first.findings.length]);
});

test.skipIf(PYTHON === null)("JUnit is XML whatever stands in it, and counts what it holds", async () => {
  using home = new ScannedHome();
  const report = await nastyReport(home);
  const xml = asJunit(report, ({ severity }) => severity === "medium", placesOf(home));
  const script = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
suites = root.findall("testsuite")
cases = root.findall("testsuite/testcase")
print(json.dumps({
  "root": [root.tag, root.get("tests"), root.get("failures"), root.get("errors")],
  "counted": [str(len(cases)), str(len(root.findall(".//failure"))), str(len(root.findall(".//error")))],
  "suites": [[s.get("name"), s.get("tests") == str(len(s.findall("testcase")))] for s in suites],
  "failure": root.find(".//failure").get("type"),
  "text": root.find(".//failure").text,
  "output": root.find(".//system-out").text,
}))`;
  const child = Bun.spawn([PYTHON ?? "", "-c", script], { stdin: Buffer.from(xml), stdout: "pipe", stderr: "inherit" });
  const read = JSON.parse(await child.stdout.text()) as Record<string, unknown>;
  expect(await child.exited).toBe(0);
  expect(read).toMatchObject({
    root: ["testsuites", "3", "2", "1"],
    counted: ["3", "2", "1"],
    suites: [
      ["cursor ~/.cursor/mcp.json", true],
      ["gemini-cli ~/.gemini/settings.json", true],
      ["not looked at", true],
    ],
  });
  expect(String(read["text"])).toContain("medium");
  // oxlint-disable-next-line no-control-regex -- none of them may be there
  expect(xml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(String(read["output"])).toContain("info unwrapped-server MCP08");
});

test("the text is safe for a terminal, and leaves accepted findings out unless asked", async () => {
  using home = new ScannedHome();
  const first = await nastyReport(home);
  const acceptance: Acceptance = { reason: "ours", by: "ann@host", at: "2026-01-01T00:00:00.000Z" };
  const key = first.findings.find(({ rule }) => rule === "plain-http")?.key ?? "";
  const report = await nastyReport(home, new Map([[key, acceptance]]));
  const options = { places: placesOf(home), paint: createColors(false), width: 60, all: false };
  const text = asText(report, options);
  // oxlint-disable-next-line no-control-regex -- these are looked for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
  expect(text).not.toContain(key);
  expect(text).toContain("; 1 accepted");
  const all = asText(report, { ...options, all: true });
  expect(all).toContain("accepted by ann@host: ours");
  expect(all).toContain("http://example.com/mcp");
});
