import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageOwner } from "../../src/update/package-owner-linux.ts";
import { KM } from "../e2e/km.ts";
import { type ReleaseServer, startReleaseServer } from "../fixtures/release-server.ts";
import { InstalledKm, Releases, TARGET } from "../update/make-releases.ts";

const ROOT = join(import.meta.dir, "../..");
const LONG = 60_000;

let releases: Releases;
let server: ReleaseServer;
let installed: InstalledKm;
/** 0.0.1 and 0.0.2 are km itself, 0.0.3 is a script. */
let built: string;
let old: Uint8Array;

beforeAll(async () => {
  releases = new Releases();
  built = mkdtempSync(join(tmpdir(), "km-built-"));
  const publicKey = createPublicKey(createPrivateKey(readFileSync(releases.keyFile)));
  const keyFile = join(built, "public.pem");
  writeFileSync(keyFile, publicKey.export({ type: "spki", format: "pem" }));
  const build = async (version: string): Promise<void> => {
    const words = ["build.ts", "--outdir", join(built, version), "--version", version, "--release-key", keyFile];
    const child = Bun.spawn([process.execPath, ...words], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
    const [errors, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
    if (exitCode !== 0) throw new Error(errors);
  };
  await Promise.all([build("0.0.1"), build("0.0.2")]);
  old = readFileSync(join(built, "0.0.1/km"));
  await releases.publish("0.0.2", join(built, "0.0.2/km"));
  await releases.publish("0.0.3");
}, 3 * LONG);
afterAll(() => {
  releases[Symbol.dispose]();
  rmSync(built, { recursive: true, force: true });
});

beforeEach(() => {
  server = startReleaseServer(releases.folder);
  server.latest = "0.0.2";
  installed = new InstalledKm(old);
  installed.env["KM_DOWNLOAD_URL"] = server.url;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  installed[Symbol.dispose]();
});

function spawnKm(words: string[], executable = installed.executable) {
  const { env } = installed;
  return Bun.spawn([executable, ...words], { cwd: installed.home, env, stdio: ["pipe", "pipe", "pipe"] });
}

async function km(words: string[], executable?: string) {
  const child = spawnKm(words, executable);
  void child.stdin.end();
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode };
}

async function version(): Promise<string> {
  return (await km(["--version"])).stdout.split(" ")[1] ?? "";
}

/** The real path of km somewhere else, for as long as the test runs. */
function kmAt(...path: string[]): string {
  const executable = join(installed.home, ...path);
  mkdirSync(dirname(executable), { recursive: true });
  linkSync(installed.executable, executable);
  return executable;
}

test(
  "km update replaces km while a session runs from it, which goes on",
  async () => {
    const session = spawnKm(["monitor", "--", "cat"]);
    const reader = session.stdout.getReader();
    const decoder = new TextDecoder();
    let received = "";
    const echoed = async (line: string): Promise<void> => {
      await session.stdin.write(`${line}\n`);
      await session.stdin.flush();
      while (!received.endsWith(`${line}\n`)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`The session ended: ${await session.stderr.text()}`);
        received += decoder.decode(value);
      }
    };
    try {
      await echoed('{"jsonrpc":"2.0","id":1,"method":"ping"}');
      const update = await km(["update"]);
      expect(update).toEqual({
        stdout: `Updated km from 0.0.1 to 0.0.2: ${installed.executable}\n`,
        stderr: "",
        exitCode: 0,
      });
      expect(await version()).toBe("0.0.2");
      await echoed('{"jsonrpc":"2.0","id":2,"method":"ping"}');
      await session.stdin.end();
      expect(await session.exited).toBe(0);
      expect(await session.stderr.text()).toBe("");
      const sessions = await km(["sessions", "--json"]);
      expect(JSON.parse(sessions.stdout)).toMatchObject({ state: "ended", calls: 4, lost_events: 0 });
    } finally {
      session.kill("SIGKILL");
      await session.exited;
    }
    expect(readdirSync(installed.bin)).toEqual(["km"]);
    expect(await km(["update"])).toMatchObject({ stdout: "km 0.0.2 is installed, the latest release\n", exitCode: 0 });
  },
  LONG,
);

test("km update --check says which versions there are, with exit code 3 for a newer one, and downloads none", async () => {
  expect(await km(["update", "--check"])).toEqual({
    stdout: "installed  0.0.1\nlatest     0.0.2\n",
    stderr: "km: There is a newer release\n    Run: km update\n",
    exitCode: 3,
  });
  expect(server.requests).toEqual(["/latest/download/checksums.txt", "/latest/download/checksums.txt.sig"]);
  expect(await km(["update", "--check", "--version", "0.0.3"])).toMatchObject({
    stderr: "km: There is a newer release\n    Run: km update --version 0.0.3\n",
    exitCode: 3,
  });
  await releases.publish("0.0.1");
  server.latest = "0.0.1";
  expect(await km(["update", "--check"])).toMatchObject({ stderr: "", exitCode: 0 });
  expect(await km(["update"])).toMatchObject({ stdout: "km 0.0.1 is installed, the latest release\n", exitCode: 0 });
});

test("km update goes back to an older version only where it was asked for", async () => {
  await releases.publish("0.0.0");
  server.latest = "0.0.0";
  const { stdout } = await km(["update"]);
  expect(stdout).toBe("km 0.0.1 is newer than the latest release, 0.0.0\n");
  expect(await version()).toBe("0.0.1");
  expect(await km(["update", "--version", "v0.0.0"])).toMatchObject({ stderr: "", exitCode: 0 });
  expect(await version()).toBe("0.0.0");
});

test("km update says which version it does not know", async () => {
  expect(await km(["update", "--version", "9.9.9"])).toMatchObject({
    stderr: expect.stringContaining(`km: Cannot download a release: there is no release v9.9.9 at ${server.url}\n`),
    exitCode: 1,
  });
  expect((await km(["update", "--version", "newest"])).exitCode).toBe(2);
});

test("km update says what it tried when there is no network", async () => {
  await server[Symbol.asyncDispose]();
  const { stderr, exitCode } = await km(["update"]);
  expect(stderr).toMatch(/^km: Cannot download http:.*checksums.txt: .*, after 4 tries\n {4}Check the network/);
  expect(exitCode).toBe(1);
});

test("km update that is interrupted leaves everything as it was", async () => {
  server.mode = "slow";
  const update = spawnKm(["update"]);
  while (!server.requests.some((path) => path.endsWith(".tar.gz"))) await Bun.sleep(5);
  update.kill("SIGINT");
  expect(await update.exited).toBe(130);
  expect(await update.stderr.text()).toBe("km: Interrupted; nothing was changed\n");
  expect(readdirSync(installed.bin)).toEqual(["km"]);
  expect(await version()).toBe("0.0.1");
});

test(
  "km update that is killed at any moment leaves a km that runs, and nothing the next one does not remove",
  async () => {
    server.latest = "0.0.3";
    for (let round = 0; round < 6; round++) {
      const update = spawnKm(["update"]);
      await Promise.race([Bun.sleep(100 + Math.random() * 500), update.exited]);
      update.kill("SIGKILL");
      await update.exited;
      expect(["0.0.1", "0.0.3"]).toContain(await version());
      if ((await version()) === "0.0.3") writeFileSync(installed.executable, old);
    }
    expect(await km(["update"])).toMatchObject({ exitCode: 0 });
    expect(await version()).toBe("0.0.3");
    expect(readdirSync(installed.bin)).toEqual(["km"]);
  },
  LONG,
);

test(
  "km update run twice at once updates once",
  async () => {
    server.latest = "0.0.3";
    server.mode = "slow";
    const first = km(["update"]);
    while (!server.requests.some((path) => path.endsWith(".tar.gz"))) await Bun.sleep(5);
    expect(await km(["update"])).toEqual({
      stdout: "",
      stderr: "km: Cannot update km: another update is running\n    Wait for it to end.\n",
      exitCode: 1,
    });
    expect((await first).exitCode).toBe(0);
    expect(await version()).toBe("0.0.3");
  },
  LONG,
);

test("km update steps aside for what installed it, without a look at the network", async () => {
  const aside = async (executable: string): Promise<string> => {
    const { stderr, exitCode } = await km(["update"], executable);
    expect(exitCode).toBe(1);
    return stderr;
  };
  expect(await aside(kmAt("Cellar/km/0.0.1/bin/km"))).toBe(
    "km: Cannot update km: it was installed with Homebrew\n    Run: brew upgrade km\n",
  );
  expect(await aside(kmAt("lib/node_modules/@kilometers-ai/km/bin/km"))).toContain("installed with npm\n");
  expect(await aside(kmAt("elsewhere/km"))).toMatch(
    /no receipt of install.sh names it\n.*install.sh \| sh -s -- --prefix/,
  );
  installed.writeReceipt("checkout", [installed.executable]);
  expect(await aside(installed.executable)).toBe(
    "km: Cannot update km: it was installed from a checkout\n    Run in the checkout: git pull && sh install.sh\n",
  );
  expect(server.requests).toEqual([]);
});

test("km update --check works for a km that others update", async () => {
  const executable = kmAt("Cellar/km/0.0.1/bin/km");
  expect(await km(["update", "--check"], executable)).toEqual({
    stdout: "installed  0.0.1\nlatest     0.0.2\n",
    stderr: "km: There is a newer release\n    Run: brew upgrade km\n",
    exitCode: 3,
  });
});

test("km update trusts no release when it was built without a key", async () => {
  const { stderr, exitCode } = await km(["update", "--check"], KM);
  const [message, remedy] = stderr.split("\n");
  expect(message).toBe("km: Cannot look for a release: this km was built without the keys to check one by");
  expect(remedy).toContain("Update it the way it came.");
  expect(exitCode).toBe(1);
  expect(server.requests).toEqual([]);
});

test("km update shows on a terminal how far it is", async () => {
  server.latest = "0.0.3";
  const closed = Promise.withResolvers<void>();
  let shown = "";
  const update = Bun.spawn([installed.executable, "update"], {
    env: { ...installed.env, TERM: "xterm" },
    terminal: {
      cols: 100,
      rows: 24,
      data: (_, bytes) => (shown += Buffer.from(bytes).toString()),
      exit: () => closed.resolve(),
    },
  });
  expect(await update.exited).toBe(0);
  await closed.promise; // the last words may come after the end of who said them
  update.terminal?.close();
  expect(shown).toContain("Checking what came: ");
  expect(shown).toEndWith(`\r\x1b[KUpdated km from 0.0.1 to 0.0.3: ${installed.executable}\r\n`);
});

test.skipIf(Bun.which("dpkg-query") === null)("packageOwner names the package that dpkg knows", async () => {
  expect(await packageOwner("/usr/bin/dpkg")).toEqual({ manager: "dpkg", name: "dpkg" });
  expect(await packageOwner(`/usr/bin/nothing-${TARGET}`)).toBeUndefined();
});
