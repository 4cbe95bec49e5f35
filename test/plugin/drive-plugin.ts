/** Runs a plugin that is written in a test: a real process that speaks the protocol over its stdin and stdout. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testPlugin } from "../../src/plugin/sdk/test-plugin.ts";
import type { TestedPlugin, TestOptions } from "../../src/plugin/sdk/tested-plugin.ts";

const SDK = join(import.meta.dir, "../../src/plugin/sdk.ts");

export interface Folder extends Disposable {
  path: string;
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "km-plugin-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * A plugin with these handlers.
 *
 * @param handlers members of the definition, as source text
 * @param before source text that stands before the definition
 */
export async function drivePlugin(handlers: string, options: TestOptions = {}, before = ""): Promise<TestedPlugin> {
  using folder = makeFolder(); // its file is read when it has answered
  return await testPlugin(pluginCommand(folder, handlers, before), options);
}

/** The command that runs the plugin; its file is in the folder. */
export function pluginCommand(folder: Folder, handlers: string, before = ""): string[] {
  const file = join(folder.path, "main.ts");
  writeFileSync(
    file,
    `import { definePlugin, parseFilter } from ${JSON.stringify(SDK)};\n${before}\ndefinePlugin({ name: "tested", version: "1.0.0", ${handlers} });\n`,
  );
  return [process.execPath, file];
}

/** Runs a command with this input and returns what it wrote. */
export async function run(
  command: string[],
  options: { cwd?: string; input?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; out: string; err: string }> {
  const { KM_PLUGIN: _, ...environment } = process.env;
  const child = Bun.spawn(command, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...environment, ...options.env },
    stdin: new Blob([options.input ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}
