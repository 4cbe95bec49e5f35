import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type ReleaseServer, startReleaseServer } from "../fixtures/release-server.ts";
import { contents, INSTALLER, Releases, Sandbox, script, SHELLS } from "./sandbox.ts";

let releases: Releases;
let server: ReleaseServer;
let sandbox: Sandbox;
let installer: string;

beforeAll(async () => {
  releases = new Releases();
  const targets = ["linux-x64", "linux-arm64", "linux-x64-musl", "darwin-x64", "darwin-arm64"] as const;
  await releases.add("1.9.0", undefined, ["linux-x64"]);
  await releases.add("1.10.0", undefined, [...targets]);
  await releases.add("1.10.1-rc.1");
  installer = releases.installer("1.10.0");
  server = startReleaseServer(releases.folder);
});

beforeEach(() => {
  sandbox = new Sandbox();
  server.mode = "normal";
  server.latest = "1.10.0";
  server.requests.length = 0;
  sandbox.env["KM_DOWNLOAD_URL"] = server.url;
});

afterEach(() => sandbox[Symbol.dispose]());

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  releases[Symbol.dispose]();
});

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("install.sh through a pipe", () => {
  const shell = SHELLS[0] ?? "sh";
  const install = async (...args: string[]) => await sandbox.pipe(shell, installer, ...args);

  test.each([
    ["curl", ["curl"], []],
    ["wget", ["wget"], []],
    ["BusyBox's wget", [], ["wget"]],
  ])("downloads with %s alone, through redirects, and names what is not there", async (_, tools, fromBusybox) => {
    sandbox.env["PATH"] = sandbox.tools(tools);
    for (const name of fromBusybox) symlinkSync(Bun.which("busybox") ?? "", join(sandbox.env["PATH"], name));
    server.mode = "redirect";
    expect(await install()).toMatchObject({ exitCode: 0, stderr: "" });
    server.mode = "normal";
    const { exitCode, stderr } = await install("--version", "9.9.9");
    expect(stderr).toBe(`install.sh: Cannot install km 9.9.9: no release v9.9.9 at ${server.url}\n`);
    expect(exitCode).toBe(1);
    server.mode = "truncated";
    server.requests.length = 0;
    expect((await install()).stderr).toContain("Cannot download");
    expect(server.requests.filter((path) => path.endsWith(".tar.gz"))).toHaveLength(3);
    server.mode = "corrupted";
    expect((await install()).stderr).toContain("wrong SHA-256");
  });

  test("checks the sum with whichever program is there, and refuses without", async () => {
    for (const tool of ["sha256sum", "shasum", "openssl"]) {
      sandbox.env["PATH"] = sandbox.tools(
        ["curl", "perl", tool],
        ["sha256sum", "openssl"].filter((one) => one !== tool),
      );
      sandbox.env["KM_REQUIRE_SIGNATURE"] = "0";
      server.mode = "corrupted";
      expect((await install()).stderr).toContain("wrong SHA-256");
      server.mode = "normal";
      expect((await install()).stderr).toBe("");
    }
    sandbox.env["PATH"] = sandbox.tools(["curl"], ["sha256sum", "openssl"]);
    expect((await install()).stderr).toContain("none of sha256sum, shasum and openssl is on the PATH");
  });

  test("trusts no mirror whose signature it cannot check", async () => {
    sandbox.env["PATH"] = sandbox.tools(["curl"], ["openssl"]);
    const { exitCode, stderr } = await install();
    expect(stderr).toContain(
      `that takes OpenSSL 3 on the PATH\nNothing was changed. To trust ${server.url} without it, set`,
    );
    expect(exitCode).toBe(1);
    expect(server.requests).toEqual(["/latest/download/checksums.txt"]);
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test("says when it cannot check the signature, which KM_REQUIRE_SIGNATURE makes an error", async () => {
    const paths = { verifier: sandbox.tools(["curl"], ["openssl"]), key: sandbox.tools(["curl"]) };
    for (const [what, text] of [
      ["verifier", installer],
      ["key", INSTALLER],
    ] as const) {
      sandbox.env["PATH"] = paths[what];
      sandbox.env["KM_REQUIRE_SIGNATURE"] = "0";
      const { stdout } = await sandbox.pipe(shell, text);
      expect(stdout).toMatch(/^Note: only the checksum of the download is checked, not its signature: .*\n/);
      sandbox.env["KM_REQUIRE_SIGNATURE"] = "1";
      const { exitCode, stderr } = await sandbox.pipe(shell, text);
      expect(stderr).toContain("Cannot install km: its signature cannot be checked");
      expect(exitCode).toBe(1);
    }
  });

  test("takes any of several keys", async () => {
    const two = installer.replace(/^release_keys='/m, `release_keys='MCowBQYDK2VwAyEA${"A".repeat(42)}8= `);
    const { exitCode, stdout } = await sandbox.pipe(shell, two);
    expect([exitCode, stdout.includes("Note:")]).toEqual([0, false]);
  });

  test.each([
    ["Linux", "aarch64", "", "linux-arm64"],
    ["Linux", "x86_64", "musl libc (x86_64)", "linux-x64-musl"],
    ["Darwin", "x86_64", "", "darwin-x64"],
    ["Darwin", "arm64", "", "darwin-arm64"],
    ["Darwin", "x86_64", "Rosetta", "darwin-arm64"],
  ])("takes on %s %s %s the release for %s", async (system, machine, trait, target) => {
    pretend(system, machine, trait);
    await install();
    expect(server.requests).toContain(`/download/v1.10.0/km-1.10.0-${target}.tar.gz`);
  });

  test.each([
    ["FreeBSD", "amd64", "there is no release for FreeBSD on amd64"],
    ["Linux", "riscv64", "there is no release for Linux on riscv64"],
    ["Linux", "i686", "there is no release for Linux on i686"],
    ["MINGW64_NT-10.0-26100", "x86_64", "this is Windows (MINGW64_NT-10.0-26100)"],
  ])("names %s %s as unsupported", async (system, machine, message) => {
    pretend(system, machine, "");
    const { exitCode, stderr } = await install();
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  function pretend(system: string, machine: string, trait: string): void {
    const tools = sandbox.tools(["curl"], ["uname", "ldd"]);
    script(join(tools, "uname"), `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; esac`);
    script(join(tools, "ldd"), `echo '${trait.startsWith("musl") ? trait : "ldd (GNU libc) 2.41"}' >&2; exit 1`);
    script(join(tools, "sysctl"), trait === "Rosetta" ? "echo 1" : "exit 1");
    sandbox.env["PATH"] = tools;
  }

  test("keeps the old km when the new one does not run, or says it is another version", async () => {
    await install("--version", "1.9.0");
    const before = contents(sandbox.home);
    using bad = new Releases();
    await bad.add("2.0.0", "echo no such library >&2; exit 127");
    await bad.add("2.0.1", "echo km 2.0.0");
    sandbox.env["KM_DOWNLOAD_URL"] = `file://${bad.folder}`;
    mkdirSync(join(bad.folder, "download"));
    for (const version of ["2.0.0", "2.0.1"])
      cpSync(join(bad.folder, `v${version}`), join(bad.folder, "download", `v${version}`), { recursive: true });
    const own = bad.installer("2.0.0");
    expect((await sandbox.pipe(shell, own, "--version", "2.0.0")).stderr).toContain("the new one does not run from");
    expect((await sandbox.pipe(shell, own, "--version", "2.0.1")).stderr).toContain("says that it is: km 2.0.0");
    expect(contents(sandbox.home)).toEqual(before);
  });

  test("gives up a new km that hangs, also when it leaves something running", async () => {
    using bad = new Releases();
    await bad.add("2.0.0", `${Bun.which("sleep")} 30 & wait`);
    await using mirror = startReleaseServer(bad.folder);
    sandbox.env["KM_DOWNLOAD_URL"] = mirror.url;
    script(join(sandbox.env["PATH"] ?? "", "sleep"), `exec ${Bun.which("sleep")} 0.02`);
    for (const one of SHELLS) {
      const { exitCode, stderr } = await sandbox.pipe(one, bad.installer("2.0.0"));
      expect(stderr).toBe(
        `install.sh: Cannot install km: the new one does not run from ${sandbox.bin}: it was killed, or gave no answer within a minute\nNothing was changed.\n`,
      );
      expect(exitCode).toBe(1);
      expect(readdirSync(sandbox.home)).toEqual([]);
    }
  });

  test("lets nobody else write to what it makes, and follows a stricter umask", async () => {
    for (const [umask, expected] of [
      ["000", 0o755],
      ["077", 0o700],
    ] as const) {
      await sandbox.run(["sh", "-c", `umask ${umask}; exec ${Bun.which("sh")} -s`], { stdin: new Blob([installer]) });
      expect(statSync(sandbox.bin).mode & 0o777).toBe(expected);
      const receipts = join(sandbox.home, ".local/state/km/installed");
      expect(statSync(join(receipts, readdirSync(receipts)[0] ?? "")).mode & 0o777).toBe(expected & 0o666);
      await install("--uninstall");
    }
  });

  test("names the library that musl's builds need", async () => {
    using bad = new Releases();
    await bad.add("2.0.0", "echo 'Error loading shared library libstdc++.so.6' >&2; echo more >&2; exit 127");
    await using mirror = startReleaseServer(bad.folder);
    sandbox.env["KM_DOWNLOAD_URL"] = mirror.url;
    const { stderr } = await sandbox.pipe(shell, bad.installer("2.0.0"));
    expect(stderr).toContain("it needs libstdc++ (on Alpine: apk add libstdc++)\n");
  });

  test("KM_UNMANAGED installs the executable and nothing else", async () => {
    Object.assign(sandbox.env, { KM_UNMANAGED: "1", KM_INSTALL_DIR: join(sandbox.home, "tools") });
    await install();
    await install();
    expect(Object.keys(contents(sandbox.home))).toEqual(["tools", "tools/km"]);
    // With no home at all.
    sandbox.env["HOME"] = "";
    expect((await install()).exitCode).toBe(0);
  });

  test("uninstalls nothing while clients run their servers through km, unless forced", async () => {
    await install();
    const record = join(sandbox.home, ".local/state/km/clients/0f");
    mkdirSync(record, { recursive: true });
    writeFileSync(join(record, "1.json"), "{}");
    const { exitCode, stderr } = await install("--uninstall");
    expect(stderr).toContain(`MCP clients still run their servers through it\nRun "${sandbox.km} unwrap" first`);
    expect(exitCode).toBe(1);
    expect(existsSync(sandbox.km)).toBe(true);
    expect((await install("--uninstall", "--force")).exitCode).toBe(0);
    expect(existsSync(sandbox.km)).toBe(false);
  });

  test("adopts a km that it did not put there only when forced", async () => {
    mkdirSync(sandbox.bin, { recursive: true });
    script(sandbox.km, "echo km 1.0.0");
    expect((await install()).stderr).toContain("or replace it with --force.");
    expect((await install("--force")).stdout).toContain("Installed km 1.10.0");
    await install("--uninstall");
    expect(existsSync(sandbox.km)).toBe(false);
  });

  test("leaves the man page and completions that are somebody else's alone", async () => {
    const folder = join(sandbox.home, ".local/share/bash-completion/completions");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "km"), "mine");
    expect((await install()).stdout).toContain(`Note: left ${folder}/km alone`);
    await install("--uninstall");
    expect(readFileSync(join(folder, "km"), "utf8")).toBe("mine");
  });

  test("gives up a download that stalls", async () => {
    using stalling = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    Object.assign(sandbox.env, { KM_DOWNLOAD_URL: `http://127.0.0.1:${stalling.port}`, KM_DOWNLOAD_TIMEOUT: "1" });
    const { exitCode, stderr } = await install();
    expect(stderr).toContain("Cannot download http://127.0.0.1");
    expect(exitCode).toBe(1);
  }, 30_000);

  test.each([
    [["--version", "1.2"], "Not a version: 1.2"],
    [["--version", "1.2.3;rm"], "Not a version: 1.2.3;rm"],
    [["--version"], "--version needs a value"],
    [["--from-source"], "is not a checkout"],
  ])("refuses %p", async (args, message) => {
    const { exitCode, stderr } = await install(...args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
  });

  test("a folder that may not be written to is named", async () => {
    chmodSync(sandbox.home, 0o555);
    const asRoot = process.getuid?.() === 0;
    if (asRoot) chmodSync(sandbox.folder, 0o755);
    const command = asRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const [program = "", ...args] = shell.split(" ");
    const { exitCode, stderr } = await sandbox.run([...command, Bun.which(program) ?? "", ...args, "-s"], {
      stdin: new Blob([installer]),
    });
    expect(stderr).toContain(`no permission to write to ${sandbox.home}`);
    expect(exitCode).toBe(1);
  });

  test("goes through a proxy", async () => {
    Object.assign(sandbox.env, { KM_DOWNLOAD_URL: "http://mirror.invalid", http_proxy: server.url });
    for (const tools of [["curl"], ["wget"]]) {
      sandbox.env["PATH"] = sandbox.tools(tools);
      expect(await install()).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });

  test.skipIf(Bun.which("zsh") === null)("runs in zsh too, which splits no words", async () => {
    const before = contents(sandbox.home);
    const two = installer.replace(/^release_keys='/m, `release_keys='MCowBQYDK2VwAyEA${"A".repeat(42)}8= `);
    expect(await sandbox.pipe("zsh", two)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(existsSync(join(sandbox.home, ".local/share/fish/vendor_completions.d/km.fish"))).toBe(true);
    expect(await sandbox.pipe("zsh", two, "--uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(contents(sandbox.home)).toEqual(before);
  });

  test("a checkout's km is replaced by a released one, and the receipt says so", async () => {
    const checkout = join(sandbox.folder, "checkout");
    mkdirSync(join(checkout, "dist"), { recursive: true });
    for (const name of ["build.ts", "package.json"]) writeFileSync(join(checkout, name), "");
    writeFileSync(join(checkout, "install.sh"), INSTALLER);
    script(join(checkout, "dist/km"), "echo km 1.0.0");
    writeFileSync(join(checkout, "dist/SHA256SUMS"), `${"0".repeat(64)}  km\n`);
    for (const name of ["node", "npx"]) script(join(sandbox.env["PATH"] ?? "", name), ":");
    const receipts = join(sandbox.home, ".local/state/km/installed");
    const origin = () => readFileSync(join(receipts, readdirSync(receipts)[0] ?? ""), "utf8").split("\n")[0];
    await sandbox.run([shell, join(checkout, "install.sh")]);
    expect(origin()).toBe("# origin: checkout");
    // Through a pipe, a checkout in the current folder means nothing.
    await sandbox.run([shell, "-s"], { cwd: checkout, stdin: new Blob([installer]) });
    expect(origin()).toBe("# origin: release");
  });
});
