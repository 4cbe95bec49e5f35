/** `askKeychain`: whether the keychain of this system can be used. */
import * as v from "valibot";
import type { Environment } from "../config/paths.ts";
import { runKeychain } from "./keychain-child.ts";
import type { KeychainProbe } from "./probe-keychain.ts";

export type KeychainState = KeychainProbe | { state: "hung" };

const Probe = v.variant("state", [
  v.object({ state: v.literal("works") }),
  v.object({ state: v.picklist(["locked", "absent", "broken"]), reason: v.string() }),
]);

export async function askKeychain(env: Environment): Promise<KeychainState> {
  const answer = await runKeychain({ words: ["probe"], env });
  if (answer.state !== "answered") return answer;
  const probe = v.safeParse(v.pipe(v.string(), v.parseJson(), Probe), answer.text);
  return probe.success ? probe.output : { state: "broken", reason: "what asks it gave no answer" };
}
