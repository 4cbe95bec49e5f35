/** `askKeychain`: asks the keychain through a process that can be ended, for a bus that hangs blocks its caller for ever. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf } from "../errors.ts";
import { selfCommand } from "../self.ts";
import type { KeychainProbe } from "./probe-keychain.ts";

const PATIENCE_MS = 3000;

export type KeychainState = KeychainProbe | { state: "hung" };

const Probe = v.variant("state", [
  v.object({ state: v.literal("works") }),
  v.object({ state: v.picklist(["locked", "absent", "broken"]), reason: v.string() }),
]);

/** The module is unpacked into a folder for temporary files to be loaded, and stays there: so it gets one of its own. */
export async function askKeychain(env: Record<string, string | undefined>): Promise<KeychainState> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), "km-keychain-"));
    return await ask({ ...env, BUN_TMPDIR: folder });
  } catch (error) {
    return { state: "broken", reason: messageOf(error) };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function ask(env: Record<string, string | undefined>): Promise<KeychainState> {
  const child = Bun.spawn(selfCommand(["__keychain", "probe", String(process.pid)]), {
    env,
    stdio: ["ignore", "pipe", "ignore"],
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
    windowsHide: true,
  });
  const [text] = await Promise.all([child.stdout.text(), child.exited]);
  if (child.signalCode === "SIGKILL") return { state: "hung" };
  const answer = v.safeParse(v.pipe(v.string(), v.parseJson(), Probe), text);
  if (answer.success) return answer.output;
  return { state: "broken", reason: `what asks it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}` };
}
