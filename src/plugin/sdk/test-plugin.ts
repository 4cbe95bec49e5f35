/** `testPlugin`: runs a plugin as km does, as a process over the protocol, for the tests of its author. */
import { type TestOptions, TestedPlugin } from "./tested-plugin.ts";

/**
 * Starts the program and takes it through hello, authenticate, configure and activate.
 *
 * @param command the program and its arguments
 * @throws RpcError where it answers a step with an error
 */
export async function testPlugin(command: string[], options: TestOptions = {}): Promise<TestedPlugin> {
  const plugin = await TestedPlugin.spawn(command, options);
  try {
    await plugin.start();
  } catch (error) {
    plugin.kill();
    throw error;
  }
  return plugin;
}
