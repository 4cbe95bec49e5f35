/** The same client talks to a server and then to `km mock` of that session, in both eras: it gets the same results. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ClientSession } from "../fixtures/conformance/client-session.ts";
import type { Fields } from "../fixtures/conformance/message.ts";
import { MODERN } from "../fixtures/conformance/versions.ts";
import { TemporaryData } from "../journal/make-journal.ts";
import { km } from "./record-session.ts";

const MAIN = [process.execPath, join(import.meta.dir, "../../src/main.ts")];
const SERVER = [process.execPath, join(import.meta.dir, "../fixtures/conformance-server.ts"), "--stdio"];
const TIMEOUT = 30_000;

const TOOLS = [
  { name: "test_simple_text" },
  { name: "test_multiple_content_types" },
  { name: "test_tool_with_progress", _meta: { progressToken: "p" } },
  // The server asks, in the one era by a request of its own, in the other by its result.
  { name: "test_sampling", arguments: { prompt: "?" } },
  { name: "test_input_required_result_multi_round" },
  { name: "test_input_required_result_multiple_inputs" },
  { name: "test_error_handling" },
  { name: "test_simple_text" },
];

async function converse(command: string[], version: string, env: Record<string, string>): Promise<Fields[]> {
  const session = new ClientSession(command, version, env);
  try {
    await session.open();
    const results = [await session.request("tools/list"), await session.request("prompts/list")];
    for (const tool of TOOLS) results.push(await session.request("tools/call", tool));
    results.push(await session.request("resources/read", { uri: "test://static-binary" }));
    const failed = await session.request("resources/read", { uri: "test://nothing" }).catch(String);
    return [...results, { failed }];
  } finally {
    await session.close();
  }
}

describe.each(["2025-11-25", MODERN])("%s", (version) => {
  test(
    "km mock gives the client the results that the server gave it, and km verify finds the server as it was",
    async () => {
      await using data = await TemporaryData.create();
      const env = {
        PATH: process.env["PATH"] ?? "",
        HOME: data.folder,
        KM_DATA_DIR: data.folder,
        KM_CONFIG_DIR: data.folder,
      };
      const recorded = await converse([...MAIN, "monitor", "--", ...SERVER], version, env);
      expect(recorded).toHaveLength(TOOLS.length + 4);
      expect(await converse([...MAIN, "mock", "last"], version, env)).toEqual(recorded);
      expect(await converse([...MAIN, "mock", "last", "--strict"], version, env)).toEqual(recorded);
      // A state that the recorded server sealed is worth nothing to another one: it has to get its own.
      const { stdout, exitCode } = await km(data.folder, ["verify", "last", "--only-differences", "--", ...SERVER]);
      expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\d+ requests: \d+ same\n$/)]);
    },
    TIMEOUT,
  );
});
