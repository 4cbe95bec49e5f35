/** `testText`: the test of a new plugin. */
export function testText(name: string): string {
  return `import { expect, test } from "bun:test";
import { testPlugin } from "#plugin-sdk";

const options = { cwd: import.meta.dir, configuration: { slow_ms: 1000 } };

test("${name} reports a slow call and a failed one, and no other", async () => {
  await using plugin = await testPlugin([process.execPath, "main.ts"], options);
  await plugin.send(
    { type: "response", tool: "read_file", duration_ms: 12 },
    { type: "response", tool: "search", duration_ms: 2500 },
    { type: "error", tool: "write_file", error_type: "-32602" },
  );
  expect(plugin.findings).toEqual([
    { severity: "low", code: "TOOL_SLOW", title: "search took 2500 ms", event_id: "test-session/2" },
    { severity: "medium", code: "TOOL_FAILED", title: "write_file failed", event_id: "test-session/3" },
  ]);
  expect(await plugin.stop()).toBe(0);
});
`;
}
