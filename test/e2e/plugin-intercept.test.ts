/** Plugins that hold messages back, from the configuration to the wire. */
import { expect } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "./linux-test.ts";
import { type Home, makeHome } from "./km.ts";
import { monitor, type Running, until } from "./run-km.ts";

const PATIENCE_MS = 40_000;
const FIXTURE = join(import.meta.dir, "../fixtures/plugins/gatekeeper.py");
/** Answers every call with the name of the tool that it saw. */
const SERVER = [
  process.execPath,
  "-e",
  `for await (const line of console) {
     if (line === "") continue;
     const { id, method, params } = JSON.parse(line);
     const size = params?.arguments?.text?.length;
     console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { saw: params?.name ?? method, size } }));
   }`,
];

interface Setup extends AsyncDisposable {
  run: Running;
  call(id: number | string, tool: string): Promise<Record<string, unknown>>;
}

async function gated(settings: string, manifest: object = {}): Promise<Setup> {
  const home = makeHome();
  const folder = makePlugin(home, manifest);
  const config = join(home.folder, "config.yaml");
  writeFileSync(config, settings);
  const run = monitor(SERVER, { flags: ["--plugin", folder, "--config", config] });
  return {
    run,
    async call(id, tool) {
      const text = JSON.stringify(id);
      await run.write(`{"jsonrpc":"2.0","id":${text},"method":"tools/call","params":{"name":"${tool}"}}\n`);
      const found = (): string | undefined => run.text.split("\n").find((line) => line.includes(`"id":${text},`));
      await run.until(() => found() !== undefined, `an answer to ${text}`);
      return JSON.parse(found() ?? "") as Record<string, unknown>;
    },
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

function makePlugin(home: Home, manifest: object): string {
  const folder = join(home.folder, "gatekeeper");
  mkdirSync(folder);
  const file = join(folder, "km-plugin-gatekeeper");
  copyFileSync(FIXTURE, file);
  chmodSync(file, 0o755);
  const permissions = { network: false, filesystem: false, system: false, intercept: ["tools/call"] };
  const common = { name: "gatekeeper", version: "1.0.0", compatibility: { protocol: [1] }, tier: "Free", permissions };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...common, ...manifest }));
  return folder;
}

const GRANTED = "plugins: { intercept: [gatekeeper], intercept_timeout: 5s }";

describe("an intercepting plugin", () => {
  test(
    "passes, blocks and changes calls of the methods it was granted, and the journal says so",
    async () => {
      await using setup = await gated(GRANTED);
      expect(await setup.call(1, "harmless")).toEqual({ jsonrpc: "2.0", id: 1, result: { saw: "harmless" } });
      expect(await setup.call("two", "danger")).toMatchObject({
        id: "two",
        result: { isError: true, content: [{ type: "text", text: "Blocked by gatekeeper: too dangerous" }] },
      });
      expect(await setup.call(3, "rename")).toEqual({ jsonrpc: "2.0", id: 3, result: { saw: "renamed" } });
      expect(await setup.call(5, "grow")).toEqual({ jsonrpc: "2.0", id: 5, result: { saw: "grow", size: 1_500_000 } });
      await setup.run.send({ jsonrpc: "2.0", id: 4, method: "tools/list" });
      await setup.run.shown('"saw":"tools/list"');
      await setup.run.closeInput();
      expect(await setup.run.exited()).toBe(0);
      const intercepted = setup.run.journal.flatMap((event) => ("intercepted" in event ? [event.intercepted] : []));
      expect(intercepted).toMatchObject([
        { action: "blocked", by: "gatekeeper", reason: "too dangerous" },
        { action: "blocked", by: "gatekeeper" },
        { action: "modified", by: "gatekeeper" },
        { action: "modified", by: "gatekeeper" },
      ]);
    },
    PATIENCE_MS,
  );

  test(
    "is not asked where the user has not granted it",
    async () => {
      await using setup = await gated("plugins: { intercept: [somebody-else] }");
      expect(await setup.call(1, "danger")).toMatchObject({ result: { saw: "danger" } });
    },
    PATIENCE_MS,
  );

  test(
    "is not asked where its manifest does not ask for it",
    async () => {
      await using setup = await gated(GRANTED, {
        permissions: { network: false, filesystem: false, system: false, intercept: false },
      });
      expect(await setup.call(1, "danger")).toMatchObject({ result: { saw: "danger" } });
    },
    PATIENCE_MS,
  );

  for (const [settings, outcome] of [
    ["on_timeout: pass", { result: { saw: "hang" } }],
    ["on_timeout: block", { result: { isError: true } }],
  ] as const) {
    test(
      `that does not answer in time: ${settings}`,
      async () => {
        await using setup = await gated(`plugins: { intercept: [gatekeeper], intercept_timeout: 300ms, ${settings} }`);
        // The first call waits for the plugin to be there, if need be in vain.
        await setup.call(1, "harmless");
        expect(await setup.call(2, "hang")).toMatchObject(outcome);
        expect(await setup.call(3, "harmless")).toMatchObject({ id: 3 });
      },
      PATIENCE_MS,
    );
  }

  for (const tool of ["crash", "garble"]) {
    test(
      `${tool}: the call is decided by on_timeout, the session goes on, and the plugin is asked again`,
      async () => {
        await using setup = await gated(GRANTED);
        expect(await setup.call(1, tool)).toMatchObject({ result: { saw: tool } });
        const blocks = async (id: number): Promise<boolean> =>
          "isError" in ((await setup.call(id, "danger"))["result"] as object);
        let id = 1;
        let blocked = false;
        while (!blocked && id < 100) blocked = await blocks(++id);
        expect(blocked).toBe(true);
      },
      PATIENCE_MS,
    );
  }

  test(
    "killed with its host: calls pass by the rules, and the session goes on",
    async () => {
      await using setup = await gated(GRANTED);
      await setup.call(1, "harmless");
      const hosts = setup.run.children().filter((pid) => setup.run.tree().includes(pid));
      const host = hosts.find((pid) => commandLine(pid).includes("__plugins"));
      expect(host).toBeDefined();
      process.kill(host ?? 0, "SIGKILL");
      await until(
        () => !setup.run.children().includes(host ?? 0),
        () => "the host to go",
      );
      expect(await setup.call(2, "harmless")).toMatchObject({ result: { saw: "harmless" } });
    },
    PATIENCE_MS,
  );
});

function commandLine(pid: number): string {
  return new TextDecoder().decode(Bun.spawnSync(["cat", `/proc/${pid}/cmdline`]).stdout);
}
