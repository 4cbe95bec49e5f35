/** The second generation of the official SDK, of both protocol eras, through km. */
import { describe, expect, test } from "bun:test";
import { Client, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { join } from "node:path";
import { kmLogs, kmSessions, kmStats, runKm } from "./journal.ts";
import { type Home, KM, makeHome } from "./km.ts";

const SERVER = join(import.meta.dir, "../fixtures/peer-modern.ts");
const MODERN = { pin: "2026-07-28" };

interface Outcome {
  transcript: unknown[];
  stderr: string;
}

async function runScript(home: Home, mode: VersionNegotiationMode, prefix: string[]): Promise<Outcome> {
  const outcome: Outcome = { transcript: [], stderr: "" };
  const client = new Client(
    { name: "sdk2-test", version: "2.0.0" },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
  );
  client.setRequestHandler("elicitation/create", ({ params }) => {
    outcome.transcript.push(params);
    return { action: "accept", content: { city: "Ulm" } };
  });
  const [command, ...args] = [...prefix, process.execPath, SERVER];
  const transport = new StdioClientTransport({ command, args, env: home.env, stderr: "pipe" });
  transport.stderr?.on("data", (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  const note = async (result: Promise<unknown>) => {
    try {
      outcome.transcript.push(JSON.parse(JSON.stringify(await result)));
    } catch (error) {
      outcome.transcript.push(String(error));
    }
  };
  try {
    await client.connect(transport);
    outcome.transcript.push(client.getServerVersion(), client.getServerCapabilities());
    await note(client.listTools());
    await note(client.callTool({ name: "echo", arguments: { text: "語 \u2028 😀" } }));
    await note(client.callTool({ name: "broken", arguments: {} }));
    await note(client.callTool({ name: "ask", arguments: {} }));
    await note(client.callTool({ name: "ask-stateless", arguments: {} }));
    await note(client.callTool({ name: "no-such-tool", arguments: {} }));
  } finally {
    await client.close();
  }
  return outcome;
}

describe("the modern era", () => {
  test("a session is the same directly and through km", async () => {
    using home = makeHome();
    const direct = await runScript(home, MODERN, []);
    const through = await runScript(home, MODERN, [KM, "monitor", "--"]);
    expect(through).toEqual(direct);
    expect(through.stderr).toBe("");
    expect(JSON.stringify(through.transcript)).toContain("It is Ulm.");
  }, 60_000);

  test("km counts a call of several rounds once, knows both parties, and the eras' handshake", async () => {
    using home = makeHome();
    await runScript(home, MODERN, [KM, "monitor", "--name", "modern", "--"]);
    const stats = await kmStats(home);
    expect(Object.fromEntries(stats.targets.map(({ target, calls, errors }) => [target, [calls, errors]]))).toEqual({
      echo: [1, 0],
      broken: [1, 1],
      ask: [1, 0],
      "ask-stateless": [1, 0],
      "no-such-tool": [1, 1],
    });
    expect(stats.total).toMatchObject({ unanswered: 0, pending: 0 });
    // The client has asked for the era in a process of its own, which makes another session.
    expect((await kmStats(home, "--all")).methods.map(({ method }) => method)).toContain("server/discover");
    const [session] = await kmSessions(home);
    expect(session).toMatchObject({ name: "modern", state: "ended", errors: 2 });
    expect(session?.server).toMatchObject({ name: "modern", version: "2.1.0" });
    expect(session?.client).toMatchObject({ name: "sdk2-test", version: "2.0.0" });
    const ask = (await kmLogs(home)).find(({ type, tool }) => type === "request" && tool === "ask");
    expect((await runKm(home, ["show", String(ask?.seq)])).stdout).toMatch(/Rounds\s+2\b/);
  }, 60_000);
});

test("a client that probes first leaves two sound sessions", async () => {
  using home = makeHome();
  const direct = await runScript(home, "auto", []);
  const through = await runScript(home, "auto", [KM, "monitor", "--"]);
  expect(through).toEqual(direct);
  const sessions = await kmSessions(home);
  expect(sessions.length).toBeGreaterThanOrEqual(1);
  for (const { state } of sessions) expect(state).toBe("ended");
}, 60_000);

test("the legacy era of the second generation is the same directly and through km", async () => {
  using home = makeHome();
  const direct = await runScript(home, "legacy", []);
  const through = await runScript(home, "legacy", [KM, "monitor", "--"]);
  expect(through).toEqual(direct);
  expect((await kmStats(home)).methods.map(({ method }) => method)).toContain("initialize");
}, 60_000);
