/** `definePlugin`: makes this process a plugin of km. */
import { LineSplitter } from "../../wire/lines.ts";
import { MAX_LINE } from "../protocol.ts";
import { explainPlugin } from "./explain-plugin.ts";
import type { PluginDefinition } from "./definition.ts";
import { LineOutput } from "./line-output.ts";
import { PluginRuntime } from "./plugin-runtime.ts";
import { rerouteOutput } from "./reroute-output.ts";
import { standardStreams } from "./standard-streams.ts";

let defined = false;

/**
 * Starts the protocol on stdin and stdout; from here on everything else that is printed goes to stderr. Without km at the
 * other end it says what the program is and ends it with code 2.
 *
 * @example
 * definePlugin({
 *   ...manifest,
 *   onEvent(event, km) {
 *     if (event.error_type !== undefined) km.print(`${event.method} failed: ${event.error_message}`);
 *   },
 * });
 */
export function definePlugin<C = Record<string, unknown>>(definition: PluginDefinition<C>): void {
  if (defined) throw new Error("definePlugin() was called twice: a process is one plugin");
  defined = true;
  void run(definition);
}

async function run<C>(definition: PluginDefinition<C>): Promise<void> {
  const startedByKm = process.env["KM_PLUGIN"] === "1";
  if (!startedByKm && (await isTerminal())) {
    explain(definition);
    return;
  }
  const streams = standardStreams();
  const rerouteStdout = rerouteOutput();
  const exit = (code: number): void => process.exit(code);
  // Where nobody reads any more, nobody will close stdin either.
  const output = new LineOutput(streams.write, () => void runtime.end());
  const runtime = new PluginRuntime(definition, output, exit);
  const decoder = new TextDecoder();
  const lines = new LineSplitter(MAX_LINE, (bytes, size, omitted) => {
    if (omitted > 0) runtime.refuse(size);
    else runtime.receive(decoder.decode(bytes));
  });
  let isFirst = true;
  await streams.read((chunk) => {
    lines.push(chunk);
    if (isFirst) setImmediate(rerouteStdout);
    isFirst = false;
  });
  if (!runtime.greeted && !startedByKm) explain(definition);
  else await runtime.end();
}

function explain({ name, version }: { name: string; version: string }): void {
  process.stderr.write(explainPlugin(name, version));
  process.exitCode = 2;
}

async function isTerminal(): Promise<boolean> {
  const { isatty } = await import("node:tty");
  return isatty(0);
}
