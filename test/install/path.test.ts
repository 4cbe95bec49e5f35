import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contents, Releases, Sandbox, SHELLS } from "./sandbox.ts";

let releases: Releases;
let mirror: string;
let sandbox: Sandbox;

beforeAll(async () => {
  releases = new Releases();
  await releases.add("1.0.0");
  mirror = join(releases.folder, "mirror");
  mkdirSync(join(mirror, "latest"), { recursive: true });
  mkdirSync(join(mirror, "download"));
  for (const folder of ["latest/download", "download/v1.0.0"]) {
    Bun.spawnSync(["cp", "-R", join(releases.folder, "v1.0.0"), join(mirror, folder)]);
  }
});

beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.env["KM_DOWNLOAD_URL"] = `file://${mirror}`;
});

afterEach(() => sandbox[Symbol.dispose]());

afterAll(() => releases[Symbol.dispose]());

const HERE = process.platform === "linux" && process.arch === "x64";

describe.skipIf(!HERE)("install.sh and the PATH", () => {
  const install = async (...args: string[]) =>
    await sandbox.pipe(SHELLS[0] ?? "sh", releases.installer("1.0.0"), ...args);

  const home = () =>
    readdirSync(sandbox.home, { recursive: true, encoding: "utf8" })
      .filter((name) => /rc$|profile|login|conf\.d\/km/.test(name))
      .sort();

  test.each([
    ["/bin/bash", [".bashrc", ".profile"]],
    ["/usr/bin/zsh", [".zshrc"]],
    ["/usr/bin/fish", [".config/fish/conf.d/km.fish"]],
    ["/bin/sh", [".profile"]],
  ])("makes the start files of %s where there are none", async (shell, files) => {
    sandbox.env["SHELL"] = shell;
    const { stdout } = await install();
    expect(home()).toEqual(files);
    for (const file of files) expect(stdout).toContain(join(sandbox.home, file));
    await install("--uninstall");
    expect(contents(sandbox.home)).toEqual({});
  });

  test("uses the file that a bash at login reads, and ZDOTDIR", async () => {
    sandbox.env["ZDOTDIR"] = join(sandbox.home, "zsh");
    mkdirSync(sandbox.env["ZDOTDIR"]);
    for (const file of [".bash_profile", ".profile", "zsh/.zshrc"]) writeFileSync(join(sandbox.home, file), "");
    await install();
    expect(readFileSync(join(sandbox.home, ".bash_profile"), "utf8")).toContain(sandbox.bin);
    expect(readFileSync(join(sandbox.home, ".profile"), "utf8")).toBe("");
    expect(readFileSync(join(sandbox.home, "zsh/.zshrc"), "utf8")).toContain(sandbox.bin);
  });

  test.each([
    ["bash", ["-i", "-c"]],
    ["bash", ["-l", "-c"]],
    ["zsh", ["-i", "-c"]],
    ["fish", ["-c"]],
    ["dash", ["-l", "-c"]],
  ])("%s %p finds km, from a folder with blanks and quotes, once on the PATH", async (name, args) => {
    const program = Bun.which(name);
    if (program === null) return;
    const folder = join(sandbox.home, `it's a "$HOME" \\folder`);
    sandbox.env["SHELL"] = program;
    await install("--prefix", folder);
    await install("--prefix", folder);
    sandbox.env["PATH"] = "/usr/bin:/bin";
    expect((await sandbox.run([program, ...args, "km"])).stdout).toContain("km 1.0.0 (test)\n");
    // A shell in a shell.
    const print = name === "fish" ? "string join : $PATH" : `printf "%s\\n" "$PATH"`;
    sandbox.env["PATH"] = (await sandbox.run([program, ...args, print])).stdout.trim().split("\n").at(-1) ?? "";
    expect(sandbox.env["PATH"].split(folder)).toHaveLength(2);
    const { stdout } = await sandbox.run([program, ...args, print]);
    expect(stdout.split(folder)).toHaveLength(2);
  });

  test("adds its line once, and takes it out from between what came later", async () => {
    const file = join(sandbox.home, ".bashrc");
    writeFileSync(file, "before");
    await install();
    expect((await install()).stdout).toContain(`is put on the PATH in:`);
    writeFileSync(file, `${readFileSync(file, "utf8")}after`);
    await install("--uninstall");
    expect(readFileSync(file, "utf8")).toBe("before\nafter");
  });

  test.each([
    ["--no-modify-path", {}],
    ["KM_NO_MODIFY_PATH", { KM_NO_MODIFY_PATH: "1" }],
    ["continuous integration, without start files", { CI: "true" }],
  ])("changes no file with %s, and says what to do", async (how, env) => {
    Object.assign(sandbox.env, env);
    if (!("CI" in env)) writeFileSync(join(sandbox.home, ".bashrc"), "x");
    const { stdout } = await install(...(how.startsWith("--") ? [how] : []));
    expect(home().map((name) => readFileSync(join(sandbox.home, name), "utf8"))).toEqual("CI" in env ? [] : ["x"]);
    expect(stdout).toContain(`is not on the PATH. Add this line`);
  });

  test("leaves a file that cannot be written to alone", async () => {
    mkdirSync(join(sandbox.home, ".profile"));
    const { exitCode, stdout } = await install();
    expect(stdout).toContain(`Note: cannot write to ${sandbox.home}/.profile.`);
    expect(exitCode).toBe(0);
    expect((await install("--uninstall")).exitCode).toBe(0);
  });

  test("two folders are uninstalled apart", async () => {
    const other = join(sandbox.home, "other");
    await install("--prefix", other);
    const before = contents(sandbox.home);
    await install();
    await install("--uninstall");
    expect(contents(sandbox.home)).toEqual(before);
    await install("--uninstall", "--prefix", other);
    expect(contents(sandbox.home)).toEqual({});
  });
});
