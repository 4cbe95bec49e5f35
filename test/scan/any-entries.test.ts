/** Whatever stands in a client's file: a scan ends, and what it finds can be printed. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { asJunit } from "../../src/scan/junit.ts";
import { asSarif } from "../../src/scan/sarif.ts";
import { ScannedHome } from "./scanned-home.ts";

/** Words that rules look for, in any order and among others. */
const word = fc.oneof(
  fc.constantFrom(
    ..."npx -y -p --package= uvx --from uv tool run docker -v --mount --privileged / ~ sh -c cmd /c km monitor -- env".split(
      " ",
    ),
    "curl x | sh",
    "${A}",
    "http://x",
    "a@1.0.0",
    "-e",
    "TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const value = fc.oneof(word, fc.array(word, { maxLength: 6 }), fc.dictionary(fc.string(), word), fc.jsonValue());
const name = fc.oneof(
  fc.constantFrom("command", "args", "env", "headers", "url", "autoApprove", "cwd", "type", "disabled"),
  fc.string(),
);
const entry = fc.oneof(
  fc.record({ command: word, args: fc.array(word, { maxLength: 12 }) }),
  fc.dictionary(name, value),
  fc.jsonValue(),
);

test("any entries: nothing is thrown, and SARIF and JUnit are made", async () => {
  using home = new ScannedHome();
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), entry, { maxKeys: 4 }), async (mcpServers) => {
      home.write(".cursor/mcp.json", { mcpServers });
      const report = await home.scan();
      expect(report.unread).toEqual([]);
      const places = { platform: process.platform, env: {}, home: home.folder, cwd: home.project };
      expect(JSON.parse(asSarif(report, places, true))).toBeDefined();
      expect(asJunit(report, () => true, places)).toEndWith("</testsuites>\n");
      expect(JSON.stringify(report.findings)).not.toContain("ghp_abcdefghijklmnopqrstuvwxyz0123456789");
    }),
    { numRuns: 300 },
  );
}, 60_000);
