/** `Keychain`: km's keys in the system's keychain, each by the origin of the API it is for. */
import * as v from "valibot";
import type { Environment } from "../config/paths.ts";
import { runKeychain } from "./keychain-child.ts";

/** Why the keychain cannot be used. */
export type KeychainTrouble = { state: "locked" | "absent" | "broken"; reason: string } | { state: "hung" };

export interface Keychain {
  /** 32 bytes, if they are there. */
  get(origin: string): Promise<{ state: "found"; key: Buffer } | { state: "missing" } | KeychainTrouble>;
  set(origin: string, key: Buffer): Promise<{ state: "kept" } | KeychainTrouble>;
  delete(origin: string): Promise<{ state: "deleted" | "missing" } | KeychainTrouble>;
}

export const KEY_BYTES = 32;

const Trouble = v.object({ state: v.picklist(["locked", "absent", "broken"]), reason: v.string() });
const Found = v.variant("state", [
  v.object({ state: v.literal("found"), secret: v.string() }),
  v.object({ state: v.literal("missing") }),
  Trouble,
]);
const Kept = v.variant("state", [v.object({ state: v.literal("kept") }), Trouble]);
const Deleted = v.variant("state", [v.object({ state: v.picklist(["deleted", "missing"]) }), Trouble]);

/** @param self how km is started to speak to it; as this process was unless given */
export function systemKeychain(env: Environment, self?: string[]): Keychain {
  const ask = async <const S extends v.GenericSchema>(answer: S, words: string[], input?: string) => {
    const run = await runKeychain({ words, env, ...(input !== undefined && { input }), ...(self && { self }) });
    if (run.state !== "answered") return run;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answer), run.text);
    return parsed.success ? parsed.output : ({ state: "broken", reason: "what asks it gave no answer" } as const);
  };
  return {
    async get(origin) {
      const found = await ask(Found, ["get", origin]);
      if (found.state !== "found") return found;
      const key = Buffer.from(found.secret, "base64url");
      return key.length === KEY_BYTES ? { state: "found", key } : { state: "missing" }; // nothing that km put there
    },
    set: (origin, key) => ask(Kept, ["set", origin], key.toString("base64url")),
    delete: (origin) => ask(Deleted, ["delete", origin]),
  };
}
