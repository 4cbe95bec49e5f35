import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { KM } from "./e2e/km.ts";

const ROOT = join(import.meta.dir, "..");

let folder: string;
let home: string;
let empty: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-test-"));
  [home, empty] = [join(folder, "home"), join(folder, "empty")];
  for (const path of [home, empty]) mkdirSync(path);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function km(words: string[], input = ""): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([KM, ...words], {
    cwd: empty,
    env: { PATH: process.env["PATH"] ?? "", HOME: home },
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

describe("the built km, in an empty folder with an empty environment", () => {
  test("says which version of which commit it is", async () => {
    const { exitCode, stdout, stderr } = await km(["--version"]);
    expect(stdout).toMatch(/^km \d+\.\d+\.\d+ \(([0-9a-f]{12}|unknown)\)\n$/);
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  test("lists its commands", async () => {
    const { exitCode, stdout, stderr } = await km(["--help"]);
    const listed = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name);
    expect(listed).toEqual(expect.arrayContaining(["monitor", "sessions", "logs", "show", "stats", "config"]));
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  test.skipIf(process.platform === "win32")("passes a line to a server and back, and records it", async () => {
    const line = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';
    expect(await km(["monitor", "--", "cat"], line)).toEqual({ exitCode: 0, stdout: line, stderr: "" });
    expect((await km(["logs", "--json"])).stdout).toContain('"method":"ping"');
  });

  test("leaves nothing in the folder it was started in", async () => {
    await km(["monitor", "--", process.execPath, "--version"]);
    expect(readdirSync(empty)).toEqual([]);
  });
});

describe("the build", () => {
  const sumsProgram = [["sha256sum"], ["shasum", "-a", "256"]].find(([name = ""]) => Bun.which(name) !== null);

  test.skipIf(sumsProgram === undefined)("leaves sums that check", async () => {
    const command = [...(sumsProgram ?? []), "-c", "SHA256SUMS"];
    const child = Bun.spawn(command, { cwd: dirname(KM), stdout: "pipe", stderr: "inherit" });
    expect(await child.stdout.text()).toContain(`${basename(KM)}: OK\n`);
    expect(await child.exited).toBe(0);
  });

  test("puts no path of the machine it ran on into km", () => {
    expect(readFileSync(KM).includes(join(ROOT, "src"))).toBe(false);
  });

  test("makes an executable for another processor", async () => {
    // Numbers of processors from the ELF specification, section e_machine.
    const [target, machine] = process.arch === "x64" ? ["linux-arm64", 183] : ["linux-x64", 62];
    const command = [process.execPath, "build.ts", "--target", target, "--outdir", folder];
    const child = Bun.spawn(command, { cwd: ROOT, stdout: "inherit", stderr: "inherit" });
    expect(await child.exited).toBe(0);
    const header = Buffer.from(
      await Bun.file(join(folder, target, "km"))
        .slice(0, 64)
        .arrayBuffer(),
    );
    expect(header.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(header.readUInt16LE(18)).toBe(machine);
    expect(readFileSync(join(folder, target, "SHA256SUMS"), "utf8")).toMatch(/^[0-9a-f]{64} {2}km\n$/);
  }, 180_000); // the runtime of the other system is downloaded the first time

  test("takes the version and the keys of releases that it is given", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const keyFile = join(folder, "key.pem");
    writeFileSync(keyFile, publicKey.export({ type: "spki", format: "pem" }));
    const options = ["--outdir", join(folder, "built"), "--version", "9.8.7-rc.1", "--release-key", keyFile];
    const child = Bun.spawn([process.execPath, "build.ts", ...options], {
      cwd: ROOT,
      stdout: "ignore",
      stderr: "pipe",
    });
    expect(await child.stderr.text()).not.toContain("error");
    expect(await child.exited).toBe(0);
    const built = join(folder, "built", basename(KM));
    expect(Bun.spawnSync([built, "--version"]).stdout.toString()).toStartWith("km 9.8.7-rc.1 (");
    const key = publicKey.export({ type: "spki", format: "der" }).toString("base64");
    expect(readFileSync(built).includes(key)).toBe(true);
  }, 60_000);

  test.each([
    ["a version that is none", ["--version", "1.2"], "Not a version: 1.2"],
    ["a file without a public key", ["--release-key", "LICENSE"], "No public key in PEM in LICENSE"],
  ])("refuses %s", async (_, options, message) => {
    const command = [process.execPath, "build.ts", "--outdir", folder, ...options];
    const child = Bun.spawn(command, { cwd: ROOT, stdout: "ignore", stderr: "pipe" });
    expect(await child.stderr.text()).toContain(message);
    expect(await child.exited).toBe(1);
  });

  test("refuses a target it does not know", async () => {
    const command = [process.execPath, "build.ts", "--target", "amiga", "--outdir", folder];
    const child = Bun.spawn(command, { cwd: ROOT, stdout: "ignore", stderr: "pipe" });
    expect(await child.stderr.text()).toContain("Unknown target amiga; known: linux-x64, ");
    expect(await child.exited).toBe(1);
  });
});
