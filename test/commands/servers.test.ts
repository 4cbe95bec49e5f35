/** `km servers` on a terminal: secrets that are typed unseen, and questions. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemKeychain } from "../../src/auth/keychain.ts";
import { secretStore } from "../../src/servers/secret-store.ts";
import { TerminalKm } from "./terminal-km.ts";

let folder: string;
let env: Record<string, string>;
let file: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "km-servers-test-")));
  writeFileSync(join(folder, "passphrase"), "correct horse battery");
  env = { KM_PASSPHRASE_FILE: join(folder, "passphrase"), KM_STATE_DIR: folder, KM_CACHE_DIR: folder, TMPDIR: folder };
  file = join(folder, "servers.yaml");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("km servers secret set takes what is typed, and shows nothing of it", async () => {
  await using km = new TerminalKm(folder, ["servers", "secret", "set", "token"], env);
  await km.shown("Secret token: ");
  km.type("typed s3cret\r");
  expect(await km.shown("Kept, encrypted")).not.toContain("s3cret");
  expect(await km.exited).toBe(0);
  expect(await secretStore({ folder, env, keychain: systemKeychain(env) }).get("token")).toBe("typed s3cret");
}, 30_000);

test("km servers secret set keeps nothing when it is interrupted", async () => {
  await using km = new TerminalKm(folder, ["servers", "secret", "set", "token"], env);
  await km.shown("Secret token: ");
  km.type("typed\x03");
  expect(await km.exited).toBe(130);
  expect(existsSync(join(folder, "server-secrets.json"))).toBe(false);
}, 30_000);

test.skipIf(process.platform === "win32")(
  "km servers edit asks again until the file is right",
  async () => {
    const editor = join(folder, "editor");
    // At first a mistake; the second time it is put right.
    writeFileSync(
      editor,
      '#!/bin/sh\nif grep -q comand "$1"; then sed -i.bak s/comand/command/ "$1"; else echo "  a: { comand: x }" >> "$1"; fi\n',
    );
    chmodSync(editor, 0o755);
    await using km = new TerminalKm(folder, ["servers", "edit"], { ...env, EDITOR: editor });
    await km.shown("or write it all the same (w)?");
    km.type("e\r");
    expect(await km.shown("Changed ")).toContain('Unknown key "comand" in servers.a. Did you mean command?');
    expect(await km.exited).toBe(0);
    expect(readFileSync(file, "utf8")).toEndWith("servers:\n  a: { command: x }\n");

    await using again = new TerminalKm(folder, ["servers", "edit"], {
      ...env,
      EDITOR: `sh -c 'echo "  b: 1" >> "$0"'`,
    });
    await again.shown("or write it all the same (w)?");
    again.type("what\r");
    await again.shown("or write it all the same (w)?", 2);
    again.type("x\r");
    await again.shown("km: The file is as it was");
    expect(await again.exited).toBe(1);
    expect(readFileSync(file, "utf8")).toEndWith("servers:\n  a: { command: x }\n");
  },
  30_000,
);

test("km servers import asks before it takes over", async () => {
  mkdirSync(join(folder, ".cursor"));
  writeFileSync(join(folder, ".cursor", "mcp.json"), '{ "mcpServers": { "a": { "command": "x" } } }');
  await using km = new TerminalKm(folder, ["servers", "import"], env);
  await km.shown("Take over this server? [y/N] ");
  km.type("n\r");
  expect(await km.exited).toBe(1);
  expect(existsSync(file)).toBe(false);
  await using again = new TerminalKm(folder, ["servers", "import"], env);
  await again.shown("Take over this server? [y/N] ");
  again.type("y\r");
  expect(await again.exited).toBe(0);
  expect(readFileSync(file, "utf8")).toEndWith("servers:\n  a:\n    command: x\n");
}, 30_000);
