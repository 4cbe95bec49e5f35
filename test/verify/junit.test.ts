/** The report for CI. */
import { expect, test } from "bun:test";
import type { ReplayResult } from "../../src/mcp/replay-result.ts";
import { junitReport } from "../../src/verify/junit.ts";

function result(changes: Partial<ReplayResult>): ReplayResult {
  return { session_id: "s", seq: 2, method: "tools/call", outcome: "same", differences: [], ...changes };
}

test("junitReport: one case for each request, and nothing that XML cannot hold", () => {
  const results = [
    result({ tool: "echo", replayed_ms: 12.5 }),
    result({
      seq: 4,
      tool: "<b>",
      outcome: "different",
      differences: [
        { path: "result.text", recorded: 'a "&" \u0001', replayed: "\ud800" },
        { path: "error", recorded: 1 },
      ],
    }),
    result({ seq: 6, method: "ping", outcome: "failed", reason: "no answer within 1s" }),
    result({ seq: 8, method: "ping", outcome: "skipped", reason: "no answer recorded" }),
  ];
  expect(junitReport("files", results)).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
      <testsuite name="files" tests="4" failures="1" errors="1" skipped="1" time="0.013">
        <testcase classname="files" name="2 tools/call echo" time="0.013"/>
        <testcase classname="files" name="4 tools/call &lt;b&gt;" time="0.000"><failure message="2 differences">result.text: &quot;a \\&quot;&amp;\\&quot; \\u0001&quot; -&gt; &quot;\\ud800&quot;
    error: 1 -&gt; (nothing)</failure></testcase>
        <testcase classname="files" name="6 ping" time="0.000"><error message="no answer within 1s"/></testcase>
        <testcase classname="files" name="8 ping" time="0.000"><skipped message="no answer recorded"/></testcase>
      </testsuite>
    </testsuites>
    "
  `);
});
