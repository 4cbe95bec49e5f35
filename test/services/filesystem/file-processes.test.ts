/** The processes that work with files: disks that hang, processes that are killed, and what they leave behind. */
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryName } from "../../../src/services/filesystem/changes/temporary-name.ts";
import { isAlive, markedProcesses, parentOf } from "../../e2e/processes.ts";
import { until } from "../../e2e/run-km.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";

const TIMEOUT = 120_000;
const LEASES = "/proc/sys/fs/lease-break-time";
/** Seconds that the system lets a file be waited for. */
const LEASE_S = process.platform === "linux" && existsSync(LEASES) ? Number(readFileSync(LEASES, "utf8")) : 0;
/** As many calls as km lets work at a time. */
const ALL = 6;

interface Folder extends Disposable {
  root: string;
}

function makeRoot(): Folder {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "km-files-")));
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

async function served(root: string, flags: string[] = [], env: Record<string, string> = {}): Promise<ServeClient> {
  return await connectServe(["filesystem"], {
    flags: ["--root", root, "--toolsets", "all", "--allow", "write", ...flags],
    env,
  });
}

/** Whoever opens one of these files hangs in the system until this is disposed of. */
async function holdLeases(files: string[]): Promise<AsyncDisposable> {
  const program = join(import.meta.dir, "../../fixtures/hold-leases.ts");
  const holder = Bun.spawn([process.execPath, program, ...files], { stdin: "pipe", stdout: "pipe", env: {} });
  for await (const part of holder.stdout) {
    expect(Buffer.from(part).toString()).toBe("held\n");
    break;
  }
  return {
    async [Symbol.asyncDispose]() {
      await holder.stdin.end();
      await holder.exited;
    },
  };
}

/** Whether the system waits for the holder of each lease. */
function breaking(files: string[]): boolean {
  const lines = readFileSync("/proc/locks", "utf8").split("\n");
  return files.every((file) =>
    lines.some((line) => line.includes("BREAKING") && line.includes(`:${statSync(file).ino} `)),
  );
}

const cannotHang = LEASE_S < 40;
const why = cannotHang ? " (skipped: this system has no leases on files)" : "";

describe.skipIf(cannotHang)(`while a disk hangs${why}`, () => {
  test(
    "other calls are answered, and the one that hangs ends at its time",
    async () => {
      using folder = makeRoot();
      const { root } = folder;
      for (const name of ["hangs.txt", "a.txt"]) writeFileSync(join(root, name), name);
      await using km = await served(root, ["--set", "limits.timeout=10s"]);
      await using _held = await holdLeases([join(root, "hangs.txt")]);
      const startMs = performance.now();
      const hangs = km.call("filesystem_read_file", { path: "hangs.txt" });
      let isOver = false;
      void hangs.finally(() => (isOver = true));
      await until(() => breaking([join(root, "hangs.txt")]), "it to hang");
      expect((await km.call("filesystem_read_file", { path: "a.txt" })).text).toBe("a.txt");
      expect((await km.call("filesystem_search_files", { glob: "a*" })).text).toEndWith("a.txt");
      expect(isOver).toBe(false);
      const { text, isError } = await hangs;
      expect(isError).toBe(true);
      expect(text).toStartWith("filesystem_read_file took longer than 10 s");
      expect(performance.now() - startMs).toBeLessThan((LEASE_S - 5) * 1000);
    },
    TIMEOUT,
  );

  test(
    "calls that nobody waits for are ended, so that there is room for others",
    async () => {
      using folder = makeRoot();
      const { root } = folder;
      const files = Array.from({ length: ALL }, (_, at) => join(root, `hangs-${at}.txt`));
      for (const file of [...files, join(root, "a.txt")]) writeFileSync(file, "a");
      await using km = await served(root);
      await using _held = await holdLeases(files);
      const startMs = performance.now();
      const cancelled = new AbortController();
      const hanging = files.map((path) =>
        km.client
          .callTool({ name: "filesystem_read_file", arguments: { path } }, { signal: cancelled.signal })
          .then(() => "answered")
          .catch(() => "cancelled"),
      );
      // It comes behind them, and is answered when one of their processes was ended.
      const read = km.call("filesystem_read_file", { path: "a.txt" });
      await until(() => breaking(files), "all of them to hang");
      cancelled.abort();
      expect(await Promise.all(hanging)).toEqual(files.map(() => "cancelled"));
      expect((await read).text).toBe("a");
      expect(performance.now() - startMs).toBeLessThan((LEASE_S - 5) * 1000);
    },
    TIMEOUT,
  );
});

describe.skipIf(process.platform !== "linux")("a process that is killed", () => {
  /** The process that copies is the one in the name of what it writes. */
  async function copying(root: string): Promise<{ name: string; pid: number }> {
    let name = "";
    await until(() => {
      name = readdirSync(root).find((one) => /^\.km-.*\.tmp$/.test(one)) ?? "";
      return name !== "";
    }, "something that is written");
    return { name, pid: Number(name.split("-")[2]) };
  }

  /** So large that nobody copies it before it is looked for; there is nothing in it. */
  function makeLarge(root: string): void {
    const file = join(root, "large.bin");
    writeFileSync(file, "");
    expect(Bun.spawnSync(["truncate", "-s", "4G", file]).success).toBe(true);
  }

  test(
    "is an error of its call; the next change in the folder removes what it has left, and nothing of those that live",
    async () => {
      using folder = makeRoot();
      const { root } = folder;
      makeLarge(root);
      const living = temporaryName();
      writeFileSync(join(root, living), "of this process");
      const foreign = living.replace(/-[0-9a-f]{8}-/, "-00000000-").replace(/\d+-\d+/, "1-1");
      rmSync(join(root, living));
      await using km = await served(root);
      const copy = km.call("filesystem_copy", { from: "large.bin", to: "copy.bin" });
      const { name, pid } = await copying(root);
      process.kill(pid, "SIGKILL");
      expect((await copy).text).toStartWith("What works with the files ended without an answer (SIGKILL)");
      expect(readdirSync(root)).toContain(name);
      writeFileSync(join(root, living), "of this process");
      writeFileSync(join(root, foreign), "of another machine");
      expect((await km.call("filesystem_write_file", { path: "a.txt", content: "a" })).isError).toBe(false);
      expect(readdirSync(root).sort()).toEqual([foreign, living, "a.txt", "large.bin"].sort());
    },
    TIMEOUT,
  );

  test(
    "when it reads nothing any more, is replaced by another",
    async () => {
      using folder = makeRoot();
      const { root } = folder;
      writeFileSync(join(root, "a.txt"), "a");
      const mark = `MARK=${crypto.randomUUID()}`;
      await using km = await served(root, ["--set", "limits.timeout=8s"], { MARK: mark.slice("MARK=".length) });
      await km.call("filesystem_read_file", { path: "a.txt" });
      const child = markedProcesses(mark).find((pid) => markedProcesses(mark).includes(parentOf(pid) ?? 0));
      if (child === undefined) throw new Error("There is no process for files");
      process.kill(child, "SIGSTOP");
      // More than a pipe holds.
      const { text } = await km.call("filesystem_write_file", { path: "b.txt", content: "b".repeat(3 << 20) });
      expect(text).toContain("took longer than 8 s");
      expect((await km.call("filesystem_read_file", { path: "a.txt" })).text).toBe("a");
      await until(() => !isAlive(child), "the end of the one that was stopped");
      expect(existsSync(join(root, "b.txt"))).toBe(false);
    },
    TIMEOUT,
  );

  test(
    "when km itself is killed, ends with it",
    async () => {
      using folder = makeRoot();
      const { root } = folder;
      makeLarge(root);
      {
        await using client = await served(root);
        void client.call("filesystem_copy", { from: "large.bin", to: "copy.bin" }).catch(() => undefined);
        const { pid } = await copying(root);
        const km = parentOf(pid);
        if (km === undefined) throw new Error("What copies has no parent");
        process.kill(km, "SIGKILL");
        await until(() => !isAlive(pid), "the end of what copies");
      }
      await using again = await served(root);
      expect((await again.call("filesystem_write_file", { path: "a.txt", content: "a" })).isError).toBe(false);
      expect(readdirSync(root).sort()).toEqual(["a.txt", "large.bin"]);
    },
    TIMEOUT,
  );
});

test.skipIf(process.platform !== "linux")(
  "there is one for calls one after the other, more for calls at a time, and none when km has ended",
  async () => {
    using folder = makeRoot();
    const { root } = folder;
    writeFileSync(join(root, "a.txt"), "a");
    const mark = `MARK=${crypto.randomUUID()}`;
    {
      await using km = await served(root, [], { MARK: mark.slice("MARK=".length) });
      for (let call = 0; call < 3; call++) await km.call("filesystem_read_file", { path: "a.txt" });
      expect(markedProcesses(mark).length).toBe(2);
      const many = Array.from({ length: 4 * ALL }, () => km.call("filesystem_read_file", { path: "a.txt" }));
      for (const { text } of await Promise.all(many)) expect(text).toBe("a");
      const count = markedProcesses(mark).length;
      expect([count > 2, count <= 1 + ALL]).toEqual([true, true]);
    }
    await until(() => markedProcesses(mark).length === 0, "the end of all of them");
  },
  TIMEOUT,
);

test(
  "a folder that is missing is said when the service is first used",
  async () => {
    using folder = makeRoot();
    await using km = await served(join(folder.root, "missing"));
    expect((await km.call("filesystem_roots")).text).toContain("missing: no such file or directory");
  },
  TIMEOUT,
);
