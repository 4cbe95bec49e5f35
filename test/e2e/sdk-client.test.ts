/** The official clients and servers: a scripted session has the same results with km in between, and km tells it right. */
import { describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListResourcesResultSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { kmLogs, kmSessions, kmStats, runKm } from "./journal.ts";
import { type Home, KM, makeHome } from "./km.ts";

interface Outcome {
  /** What the client saw, step by step. */
  transcript: [step: string, result: unknown][];
  stderr: string;
  /** Tool, prompt or resource to `[calls, errors]`, as the script made them. */
  tally: Record<string, [calls: number, errors: number]>;
  methods: Record<string, number>;
  errors: number;
}

interface Server {
  module: string;
  args: (folder: string) => string[];
  env: (folder: string) => Record<string, string>;
  script: (session: Session, folder: string) => Promise<void>;
}

const SERVERS: Record<string, Server> = {
  everything: { module: "server-everything", args: () => ["stdio"], env: () => ({}), script: useEverything },
  filesystem: { module: "server-filesystem", args: (folder) => [folder], env: () => ({}), script: useFilesystem },
  memory: {
    module: "server-memory",
    args: () => [],
    env: (folder) => ({ MEMORY_FILE_PATH: join(folder, "memory.jsonl") }),
    script: useMemory,
  },
};

describe.each(Object.entries(SERVERS))("the SDK client with server-%s", (name, server) => {
  test("sees the same directly and through km, and km records what it did", async () => {
    using home = makeHome();
    const direct = await runScript(home, server, []);
    const through = await runScript(home, server, [KM, "monitor", "--name", name, "--"]);
    expect(through.transcript).toEqual(direct.transcript);
    expect(through.stderr).toBe(direct.stderr);
    expect(through.transcript.length).toBeGreaterThan(8);

    const [session] = await kmSessions(home);
    expect(session).toMatchObject({ name, state: "ended", exit_code: 0, errors: through.errors, lost_events: 0 });
    expect(session?.client).toMatchObject({ name: "sdk-test", version: "1.0.0" });

    const stats = await kmStats(home);
    const targets = stats.targets.map(({ target, calls, errors: failed }) => [target, [calls, failed]]);
    expect(Object.fromEntries(targets)).toEqual(through.tally);
    const asked = stats.methods.filter(({ direction }) => direction === "request");
    expect(Object.fromEntries(asked.map(({ method, calls }) => [method, calls]))).toEqual(through.methods);
    expect(stats.total).toMatchObject({ pending: 0, unanswered: 0, cancelled: 0 });
    expect(stats.others.malformed).toBeUndefined();

    const logged = await kmLogs(home);
    const ofTools = logged.filter(({ type, method }) => type === "request" && method === "tools/call");
    expect(ofTools).toHaveLength(through.methods["tools/call"] ?? 0);
    expect((await runKm(home, ["logs", "--payload"])).exitCode).toBe(0);
  }, 120_000);
});

async function runScript(home: Home, server: Server, prefix: string[]): Promise<Outcome> {
  const folder = join(home.folder, "work");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const main = join(
    dirname(Bun.resolveSync(`@modelcontextprotocol/${server.module}/package.json`, import.meta.dir)),
    "dist/index.js",
  );
  const [command = "", ...args] = [...prefix, "node", main, ...server.args(folder)];
  const transport = new StdioClientTransport({
    command,
    args,
    env: { ...home.env, ...server.env(folder) },
    cwd: folder,
    stderr: "pipe",
  });
  const session = new Session(folder);
  transport.stderr?.on("data", (chunk: Buffer) => (session.outcome.stderr += chunk.toString()));
  try {
    await session.client.connect(transport);
    session.outcome.methods["initialize"] = 1;
    await server.script(session, folder);
  } finally {
    await session.client.close();
  }
  return session.outcome;
}

/** A client that notes what it did and what came back. */
class Session {
  readonly outcome: Outcome = { transcript: [], stderr: "", tally: {}, methods: {}, errors: 0 };
  readonly client = new Client(
    { name: "sdk-test", version: "1.0.0" },
    { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } },
  );
  readonly rootsAsked = Promise.withResolvers<void>();

  constructor(folder: string) {
    this.client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
      this.note("sampling", params);
      return { model: "test", role: "assistant", content: { type: "text", text: "sampled" } };
    });
    this.client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      this.note("elicitation", params);
      return { action: "decline" };
    });
    this.client.setRequestHandler(ListRootsRequestSchema, () => {
      this.rootsAsked.resolve();
      return { roots: [{ uri: `file://${folder}`, name: "work" }] };
    });
  }

  note(step: string, result: unknown): void {
    this.outcome.transcript.push([step, JSON.parse(JSON.stringify(result ?? null))]);
  }

  /** One request; a failure is a result too. */
  async step(method: string, run: () => Promise<unknown>, target?: string): Promise<void> {
    const { methods, tally } = this.outcome;
    methods[method] = (methods[method] ?? 0) + 1;
    let failed = false;
    try {
      const result = await run();
      failed = (result as { isError?: boolean }).isError === true;
      this.note(`${method} ${target ?? ""}`, result);
    } catch (error) {
      failed = true;
      this.note(`${method} ${target ?? ""}`, String(error));
    }
    if (failed) this.outcome.errors++;
    if (target === undefined) return;
    const [calls, errors] = tally[target] ?? [0, 0];
    tally[target] = [calls + 1, errors + (failed ? 1 : 0)];
  }

  async call(name: string, args: Record<string, unknown>, progress = false): Promise<void> {
    // The SDK forgets the listener with the answer: the last progress is lost to it when both come in one chunk.
    const note = (one: { progress: number; total?: number | undefined }) => {
      if (one.progress !== one.total) this.note("progress", one);
    };
    const options = progress ? { onprogress: note } : {};
    await this.step("tools/call", () => this.client.callTool({ name, arguments: args }, undefined, options), name);
  }
}

async function useEverything(session: Session): Promise<void> {
  const { client } = session;
  session.note("server", [client.getServerVersion(), client.getServerCapabilities(), client.getInstructions()]);
  await session.step("ping", () => client.ping());
  // The server asks for the roots a moment after the handshake: from here on it has nothing of its own to say.
  await session.rootsAsked.promise;
  await session.step("tools/list", () => client.listTools());
  await session.step("prompts/list", () => client.listPrompts());
  await session.step("resources/list", () => client.listResources());
  await session.step("resources/templates/list", () => client.listResourceTemplates());
  await session.call("echo", { message: "héllo 語 😀\u2028\n" });
  await session.call("echo", { message: "x".repeat(300_000) });
  await session.call("get-sum", { a: 2, b: 3 });
  await session.call("get-sum", { a: "two" });
  await session.call("no-such-tool", {});
  await session.call("get-tiny-image", {});
  await session.call("get-structured-content", { location: "New York" });
  await session.call("get-roots-list", {});
  await session.call("trigger-long-running-operation", { duration: 0.3, steps: 3 }, true);
  await session.call("trigger-sampling-request", { prompt: "hello", maxTokens: 5 });
  await session.call("trigger-elicitation-request", {});
  await session.step("prompts/get", () => client.getPrompt({ name: "simple-prompt" }), "simple-prompt");
  await session.step(
    "prompts/get",
    () => client.getPrompt({ name: "args-prompt", arguments: { city: "Ulm" } }),
    "args-prompt",
  );
  await session.step("prompts/get", () => client.getPrompt({ name: "no-such-prompt" }), "no-such-prompt");
  const { resources } = await client.listResources();
  session.outcome.methods["resources/list"] = 2;
  for (const { uri } of resources.slice(0, 2))
    await session.step("resources/read", () => client.readResource({ uri }), uri);
  await session.step("resources/read", () => client.readResource({ uri: "none://such" }), "none://such");
  await session.step("completion/complete", () =>
    client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    }),
  );
  await session.step("logging/setLevel", () => client.setLoggingLevel("error"));
}

async function useFilesystem(session: Session, folder: string): Promise<void> {
  const { client } = session;
  const path = join(folder, "notes.txt");
  writeFileSync(path, "one\ntwo\nthree\n");
  session.note("server", [client.getServerVersion(), client.getServerCapabilities()]);
  await session.rootsAsked.promise;
  await session.step("ping", () => client.ping());
  await session.step("tools/list", () => client.listTools());
  await session.call("read_text_file", { path });
  await session.call("read_text_file", { path, head: 1 });
  await session.call("read_text_file", { path: join(folder, "missing.txt") });
  await session.call("read_text_file", { path: "/etc/passwd" });
  await session.call("write_file", { path: join(folder, "big.txt"), content: "語é\r\n".repeat(200_000) });
  await session.call("read_text_file", { path: join(folder, "big.txt") });
  await session.call("edit_file", { path, edits: [{ oldText: "two", newText: "2" }], dryRun: false });
  await session.call("list_directory", { path: folder });
  await session.call("search_files", { path: folder, pattern: "*.txt" });
  await session.call("list_allowed_directories", {});
  await session.step("resources/list", () => client.request({ method: "resources/list" }, ListResourcesResultSchema));
}

async function useMemory(session: Session): Promise<void> {
  const { client } = session;
  session.note("server", [client.getServerVersion(), client.getServerCapabilities()]);
  await session.step("ping", () => client.ping());
  await session.step("tools/list", () => client.listTools());
  const entities = ["Ada", "Grace"].map((name) => ({ name, entityType: "person", observations: ["likes 語"] }));
  await session.call("create_entities", { entities });
  await session.call("create_relations", { relations: [{ from: "Ada", to: "Grace", relationType: "knows" }] });
  await session.call("add_observations", { observations: [{ entityName: "Ada", contents: ["counts"] }] });
  await session.call("add_observations", { observations: [{ entityName: "Nobody", contents: ["x"] }] });
  await session.call("search_nodes", { query: "counts" });
  await session.call("open_nodes", { names: ["Grace"] });
  await session.call("delete_entities", { entityNames: ["Grace"] });
  await session.call("read_graph", {});
  await Promise.all(Array.from({ length: 50 }, (_, index) => session.call("search_nodes", { query: `${index}` })));
}
