import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { unpackTar } from "modern-tar";
import { makeTinyRelease, run, type TinyRelease, VERSION } from "./tiny-release.ts";

const SKIP = Bun.which("npm") === null || process.platform !== "linux" || process.arch !== "x64";
const SAID = `km ${VERSION} (0123456789ab)\n`;
const PACKAGE = "lib/node_modules/@kilometers-ai/km";
const PLATFORM = `${PACKAGE}/node_modules/@kilometers-ai/km-linux-x64`;

let release: TinyRelease;
let registry: Registry;

interface Registry extends AsyncDisposable {
  url: string;
}

beforeAll(async () => {
  release = await makeTinyRelease(["npm"]);
  registry = await startRegistry(join(release.outdir, "npm"));
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  release[Symbol.dispose]();
});

/** As npm asks for them: a description of each package, with the place of its archive. */
async function startRegistry(folder: string, without?: string): Promise<Registry> {
  const packages = new Map<
    string,
    { description: { name: string; version: string }; archive: Uint8Array<ArrayBuffer> }
  >();
  for (const file of readdirSync(folder)) {
    const archive = new Uint8Array(readFileSync(join(folder, file)));
    const entries = await unpackTar(Bun.gunzipSync(archive), { strict: true });
    const { data } = entries.find(({ header }) => header.name === "package/package.json") ?? {};
    const description = JSON.parse(new TextDecoder().decode(data));
    packages.set(description.name, { description, archive });
  }
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch({ url }): Response {
      const [name = "", rest] = decodeURIComponent(new URL(url).pathname.slice(1)).split("/-/");
      const found = packages.get(name);
      if (found === undefined || name === without) return new Response("{}", { status: 404 });
      const { description, archive } = found;
      if (rest !== undefined) return new Response(archive);
      const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(archive).digest("base64")}`;
      const dist = { tarball: `${server.url.origin}/${name}/-/archive.tgz`, integrity };
      const hasInstallScript = name === "@kilometers-ai/km";
      const { version } = description;
      return Response.json({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { ...description, hasInstallScript, dist } },
      });
    },
  });
  return { url: server.url.href, [Symbol.asyncDispose]: async () => await server.stop(true) };
}

function environment(home: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    npm_config_cache: join(home, "cache"),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
}

/** @returns the prefix; km is `bin/km` in it */
async function install(name: string, ...flags: string[]): Promise<string> {
  const prefix = join(release.folder, name);
  mkdirSync(prefix);
  const command = ["npm", "install", "--global", "--prefix", prefix, "--registry", registry.url];
  await run([...command, ...flags, "@kilometers-ai/km"], prefix, environment(prefix));
  return prefix;
}

function isLauncher(prefix: string): boolean {
  return readFileSync(join(prefix, PACKAGE, "bin/km"), "utf8").startsWith("#!/usr/bin/env node");
}

async function km(prefix: string, ...words: string[]) {
  const child = start(prefix, ...words);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

function start(prefix: string, ...words: string[]) {
  const env = { PATH: process.env["PATH"] ?? "", HOME: prefix };
  return Bun.spawn([join(prefix, "bin/km"), ...words], { env, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return new TextDecoder().decode(chunk).trimEnd();
  return "";
}

describe.skipIf(SKIP)("npm install -g", () => {
  let native: string;
  let scriptless: string;

  beforeAll(async () => {
    native = await install("native", "--foreground-scripts");
    scriptless = await install("scriptless", "--ignore-scripts");
  }, 60_000);

  test("installs the one package that fits this platform", () => {
    expect(readdirSync(join(native, PACKAGE, "node_modules/@kilometers-ai"))).toEqual(["km-linux-x64"]);
  });

  test("puts the program itself in the launcher's place", async () => {
    expect(isLauncher(native)).toBe(false);
    expect(await km(native, "--version")).toEqual({ exitCode: 0, stdout: SAID, stderr: "" });
    expect(readdirSync(join(native, PACKAGE, "bin"))).toEqual(["km"]);
  });

  test("leaves the launcher where scripts do not run, and it runs the program", async () => {
    expect(isLauncher(scriptless)).toBe(true);
    expect(await km(scriptless, "--version")).toEqual({ exitCode: 0, stdout: SAID, stderr: "" });
  });

  test("the launcher passes arguments, input and exit codes on", async () => {
    const words = ["", "two words", "--flag=$HOME", "*", "'\"\\", "ü"];
    expect((await km(scriptless, "words", ...words)).stdout).toBe(`${["words", ...words].join("\n")}\n`);
    expect((await km(scriptless, "exit", "42")).exitCode).toBe(42);
    const child = start(scriptless, "cat");
    await child.stdin.write("through\n");
    await child.stdin.end();
    expect([await child.stdout.text(), await child.exited]).toEqual(["through\n", 0]);
  });

  test("the launcher passes signals on, and takes the exit code that follows", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 7],
      ["SIGINT", 8],
    ] as const) {
      const child = start(scriptless, "trap");
      const reader = child.stdout.getReader();
      await reader.read(); // it is ready
      child.kill(signal);
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(`got ${signal.slice(3)}\n`);
      expect(await child.exited).toBe(code);
    }
  });

  test("the launcher ends by the signal that ended the program", async () => {
    const child = start(scriptless, "pid"); // which becomes another program without another process
    process.kill(Number(await firstLine(child.stdout)), "SIGKILL");
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
  });

  test("the launcher says so when the package for this platform is missing", async () => {
    rmSync(join(scriptless, PLATFORM), { recursive: true });
    const { exitCode, stdout, stderr } = await km(scriptless, "--version");
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toStartWith(
      "km: Cannot find the package for this platform: @kilometers-ai/km-linux-x64 or @kilometers-ai/km-linux-x64-musl\n",
    );
    expect(stderr).not.toContain("at ");
  });

  test("where there is no package for this platform, still installs, and says so when it is run", async () => {
    await using lacking = await startRegistry(join(release.outdir, "npm"), "@kilometers-ai/km-linux-x64");
    const prefix = await install("lacking", "--foreground-scripts", "--registry", lacking.url);
    expect(existsSync(join(prefix, PLATFORM))).toBe(false);
    expect(isLauncher(prefix)).toBe(true);
    expect((await km(prefix, "--version")).exitCode).toBe(1);
  }, 30_000);

  test("keeps the launcher when the program does not run", async () => {
    const prefix = await install("broken", "--ignore-scripts");
    await Bun.write(join(prefix, PLATFORM, "bin/km"), "#!/bin/sh\nexit 3\n");
    await run(["node", "install.cjs"], join(prefix, PACKAGE));
    expect(isLauncher(prefix)).toBe(true);
    expect(readdirSync(join(prefix, PACKAGE, "bin"))).toEqual(["km"]);
  }, 30_000);
});

describe("the packages", () => {
  test("say which platform they are for", async () => {
    const read = async (name: string) => {
      const archive = Bun.gunzipSync(
        new Uint8Array(readFileSync(join(release.outdir, "npm", `${name}-${VERSION}.tgz`))),
      );
      const entries = await unpackTar(archive, { strict: true });
      const { data } = entries.find(({ header }) => header.name === "package/package.json") ?? {};
      return {
        description: JSON.parse(new TextDecoder().decode(data)),
        names: entries.map(({ header }) => header.name),
      };
    };
    const main = await read("km");
    expect(Object.values(main.description.optionalDependencies)).toEqual(Array.from({ length: 8 }, () => VERSION));
    const musl = await read("km-linux-arm64-musl");
    expect(musl.description).toMatchObject({ os: ["linux"], cpu: ["arm64"], libc: ["musl"], version: VERSION });
    const windows = await read("km-windows-x64");
    expect(windows.description).toMatchObject({ os: ["win32"], cpu: ["x64"] });
    expect(windows.description.libc).toBeUndefined();
    expect(windows.names).toContain("package/bin/km.exe");
    expect(musl.names).toContain("package/bin/km");
  });
});
