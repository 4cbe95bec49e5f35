/** `startMariadb`: a real MariaDB for a test, with a folder and a port of its own, as a user without rights. */
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../fixtures/free-port.ts";

export interface MariadbServer extends AsyncDisposable {
  port: number;
  folder: string;
  /** As an account with all rights. */
  admin: Bun.SQL;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export const MARIADB = Bun.which("mariadbd");
export const WHY_NO_MARIADB = MARIADB === null ? " (skipped: mariadb-server is not installed)" : "";
/** It refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const READY_WITHIN_MS = 60_000;

/** @param flags besides its own */
export async function startMariadb(flags: string[] = []): Promise<MariadbServer> {
  const folder = mkdtempSync(join(tmpdir(), "km-mariadb-"));
  if (NOBODY.uid !== undefined) chownSync(folder, NOBODY.uid, NOBODY.gid);
  const data = join(folder, "data");
  const around = { ...NOBODY, cwd: folder, env: { PATH: process.env["PATH"] ?? "", TMPDIR: folder } };
  const made = Bun.spawnSync(
    [
      "mariadb-install-db",
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      "--innodb-log-file-size=4M",
    ],
    around,
  );
  if (made.exitCode !== 0) throw new Error(`mariadb-install-db: ${made.stdout.toString()}${made.stderr.toString()}`);
  const port = freePort();
  const child = Bun.spawn(
    [
      MARIADB ?? "mariadbd",
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${join(folder, "socket")}`,
      `--pid-file=${join(folder, "pid")}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-buffer-pool-size=16M",
      "--skip-name-resolve",
      ...flags,
    ],
    { ...around, stdin: "ignore", stdout: "ignore", stderr: Bun.file(join(folder, "log")) },
  );
  const admin = new Bun.SQL({ adapter: "mariadb", hostname: "127.0.0.1", port, username: "root", max: 2 });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  const end = async (): Promise<void> => {
    await admin.close({ timeout: 0 });
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await admin`select 1`;
      return { port, folder, admin, kill, [Symbol.asyncDispose]: end };
    } catch {
      if (child.exitCode !== null || Date.now() > deadline) {
        const log = await Bun.file(join(folder, "log")).text();
        await end();
        throw new Error(`MariaDB is not ready: ${log}`);
      }
      await Bun.sleep(50);
    }
  }
}
