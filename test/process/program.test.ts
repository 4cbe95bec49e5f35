/** What the system says that a process runs. */
import { expect, test } from "bun:test";
import { parseProgram } from "../../src/process/processes-macos.ts";
import { programOf } from "../../src/process/program.ts";

test.skipIf(process.platform !== "linux")(
  "programOf has the words of a process, also empty ones, until it is gone",
  async () => {
    const command = ["/bin/sh", "-c", "echo up; read line", "", "two words"];
    const child = Bun.spawn(command, { stdin: "pipe" });
    await child.stdout.getReader().read();
    expect(await programOf(child.pid)).toEqual({ words: command, leadsTerminal: false });
    void child.stdin.end();
    await child.exited;
    expect(await programOf(child.pid)).toBeUndefined();
  },
);

test("parseProgram reads what ps of macOS writes", () => {
  expect(parseProgram("Ss   ttys001  -zsh\n")).toEqual({ words: ["-zsh"], leadsTerminal: true });
  expect(parseProgram("S+   ttys001  sh -c km monitor\n")).toEqual({
    words: ["sh", "-c", "km", "monitor"],
    leadsTerminal: false,
  });
  expect(parseProgram("Ss   ??       /sbin/launchd\n")).toEqual({ words: ["/sbin/launchd"], leadsTerminal: false });
  expect(parseProgram("")).toBeUndefined();
});
