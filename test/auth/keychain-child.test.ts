/** What becomes of an answer of the keychain's process that comes late, or not at all. */
import { expect } from "bun:test";
import { runKeychain } from "../../src/auth/keychain-child.ts";
import { test as linuxTest } from "../e2e/linux-test.ts";

const ANSWER = '{"state":"works"}';

function ask(script: string, patienceMs: number) {
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  return runKeychain({ words: [], env, self: ["/bin/sh", "-c", script], patienceMs });
}

linuxTest("runKeychain: a process that starts late on a busy machine is not a keychain that hangs", async () => {
  expect(await ask(`sleep 1.2; printf 'asking\\n%s\\n' '${ANSWER}'`, 1000)).toEqual({
    state: "answered",
    text: ANSWER,
  });
});

linuxTest("runKeychain: a keychain that does not answer hangs", async () => {
  expect(await ask("echo asking; exec sleep 60", 200)).toEqual({ state: "hung" });
});

linuxTest("runKeychain: a process that fails is told by its exit code", async () => {
  expect(await ask("echo asking; exit 7", 10_000)).toEqual({
    state: "broken",
    reason: "what asks it ended with exit code 7",
  });
});
