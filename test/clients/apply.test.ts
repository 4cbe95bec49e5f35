/** Changing files on the disk: undo, links, modes, full disks, other writers, and processes that are killed on the way. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyPlan } from "../../src/clients/apply.ts";
import type { Change } from "../../src/clients/edit-servers.ts";
import { type Plan, planChange } from "../../src/clients/plan.ts";
import { readServers } from "../../src/clients/read-servers.ts";
import { addRecord, journalFolder } from "../../src/clients/undo-journal.ts";
import type { Shape } from "../../src/clients/shape.ts";

const FIXTURE = join(import.meta.dir, "../fixtures/apply-change.ts");
const shape: Shape = { format: "json", servers: [["mcpServers"]], command: "command", args: "args" };
const wrap: Change = { kind: "wrap", km: "/opt/km" };
const unwrap: Change = { kind: "unwrap" };
const ORIGINAL = `\u{feff}{ // mine
  "mcpServers": {
      "files": {"command": "npx", "args": ["-y", "f"]},\r
    "git": { "command": "git-mcp", "env": {"TOKEN": "t"} },
    "web": { "url": "https://x" },
  },
}`;
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let root: string;
let folder: string;
let file: string;
let state: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "km-apply-"));
  folder = join(root, "client");
  state = join(root, "state");
  file = join(folder, "mcp.json");
  mkdirSync(folder);
  writeFileSync(file, ORIGINAL);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function plan(change: Change): Promise<Plan> {
  return planChange(file, shape, change, state);
}

async function apply(change: Change): Promise<Plan> {
  return await applyPlan(state, await plan(change));
}

function contents(): string {
  return readFileSync(file, "utf8");
}

function edit(from: string, to: string): void {
  const before = contents();
  expect(before).toContain(from);
  writeFileSync(file, before.replace(from, to));
}

function wrappedNames(): string[] {
  return readServers(contents(), shape).flatMap(({ name, wrapped }) => (wrapped === undefined ? [] : [name]));
}

/** What is there beside the client's file and the lock. */
function leftBehind(): string[] {
  const journals = existsSync(join(state, "clients")) ? readdirSync(join(state, "clients"), { recursive: true }) : [];
  return [
    ...readdirSync(folder).filter((name) => name !== "mcp.json"),
    ...journals.map(String).filter((name) => name !== "lock"),
  ];
}

describe("applyPlan", () => {
  test("wraps, and unwrapping gives back the bytes and leaves nothing", async () => {
    const planned = await plan(wrap);
    expect(contents()).toBe(ORIGINAL);
    expect(planned.changed.map(({ name }) => name)).toEqual(["files", "git"]);
    await applyPlan(state, planned);
    expect(contents()).toBe(planned.after);
    expect(wrappedNames()).toEqual(["files", "git"]);
    expect((await plan(wrap)).changed).toEqual([]);
    const undo = await plan(unwrap);
    expect(undo.after).toBe(ORIGINAL);
    expect(undo.changed.map(({ name }) => name)).toEqual(["files", "git"]);
    await applyPlan(state, undo);
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  });

  test("keeps the bytes of before for the user alone", async () => {
    await apply(wrap);
    const names = readdirSync(join(state, "clients"), { recursive: true }).map(String);
    const original = names.find((name) => name.endsWith(".original")) ?? "";
    expect(readFileSync(join(state, "clients", original), "utf8")).toBe(ORIGINAL);
    for (const name of names) {
      expect(statSync(join(state, "clients", name)).mode & 0o077).toBe(0);
    }
  });

  test.each([
    [["files"], ["git"]],
    [["git"], ["files"]],
  ])("undoes %p, then %p", async (first, second) => {
    await apply(wrap);
    await apply({ ...unwrap, servers: first });
    expect(wrappedNames()).toEqual(second);
    await apply({ ...unwrap, servers: second });
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  });

  test("undoes what was wrapped and pointed elsewhere in several steps", async () => {
    await apply({ ...wrap, servers: ["git"] });
    await apply(wrap);
    await apply({ kind: "repoint", km: "/usr/bin/km" });
    await apply({ ...unwrap, servers: ["git"] });
    await apply(wrap);
    await apply(unwrap);
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  });

  test("does not point one that cannot be unwrapped back to a km that was gone", async () => {
    const text = (km: string) =>
      `{"mcpServers": {"a": {"command": "x"}, "b": {"command": "${km}", "args": ["monitor", "-e", "A=b", "--", "y"]}}}`;
    writeFileSync(file, text("/gone/km"));
    await apply(wrap);
    await apply({ kind: "repoint", km: "/opt/km", from: ["/gone/km"] });
    const { changed, refused } = await apply(unwrap);
    expect([changed, refused].map((some) => some.map(({ name }) => name))).toEqual([["a"], ["b"]]);
    expect(contents()).toBe(text("/opt/km"));
  });

  test("keeps what the user changed elsewhere, and reverts the servers", async () => {
    await apply({ ...wrap, servers: ["git"] });
    edit('"TOKEN": "t"', '"TOKEN": "new"');
    await apply({ kind: "repoint", km: "/usr/bin/km" });
    edit("// mine", "// yours");
    await apply(wrap);
    await apply(unwrap);
    expect(contents()).toBe(ORIGINAL.replace('"t"', '"new"').replace("mine", "yours"));
    expect(leftBehind()).toEqual([]);
  });

  test("reverts in a file that the client wrote anew", async () => {
    await apply(wrap);
    writeFileSync(file, JSON.stringify(Bun.JSONC.parse(contents().slice(1)), undefined, 1));
    await apply(unwrap);
    expect(JSON.parse(contents())).toMatchObject({
      mcpServers: { files: { command: "npx", args: ["-y", "f"] }, git: { command: "git-mcp", args: [] } },
    });
    expect(leftBehind()).toEqual([]);
  });

  test("shows what undoing will give, also behind a change that was never made", async () => {
    await apply(wrap);
    const bytes = readFileSync(file);
    addRecord(journalFolder(state, realpathSync(file)), file, { before: bytes, after: Buffer.from("{}"), marks: [] });
    expect((await plan(unwrap)).after).toBe(ORIGINAL);
    await apply(unwrap);
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  });

  test("forgets what the user has undone by hand", async () => {
    await apply(wrap);
    writeFileSync(file, ORIGINAL);
    await apply(unwrap);
    expect(leftBehind()).toEqual([]);
    await apply(wrap);
    writeFileSync(file, "{}");
    await apply(unwrap);
    expect(leftBehind()).toEqual([]);
    expect(contents()).toBe("{}");
  });

  test("unwraps one of two servers of the same name where the other cannot be", async () => {
    const projects: Shape = { ...shape, servers: [["projects", "*"]] };
    const odd = '"b": {"x": {"command": "km", "args": ["monitor", "--", "y", 1]}}';
    writeFileSync(file, `{"projects": {"a": {"x": {"command": "npx"}}, ${odd}}}`);
    const before = contents();
    await applyPlan(state, await planChange(file, projects, wrap, state));
    writeFileSync(file, `${contents()}\n`);
    const undo = await planChange(file, projects, unwrap, state);
    expect(undo.changed.map(({ path }) => path)).toEqual([["projects", "a", "x"]]);
    expect(undo.refused).toHaveLength(1);
    await applyPlan(state, undo);
    expect(contents()).toBe(`${before}\n`);
  });

  test("unwraps what was wrapped by hand, with a journal that is lost or broken", async () => {
    await apply(wrap);
    for (const name of readdirSync(join(state, "clients"), { recursive: true }).map(String)) {
      if (/\.(?:json|original)$/.test(name)) truncateSync(join(state, "clients", name), 10);
    }
    await apply(unwrap);
    expect(wrappedNames()).toEqual([]);
    expect(contents()).toStartWith("\u{feff}{ // mine");
  });

  test("goes on where the file changed elsewhere since it was planned", async () => {
    const planned = await plan(wrap);
    edit("mine", "yours");
    await applyPlan(state, planned);
    expect(contents()).toBe(planned.after.replace("mine", "yours"));
  });

  test.each([
    ["a new server", '"web": {', '"new": {"command": "x"}, "web": {'],
    ["another command", '"npx"', '"rm"'],
    ["a server that is gone", '"git": {', '"g": {'],
  ])("changes nothing where there is %s since it was planned", async (_, from, to) => {
    const planned = await plan(wrap);
    edit(from, to);
    const found = contents();
    await expect(applyPlan(state, planned)).rejects.toMatchObject({
      code: "CLT_003",
      message: expect.stringContaining("meanwhile"),
    });
    expect(contents()).toBe(found);
    expect(leftBehind()).toEqual([]);
  });

  test("has nothing to do where another km did it since it was planned", async () => {
    const planned = await plan(wrap);
    await applyPlan(state, planned);
    const again = await applyPlan(state, planned);
    expect(again.changed).toEqual([]);
    expect(contents()).toBe(planned.after);
  });

  test.each([
    ["UTF-16", Buffer.from("\u{feff}{}", "utf16le")],
    ["broken UTF-8", Buffer.from([0x7b, 0xc3, 0x7d])],
    ["UTF-16 without its mark", Buffer.from("{}", "utf16le")],
    ["more than 10 MB", Buffer.alloc(10 * 1024 * 1024 + 1, " ")],
  ])("leaves %s alone", async (_, bytes) => {
    writeFileSync(file, bytes);
    await expect(plan(wrap)).rejects.toMatchObject({ code: "CLT_002" });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test("says that there is no file, or only a folder", async () => {
    await expect(planChange(`${file}.x`, shape, wrap, state)).rejects.toMatchObject({ code: "CLT_002" });
    await expect(planChange(folder, shape, wrap, state)).rejects.toMatchObject({ code: "CLT_002" });
  });
});

describe.skipIf(process.platform === "win32")("the file", () => {
  test("keeps its mode and the link to it", async () => {
    const link = join(root, "link.json");
    symlinkSync("client/mcp.json", link);
    chmodSync(file, 0o640);
    await applyPlan(state, await planChange(link, shape, wrap, state));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(file).mode & 0o7777).toBe(0o640);
    expect(wrappedNames()).toEqual(["files", "git"]);
    await apply(unwrap);
    expect(contents()).toBe(ORIGINAL);
  });

  test.skipIf(!isRoot)("keeps its owner", async () => {
    await Bun.$`chown 12:34 ${file}`.quiet();
    await apply(wrap);
    expect(statSync(file)).toMatchObject({ uid: 12, gid: 34 });
  });

  test.skipIf(!isRoot)("is untouched in a folder that may not be written", async () => {
    await Bun.$`chmod 755 ${root}; mkdir ${state}; chown ${NOBODY} ${state}; chmod 555 ${folder}; chmod 644 ${file}`.quiet();
    const child = Bun.spawn([process.execPath, FIXTURE, file, state, "wrap"], { uid: NOBODY, env: {}, stdout: "pipe" });
    expect(await child.stdout.text()).toBe("CLT_003\n");
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  });

  test.skipIf(!canMount())("is untouched where the disk is full, its own or that of the journal", async () => {
    for (const full of [folder, state]) {
      mkdirSync(state, { recursive: true });
      await Bun.$`mount -t tmpfs -o size=16k,mode=755 none ${full}`.quiet();
      try {
        writeFileSync(file, ORIGINAL);
        const filling = await Bun.$`head -c 100000 /dev/zero > ${join(full, "fill")}`.quiet().nothrow();
        expect(filling.exitCode).not.toBe(0);
        await expect(apply(wrap)).rejects.toMatchObject({
          code: "CLT_003",
          message: expect.stringMatching(/ENOSPC|disk is full/),
        });
        expect(contents()).toBe(ORIGINAL);
        expect(leftBehind().filter((name) => name !== "fill")).toEqual([]);
      } finally {
        await Bun.$`umount ${full}`.quiet();
      }
    }
  });
});

describe("two at once", () => {
  test("end well, and the file is wrapped once", async () => {
    const start = () => Bun.spawn([process.execPath, FIXTURE, file, state, "wrap"], { env: {}, stdout: "pipe" });
    const planned = await plan(wrap);
    const children = [start(), start(), start()];
    const said = await Promise.all(children.map((child) => child.stdout.text()));
    expect(said).toEqual(["", "", ""]);
    expect(contents()).toBe(planned.after);
    await apply(unwrap);
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  });

  test("in one process, too", async () => {
    const planned = await plan(wrap);
    await Promise.all([applyPlan(state, planned), applyPlan(state, planned)]);
    expect(contents()).toBe(planned.after);
  });
});

describe("killed on the way", () => {
  /** Whatever happened, the file is one of the two, and the next run ends as if nothing had happened. */
  async function expectSound(wrappedText: string): Promise<void> {
    expect([ORIGINAL, wrappedText]).toContain(contents());
    await apply(wrap);
    expect(contents()).toBe(wrappedText);
    expect(readdirSync(folder)).toEqual(["mcp.json"]);
    await apply(unwrap);
    expect(contents()).toBe(ORIGINAL);
    expect(leftBehind()).toEqual([]);
  }

  test("at any moment, the file is old or new and undo is exact", async () => {
    const { after } = await plan(wrap);
    for (let run = 0; run < 30; run++) {
      await using child = Bun.spawn([process.execPath, FIXTURE, file, state, "loop"], { env: {}, stdout: "pipe" });
      const reader = child.stdout.getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toBe("ready\n");
      await Bun.sleep(run * 1.3);
      child.kill("SIGKILL");
      await child.exited;
      reader.releaseLock();
      await expectSound(after);
    }
  }, 60_000);

  const canTrace =
    process.platform === "linux" &&
    Bun.which("strace") !== null &&
    Bun.spawnSync(["strace", "-f", "-e", "inject=rename:error=EPERM", "true"]).exitCode === 0;
  /** Every call of each kind that a change makes, by its number. */
  const points = [
    ...[1, 2, 3, 4, 5].map((nth) => ["wrap", "fsync", nth] as const),
    ...[1, 2].map((nth) => ["wrap", "rename", nth] as const),
    ...[1, 2].map((nth) => ["unwrap", "fsync", nth] as const),
    ["unwrap", "rename", 1] as const,
  ];

  test.skipIf(!canTrace).each(points)(
    "to %s, in %s number %d",
    async (kind, call, nth) => {
      const { after } = await plan(wrap);
      if (kind === "unwrap") await apply(wrap);
      const calls = call === "rename" ? "rename,renameat,renameat2" : "fsync,fdatasync";
      const inject = `inject=${calls}:signal=KILL:when=${nth}`;
      const trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${calls}`, "-e", inject];
      const child = Bun.spawn([...trace, process.execPath, FIXTURE, file, state, kind], {
        env: {},
        stdout: "ignore",
        stderr: "ignore",
      });
      await child.exited;
      expect(child.signalCode).toBe("SIGKILL"); // the point was reached
      await expectSound(after);
    },
    30_000,
  );
});

/** Also root may lack the right, as in a container. */
function canMount(): boolean {
  if (!isRoot) return false;
  const point = mkdtempSync(join(tmpdir(), "km-test-"));
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "none", point]).exitCode === 0;
  if (mounted) Bun.spawnSync(["umount", point]);
  rmSync(point, { recursive: true });
  return mounted;
}
