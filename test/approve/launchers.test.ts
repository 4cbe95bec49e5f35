/** Which programs are no client, but only start km for one. */
import { expect, test } from "bun:test";
import { isLauncher, isManager } from "../../src/approve/launchers.ts";

test.each([
  [["sh", "-c", "km monitor -- server; exit"], true],
  [["/bin/bash", "start-server.sh"], true],
  [["npm exec km monitor -- server"], true],
  [["/usr/bin/node", "/usr/lib/node_modules/npm/bin/npx-cli.js", "km"], true],
  [["timeout", "1h", "km"], true],
  [["-zsh"], false],
  [["bash", "-i"], false],
  [["node", "agent.js"], false],
  [["/opt/My Client/client"], false],
  [[""], false],
])("isLauncher of %j is %j", (words, expected) => {
  expect(isLauncher({ words, leadsTerminal: false })).toBe(expected);
  expect(isLauncher({ words, leadsTerminal: true })).toBe(false); // a window or a pane: what is before it is no client
});

test("isManager knows what starts everything of a user", () => {
  for (const word of ["/usr/lib/systemd/systemd", "tmux: server", "tmux new", "/sbin/launchd", "sshd: ann@pts/0"]) {
    expect([word, isManager({ words: [word, "--user"], leadsTerminal: false })]).toEqual([word, true]);
  }
  for (const word of ["client", "systemd-client", "zsh"]) {
    expect([word, isManager({ words: [word], leadsTerminal: false })]).toEqual([word, false]);
  }
});
