/** `km completions` on the command line. test/completion/ has what the scripts do. */
import { expect, test } from "bun:test";
import { completionScript, SHELLS } from "../../src/completion/script.ts";
import { TemporaryData } from "../journal/make-journal.ts";
import { km } from "./record-session.ts";

async function run(...words: string[]) {
  await using data = await TemporaryData.create();
  return await km(data.folder, ["completions", ...words]);
}

test.each([...SHELLS])("%s: prints its script, a small one without eval", async (shell) => {
  const { stdout, stderr, exitCode } = await run(shell);
  expect([stderr, exitCode]).toEqual(["", 0]);
  expect(stdout).toBe(completionScript(shell));
  expect(stdout.length).toBeLessThan(4096);
  expect(stdout.replace(/^#.*$/gm, "")).not.toMatch(/\beval\b|compgen -W/);
});

test.each([
  [["zhs"], 'km: No completions for "zhs"\n    Did you mean zsh? Known: bash, zsh, fish, powershell.\n'],
  [["pwsh"], 'km: No completions for "pwsh"\n    Did you mean powershell? Known: bash, zsh, fish, powershell.\n'],
  [["tcsh"], 'km: No completions for "tcsh"\n    Known: bash, zsh, fish, powershell.\n'],
  [["nushell"], 'km: No completions for "nushell"\n    Known: bash, zsh, fish, powershell.\n'],
  [[], "km: Missing argument SHELL\n    See km completions --help.\n"],
])("%j is refused", async (words, message) => {
  expect(await run(...words)).toEqual({ stdout: "", stderr: message, exitCode: 2 });
});
