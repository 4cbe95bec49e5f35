/** The SDK as a package: one module for plain Node and Bun, types that stand alone, a folder that npm takes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { buildSdk } from "../../build-sdk.ts";
import { testPlugin } from "../../src/plugin/sdk/test-plugin.ts";
import { type Folder, makeFolder, run } from "./drive-plugin.ts";

const NODE = Bun.which("node");
const RUNTIMES = [...(NODE === null ? [] : [NODE]), process.execPath];
let folder: Folder;

/** A folder in which the package is installed. */
beforeAll(async () => {
  folder = makeFolder();
  await buildSdk(folder.path, "1.2.3");
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync("../plugin-sdk", join(folder.path, "node_modules/km-plugin-sdk"));
  writeFileSync(join(folder.path, "package.json"), '{"type":"module"}');
});

afterAll(() => folder[Symbol.dispose]());

function write(name: string, text: string): string {
  const file = join(folder.path, name);
  writeFileSync(file, text);
  return file;
}

test("a plugin on plain node, as on bun, speaks the protocol to its end", async () => {
  const file = write(
    "plugin.js",
    `import { definePlugin, EntryFold, parseFilter, recordedEvent, printable, formatBytes } from "km-plugin-sdk";
    const filter = parseFilter(["tool:re?d_* (dur:>10ms or is:error)"]);
    const fold = new EntryFold({ session_id: "s", name: "n" });
    definePlugin({
      name: "on-node", version: "1.0.0",
      async onEvent(event, km) {
        console.log("noise", event.seq);
        const entry = fold.add(recordedEvent(event, { payload: true }));
        if (filter(entry)) km.print(printable(event.raw + "\\n") + formatBytes(2048));
        await km.kv.set("seq", event.seq);
        const answer = await km.fetch("https://example.com/", { method: "POST", body: "text" });
        km.log.info(await answer.text());
        try { parseFilter(["is:eror"]); } catch (error) { km.log.warn(error.message); }
      },
      shutdown() { process.stdout.write("bye"); },
    });`,
  );
  for (const runtime of RUNTIMES) {
    const sent: (string | undefined)[] = [];
    await using plugin = await testPlugin([runtime, file], {
      fetch: ({ headers }) => {
        sent.push(headers?.["content-type"]);
        return { status: 200, headers: {}, body: btoa("answer") };
      },
    });
    const call = { call: 1, method: "tools/call", tool: "read_file" };
    await plugin.send({ ...call, type: "request" }, { ...call, type: "response", duration_ms: 11, message: { id: 1 } });
    expect(plugin.prints).toEqual(['{"id":1}\\n2kb']);
    expect(plugin.kv.get("seq")).toBe(2);
    expect(sent).toEqual(["text/plain;charset=UTF-8", "text/plain;charset=UTF-8"]);
    expect(plugin.logs.slice(0, 2)).toEqual([
      { level: "info", message: "answer" },
      {
        level: "warn",
        message: 'Cannot understand filter: is: unknown value "eror"\n    is:eror\n       ^',
      },
    ]);
    expect(await plugin.stop()).toBe(0);
    expect(plugin.stderr).toBe("noise 1\nnoise 2\nbye");
    expect(plugin.problems).toEqual([]);
  }
});

test("a token is verified on plain node too", async () => {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k", alg: "EdDSA" };
  const claims = { iss: "i", aud: "km-plugin:paid", tier: "pro", features: ["x"] };
  const header = { alg: "EdDSA", kid: "k" };
  const token = await new SignJWT(claims).setProtectedHeader(header).setExpirationTime("1m").sign(privateKey);
  const trust = { issuer: "i", keys: { keys: [jwk] } };
  const file = write(
    "paid.js",
    `import { definePlugin } from "km-plugin-sdk";
    definePlugin({ name: "paid", version: "1.0.0", trust: ${JSON.stringify(trust)}, onEvent(event, km) { km.print(km.tier); } });`,
  );
  for (const runtime of RUNTIMES) {
    await using plugin = await testPlugin([runtime, file], { token });
    expect(plugin.authenticated).toEqual({ authorized: true, features: ["x"] });
    await plugin.send({});
    expect(plugin.prints).toEqual(["pro"]);
    expect(await plugin.authenticate({ token: `${token.slice(0, -8)}AAAAAAAA` })).toMatchObject({ authorized: false });
  }
});

test("the types stand alone: authors' code is checked against them, without any other types", async () => {
  const good = write("good.ts", docsPlugin());
  write("manifest.json", '{ "name": "failing-tools", "version": "1.0.0", "features": { "required": [] } }');
  expect(await compile(good)).toEqual({ code: 0, out: "", err: "" });
  const bad = write(
    "bad.ts",
    `import { definePlugin } from "km-plugin-sdk";
    definePlugin({ name: "bad", onEvent(event, km) { km.finding({ severity: "huge" }); event.sequence; } });`,
  );
  const { code, out } = await compile(bad);
  expect(code).not.toBe(0);
  expect(out).toContain("version");
  expect(out).toContain('"huge"');
  expect(out).toContain("sequence");
});

test("the plugin in the manual is complete in fewer than 20 lines, and does what it says", async () => {
  const text = docsPlugin();
  expect(text.trim().split("\n").length).toBeLessThan(20);
  write("manifest.json", '{ "name": "failing-tools", "version": "1.0.0" }');
  await using plugin = await testPlugin([process.execPath, write("documented.ts", text)], {
    configuration: { limit: 2 },
  });
  const failure = { type: "error", tool: "search", error_type: "-32603" } as const;
  await plugin.send(failure, { ...failure, tool: "other" }, failure, failure);
  expect(plugin.findings).toMatchObject([{ title: "search failed 2 times", event_id: "test-session/3" }]);
});

test("the module imports nothing but node's own, and npm packs it", async () => {
  const sdk = join(folder.path, "plugin-sdk");
  const imports = new Bun.Transpiler({ loader: "js" }).scanImports(readFileSync(join(sdk, "plugin-sdk.js"), "utf8"));
  expect(imports.map(({ path }) => path).filter((path) => !path.startsWith("node:"))).toEqual([]);
  expect(readdirSync(sdk).sort()).toEqual(["LICENSE", "README.md", "package.json", "plugin-sdk.d.ts", "plugin-sdk.js"]);
  const npm = Bun.which("npm");
  if (npm === null) return;
  const { code, out } = await run([npm, "pack", "--dry-run", "--json", "--offline"], {
    cwd: sdk,
    env: { HOME: folder.path, npm_config_cache: join(folder.path, "cache") },
  });
  expect(code).toBe(0);
  const [packed] = JSON.parse(out) as { name: string; version: string; files: { path: string }[] }[];
  expect(packed).toMatchObject({ name: "km-plugin-sdk", version: "1.2.3" });
  expect(packed?.files.length).toBe(5);
});

/** The first program of the manual, as for the package from npm. */
function docsPlugin(): string {
  const manual = readFileSync(join(import.meta.dir, "../../docs/plugins-sdk.md"), "utf8");
  const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(manual) ?? [];
  return program.replace("#plugin-sdk", "km-plugin-sdk");
}

async function compile(file: string): Promise<{ code: number; out: string; err: string }> {
  const tsc = join(import.meta.dir, "../../node_modules/.bin/tsc");
  if (!existsSync(tsc)) throw new Error("no compiler");
  const flags = "--noEmit --strict --exactOptionalPropertyTypes --target esnext --lib esnext,dom --module preserve";
  const more = ["--resolveJsonModule", "--skipLibCheck", "false", "--types", "", "--ignoreConfig"];
  return await run([tsc, ...flags.split(" "), ...more, file], { cwd: folder.path });
}
