/** A keyring of its own, unlocked, on a session bus of its own; both end on disposal. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secretService } from "../../src/auth/secret-service.ts";
import type { Home } from "../e2e/km.ts";

export const HAS_KEYRING =
  process.platform === "linux" &&
  ["dbus-daemon", "gnome-keyring-daemon"].every((program) => Bun.which(program) !== null);

export interface KeyringSession extends AsyncDisposable {
  env: Record<string, string>;
}

/** No program may be started by the bus: it would be a second keyring, a locked one, where ours is not there yet. */
const CONFIGURATION = (
  socket: string,
) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`;

const MOST_WAIT_MS = 15_000;

export async function startKeyring(home: Home): Promise<KeyringSession> {
  const runtime = join(home.folder, "runtime");
  mkdirSync(runtime, { mode: 0o700 });
  const [socket, configuration] = [join(runtime, "bus"), join(runtime, "bus.conf")];
  writeFileSync(configuration, CONFIGURATION(socket));
  const env = {
    ...home.env,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: home.folder,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
  };
  const quiet = { env, stdout: "ignore", stderr: "ignore" } as const;
  const processes: Bun.Subprocess[] = [];
  const end = async () => {
    for (const one of processes) one.kill("SIGKILL");
    await Promise.all(processes.map((one) => one.exited));
  };
  const deadline = Date.now() + MOST_WAIT_MS;
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) {
      if (Date.now() > deadline || processes.some((one) => one.exitCode !== null)) {
        await end();
        throw new Error("no keyring can be started here");
      }
      await Bun.sleep(20);
    }
  };
  processes.push(Bun.spawn(["dbus-daemon", "--nofork", `--config-file=${configuration}`], quiet));
  await until(() => existsSync(socket));
  const keyring = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"];
  processes.push(Bun.spawn(keyring, { ...quiet, stdin: Buffer.from("pw") }));
  const state = () => secretService(env, process.getuid?.() ?? 0).then((found) => found.state);
  await until(async () => (await Promise.race([state(), Bun.sleep(1000)])) === "unlocked");
  return { env, [Symbol.asyncDispose]: end };
}
