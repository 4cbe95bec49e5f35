/** The tools of `filesystem` through the built km and a real client, beside the reference server's. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connectServe, type ServeClient } from "../serve-client.ts";

const TIMEOUT = 60_000;
const SECRET = "Pl4nt3dV7qZ2xK9wM3r";

describe("km serve filesystem", () => {
  let root = "";
  let km: ServeClient;
  const asked: string[] = [];

  beforeAll(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "km-files-")));
    mkdirSync(join(root, "src"));
    writeFileSync(join(root, "src/a.ts"), "const a = 1;\n");
    writeFileSync(join(root, "config.yaml"), `password: ${SECRET}\nport: 80\n`);
    km = await connectServe(["filesystem"], {
      flags: ["--root", root, "--allow", "write", "--allow", "destructive", "--toolsets", "all"],
      confirm: (message) => (asked.push(message), "accept"),
    });
  }, TIMEOUT);
  afterAll(async () => {
    await km[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  test(
    "each tool, one after the other",
    async () => {
      const called = async (name: string, args: Record<string, unknown> = {}): Promise<string> => {
        const { text, isError } = await km.call(`filesystem_${name}`, args);
        expect([name, text, isError]).toEqual([name, text, false]);
        return text;
      };
      expect(await called("roots")).toMatch(/^\S+ {2}write {2}\d+ MB free$/);
      expect(await called("list_directory", { depth: 2 })).toContain("src/a.ts  13  ");
      expect(await called("read_file", { path: "config.yaml" })).toBe("password: [redacted:password]\nport: 80\n");
      expect(await called("read_files", { paths: ["src/a.ts", "x"] })).toContain(
        `(not read: ${root}/x: there is no such file or folder)`,
      );
      expect(await called("file_info", { path: "src/a.ts" })).toContain("encoding: utf-8");
      expect(await called("search_files", { text: "const" })).toEndWith("src/a.ts:1: const a = 1;");
      expect(await called("create_directory", { path: "new/er" })).toBe(`Created ${root}/new/er`);
      expect(await called("write_file", { path: "new/er/b.txt", content: "b\n" })).toStartWith(
        `Created ${root}/new/er/b.txt: 2 bytes`,
      );
      expect(
        await called("edit_file", { path: "config.yaml", edits: [{ old: "port: 80", new: "port: 81" }] }),
      ).toContain("-port: 80\n+port: 81");
      expect(readFileSync(join(root, "config.yaml"), "utf8")).toBe(`password: ${SECRET}\nport: 81\n`);
      expect(await called("copy", { from: "new", to: "copied" })).toBe(`Copied ${root}/new to ${root}/copied`);
      expect(await called("move", { from: "copied", to: "moved" })).toBe(`Moved ${root}/copied to ${root}/moved`);
      expect(await called("delete", { path: "moved", recursive: true })).toBe(`Deleted ${root}/moved`);
      expect(asked).toEqual([`Deletes the folder ${root}/moved with 1 file and 1 folder, 2 bytes\n\ner/\ner/b.txt`]);
      expect(existsSync(join(root, "moved"))).toBe(false);
    },
    TIMEOUT,
  );

  test(
    "dry_run of each one that changes something changes nothing",
    async () => {
      const before = readFileSync(join(root, "config.yaml"), "utf8");
      const text = async (name: string, args: Record<string, unknown>) =>
        (await km.call(`filesystem_${name}`, { ...args, dry_run: true })).text;
      expect(await text("write_file", { path: "src/a.ts", content: "const b = 1;\n" })).toBe(
        `Replaces ${root}/src/a.ts\n\n--- ${root}/src/a.ts\n+++ ${root}/src/a.ts\n@@ -1,1 +1,1 @@\n-const a = 1;\n+const b = 1;`,
      );
      expect(await text("edit_file", { path: "config.yaml", edits: [{ old: "port:", new: "porta:" }] })).toMatch(
        /\n password: \[redacted:password\]\n-port: 8\d\n\+porta: 8\d$/,
      );
      expect(await text("move", { from: "src", to: "s" })).toBe(
        `Moves ${root}/src to ${root}/s (1 file and 0 folders, 13 bytes)`,
      );
      expect(await text("copy", { from: "src", to: "s" })).toBe(
        `Copies ${root}/src to ${root}/s (1 file and 0 folders, 13 bytes)`,
      );
      expect(await text("delete", { path: "src/a.ts" })).toBe(`Deletes the file ${root}/src/a.ts (13 bytes)`);
      expect(readFileSync(join(root, "config.yaml"), "utf8")).toBe(before);
      expect(existsSync(join(root, "src/a.ts"))).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "without --allow there is nothing that changes anything, and the list is small",
    async () => {
      await using reading = await connectServe(["filesystem"], { flags: ["--root", root] });
      const { tools } = await reading.client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(
        ["roots", "list_directory", "read_file", "search_files"].map((name) => `filesystem_${name}`),
      );
      await using writing = await connectServe(["filesystem"], { flags: ["--root", root, "--allow", "write"] });
      const core = await writing.client.listTools();
      expect(core.tools.length).toBe(6);
      expect(JSON.stringify(tools).length).toBeLessThan(3072);
      expect(JSON.stringify(core).length).toBeLessThan(4700);
      expect((await writing.call("filesystem_write_file", { path: "../x", content: "" })).text).toContain(
        "outside of what may be used",
      );
      await using closed = await connectServe(["filesystem"], {
        flags: ["--read-only-root", root, "--allow", "write"],
      });
      expect((await closed.call("filesystem_write_file", { path: "x", content: "" })).text).toContain(
        "x can only be read",
      );
    },
    TIMEOUT,
  );

  test(
    "every tool of the reference server is named in the documentation",
    async () => {
      const program = resolve(
        import.meta.dir,
        "../../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js",
      );
      const client = new Client({ name: "test", version: "1" });
      await client.connect(
        new StdioClientTransport({ command: process.execPath, args: [program, root], stderr: "ignore" }),
      );
      try {
        const page = readFileSync(resolve(import.meta.dir, "../../../docs/services/filesystem.md"), "utf8");
        const { tools } = await client.listTools();
        expect(tools.length).toBeGreaterThanOrEqual(14);
        for (const { name } of tools) expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\| \`filesystem_`, "m"));
      } finally {
        await client.close();
      }
    },
    TIMEOUT,
  );
});
