/** On a kernel without Landlock, which `strace` makes of this one: skipped, visibly, where there is none or it may not. */
import { expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { runKm } from "./journal.ts";
import { KM, makeHome } from "./km.ts";

const STRACE = Bun.which("strace");
const isAllowed = STRACE !== null && Bun.spawnSync([STRACE, "-o", "/dev/null", "true"]).exitCode === 0;
const WITHOUT_LANDLOCK = "inject=landlock_create_ruleset:error=ENOSYS";

test.skipIf(!isAllowed).each([
  ["false", { state: "stopped", sandbox: { level: 1 } }],
  ["true", { state: "error", last_error: { code: "PLG_RUN_007" } }],
])(
  "plugins.require_sandbox %s decides whether a plugin runs where there is no sandbox",
  async (required, expected) => {
    using home = makeHome();
    const example = join(import.meta.dir, "../../examples/python-plugin");
    cpSync(example, join(home.folder, ".km/plugins/slow-calls"), { recursive: true });
    const status = async () => {
      const { stdout } = await runKm(home, ["plugins", "status", "--json"]);
      return stdout === "" ? undefined : (JSON.parse(stdout) as { state: string });
    };
    await using km = Bun.spawn(
      [STRACE ?? "", "-f", "-o", "/dev/null", "-e", "trace=landlock_create_ruleset", "-e", WITHOUT_LANDLOCK].concat([
        KM,
        "monitor",
        "--",
        "cat",
      ]),
      { env: { ...home.env, KM_REQUIRE_SANDBOX: required }, stdin: "pipe", stdout: "ignore", stderr: "ignore" },
    );
    const settled = required === "true" ? "error" : "active";
    for (const deadline = performance.now() + 20_000; (await status())?.state !== settled; await Bun.sleep(50)) {
      if (performance.now() > deadline) throw new Error(`Not ${settled}: ${JSON.stringify(await status())}`);
    }
    await km.stdin.end();
    await km.exited; // strace waits for the plugin host too
    expect(await status()).toMatchObject(expected);
  },
  40_000,
);
