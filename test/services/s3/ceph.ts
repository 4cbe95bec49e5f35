/** `startCeph`: a real S3 server for a test: Ceph's gateway, with a monitor and a store in memory, in a folder of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../fixtures/free-port.ts";

export interface Ceph extends AsyncDisposable {
  /** `http://127.0.0.1:45678` */
  url: string;
  /** Of a user who may do everything with what is its own. */
  accessKey: string;
  secretKey: string;
  /** Another user, who owns nothing. */
  other: { accessKey: string; secretKey: string };
}

const PROGRAMS = ["ceph", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool", "radosgw", "radosgw-admin"];
export const HAS_CEPH = PROGRAMS.every((name) => Bun.which(name) !== null);
export const WHY_NO_CEPH = HAS_CEPH ? "" : " (skipped: radosgw, ceph-mon, ceph-osd and ceph-common are not installed)";
const READY_WITHIN_MS = 120_000;

export async function startCeph(): Promise<Ceph> {
  const folder = mkdtempSync(join(tmpdir(), "km-ceph-"));
  const children: Bun.Subprocess[] = [];
  const end = async (): Promise<void> => {
    for (const child of children.toReversed()) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.exited));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await started(folder, children);
    const one = user(folder, "one");
    const two = user(folder, "two");
    return { url: `http://127.0.0.1:${port}`, ...one, other: two, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function started(folder: string, children: Bun.Subprocess[]): Promise<number> {
  const port = freePort();
  const monitor = `[v2:127.0.0.1:${freePort()}]`;
  const id = crypto.randomUUID();
  for (const name of ["mon", "osd", "rgw"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "ceph.conf"), configuration({ folder, id, monitor, port }));
  run(folder, ["ceph-authtool", "--create-keyring", "keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"]);
  const all = ["mon", "osd", "mgr"].flatMap((one) => ["--cap", one, "allow *"]);
  run(folder, ["ceph-authtool", "keyring", "--gen-key", "-n", "client.admin", ...all]);
  run(folder, ["monmaptool", "--create", "--fsid", id, "--addv", "a", monitor, "monmap"]);
  run(folder, ["ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring"]);
  children.push(start(folder, ["ceph-mon", "-i", "a", "-f"]));
  const osd = crypto.randomUUID();
  const key = run(folder, ["ceph-authtool", "--gen-print-key"]).trim();
  const secret = Buffer.from(JSON.stringify({ cephx_secret: key }));
  run(folder, ["ceph", "--connect-timeout", "60", "osd", "new", osd, "-i", "-"], secret);
  run(folder, ["ceph-authtool", "--create-keyring", "osd/keyring", "--name", "osd.0", "--add-key", key]);
  run(folder, ["ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd]);
  children.push(start(folder, ["ceph-osd", "-i", "0", "-f"]), start(folder, ["radosgw", "-n", "client.admin", "-f"]));
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(10_000) }).catch(
      () => undefined,
    );
    await response?.arrayBuffer().catch(() => undefined);
    if (response?.ok === true) return port;
    const gone = children.some(({ exitCode }) => exitCode !== null);
    if (gone || Date.now() > deadline)
      throw new Error(`Ceph is not ready: ${await Bun.file(join(folder, "client.admin.log")).text()}`);
    await Bun.sleep(100);
  }
}

function configuration(one: { folder: string; id: string; monitor: string; port: number }): string {
  const { folder, id, monitor, port } = one;
  return `
[global]
fsid = ${id}
mon host = ${monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
mon data = ${folder}/mon
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 1
auth allow insecure global id reclaim = false
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 1G
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
run dir = ${folder}
admin socket = ${folder}/$name.$pid.asok
log file = ${folder}/$name.log
keyring = ${folder}/keyring
pid file =
[osd]
keyring = ${folder}/osd/keyring
[client]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw thread pool size = 32
`;
}

function user(folder: string, name: string): { accessKey: string; secretKey: string } {
  const accessKey = `AK${name.toUpperCase()}${crypto.randomUUID().slice(0, 8)}`;
  const secretKey = `Sk-${crypto.randomUUID()}`;
  const keys = [`--access-key=${accessKey}`, `--secret=${secretKey}`];
  run(folder, ["radosgw-admin", "user", "create", `--uid=${name}`, `--display-name=${name}`, ...keys]);
  return { accessKey, secretKey };
}

function withConfiguration([program = "", ...words]: string[]): string[] {
  const isPlain = program === "ceph-authtool" || program === "monmaptool";
  return [program, ...(isPlain ? [] : ["-c", "ceph.conf"]), ...words];
}

function run(folder: string, command: string[], stdin?: Buffer): string {
  const done = Bun.spawnSync(withConfiguration(command), {
    cwd: folder,
    stdin: stdin ?? "ignore",
    timeout: READY_WITHIN_MS,
  });
  if (done.exitCode !== 0) throw new Error(`${command.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

function start(folder: string, command: string[]): Bun.Subprocess {
  return Bun.spawn(withConfiguration(command), { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}
