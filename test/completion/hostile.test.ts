/** One hostile name at a time, completed in a real shell and sent off with Enter: nothing of it is run. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { recordSession } from "../commands/record-session.ts";
import { type Home, KM, makeHome } from "../e2e/km.ts";
import { ShellTerminal } from "./shell-terminal.ts";

const SLOW_MS = 30_000;

/** Each would make the file `ran`, were it read as anything but a name. */
const NAMES = [
  "$(touch ran)",
  "`touch ran`",
  "a;touch ran",
  "a';touch ran;'",
  '"$(touch ran)"',
  "&touch ran",
  "<(touch ran)",
  "=(touch ran)",
  "$(touch ran", // without its end
  "${x:-$(touch ran)}",
  "x\ntouch ran\n",
  "x\rtouch ran\r",
  "x\u001b[201~\rtouch ran\r", // the end of what a terminal pastes
  "!touch",
];

const LINES = ["km sessions --server ", "km wrap cursor --dry-run --server "];

const SETUP = { bash: 'eval "$(km completions bash)"', zsh: "source <(km completions zsh)" };

describe.each(["bash", "zsh"] as const)("%s", (shell) => {
  test.skipIf(Bun.which(shell) === null)(
    "runs nothing of a name that it completed",
    async () => {
      using home = makeHome();
      const work = join(home.folder, "work");
      mkdirSync(work);
      await using terminal = await ShellTerminal.start(shell, home, work, [SETUP[shell]]);
      for (const name of NAMES) {
        await useName(home, name);
        for (const line of LINES) {
          await terminal.type(`${line}\t\r`);
          expect([name, line, existsSync(join(work, "ran"))]).toEqual([name, line, false]);
        }
      }
      expect(await terminal.type("km docto\t")).toBe("km doctor ");
    },
    SLOW_MS,
  );
});

test.skipIf(Bun.which("fish") === null)(
  "fish runs nothing of a name that it lists, and is given no line of its own making",
  async () => {
    using home = makeHome();
    const script = "km completions fish | source; for line in $argv; complete -C $line; end";
    for (const name of NAMES) {
      await useName(home, name);
      const { stdout, stderr } = Bun.spawnSync(["fish", "--no-config", "-c", script, ...LINES], {
        cwd: home.folder,
        env: { ...home.env, PATH: `${dirname(KM)}:${home.env["PATH"]}` },
      });
      expect([name, stderr.toString()]).toEqual([name, ""]);
      expect(stdout.toString().split("\n")).not.toContain("touch ran");
      expect([name, existsSync(join(home.folder, "ran"))]).toEqual([name, false]);
    }
  },
  SLOW_MS,
);

/** The only server that was ever recorded, and the only one of a client. */
async function useName(home: Home, name: string): Promise<void> {
  rmSync(home.data, { recursive: true, force: true });
  await recordSession(home.data, "20260102-030405-adb1c996", name, []);
  mkdirSync(join(home.folder, ".cursor"), { recursive: true });
  const servers = { [name]: { command: "true" } };
  writeFileSync(join(home.folder, ".cursor/mcp.json"), JSON.stringify({ mcpServers: servers }));
}
