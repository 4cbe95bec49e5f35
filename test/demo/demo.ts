/**
 * `bun run demo`: an MCP client talks to a real server through the built km, then km shows what it saw. Everything
 * happens in a temporary home, which is removed at the end.
 */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import pc from "picocolors";
import { KM, makeHome } from "../e2e/km.ts";
import { heading, kmEnvironment, typed } from "./narration.ts";

const ROOT = join(import.meta.dir, "../..");
const EVERYTHING = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));
const SERVER = ["node", relative(ROOT, EVERYTHING)];
/** Looks like a token of GitHub's and is none. */
const TOKEN = `ghp_${"0123456789".repeat(4).slice(0, 36)}`;

using home = makeHome();
process.once("SIGINT", () => {
  home[Symbol.dispose]();
  process.exit(130);
});

heading("An MCP client starts its server through km", "In the client's configuration km stands before the command:");
const monitor = ["monitor", "--name", "everything", "--", ...SERVER];
typed(monitor);
await talk();

heading("Which sessions were recorded?");
await km("sessions");
heading("What happened in the latest one?");
await km("logs");
heading("Which calls failed, and which took longer than a second?");
await km("logs", "is:error or dur:>1s");
heading("What was said in a call? The token in it was masked before it was written to disk.");
await km("logs", "tool:echo", "--payload");
heading("How often was each thing asked for, and how long did it take?");
await km("stats");
console.log(`\n${pc.green("Done.")} The temporary home ${home.folder} is removed now.`);

/** What a client does in a session, each answer in one line. */
async function talk(): Promise<void> {
  const client = new Client({ name: "km-demo", version: "1.0.0" });
  const transport = new StdioClientTransport({
    command: KM,
    args: monitor,
    env: home.env,
    cwd: ROOT,
    stderr: "inherit",
  });
  await client.connect(transport);
  try {
    const { name = "?", version = "?" } = client.getServerVersion() ?? {};
    answer("initialize", `${name} ${version}`);
    const { tools } = await client.listTools();
    answer("tools/list", `${tools.length} tools, such as ${tools[0]?.name} and ${tools[1]?.name}`);
    await call(client, "echo", { message: `My token is ${TOKEN}` });
    await call(client, "get-sum", { a: 2, b: 40 });
    await call(client, "get-sum", { a: "two", b: 40 });
    await call(client, "trigger-long-running-operation", { duration: 1.5, steps: 3 });
    const { resources } = await client.listResources();
    answer("resources/list", `${resources.length} resources`);
    const [resource] = resources;
    if (resource !== undefined) {
      const { contents } = await client.readResource({ uri: resource.uri });
      answer(`resources/read ${resource.uri}`, JSON.stringify(contents));
    }
    const { messages } = await client.getPrompt({ name: "args-prompt", arguments: { city: "Reykjavik" } });
    answer("prompts/get args-prompt", JSON.stringify(messages));
  } finally {
    await client.close();
  }
}

async function call(client: Client, name: string, input: Record<string, unknown>): Promise<void> {
  const started = performance.now();
  const { isError, content } = await client.callTool({ name, arguments: input });
  const took = `${Math.round(performance.now() - started)} ms`;
  answer(`tools/call ${name} ${JSON.stringify(input)}`, `${isError ? "error " : ""}${JSON.stringify(content)}`, took);
}

function answer(request: string, text: string, took = ""): void {
  const line = text.length > 90 ? `${text.slice(0, 89)}…` : text;
  console.log(`  ${pc.cyan("→")} ${request}\n  ${pc.cyan("←")} ${line}${took && pc.dim(` ${took}`)}`);
}

async function km(...words: string[]): Promise<void> {
  typed(words);
  const { exited } = Bun.spawn([KM, ...words], {
    env: kmEnvironment(home.env),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exitCode = await exited;
  if (exitCode !== 0) throw new Error(`km ${words.join(" ")} ended with exit code ${exitCode}`);
}
