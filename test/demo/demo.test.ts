import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KM } from "../e2e/km.ts";

test.skipIf(process.platform === "win32")(
  "the demo shows what really happened, step by step, and leaves nothing behind",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "km-test-"));
    try {
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "demo.ts")], {
        cwd: folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder, KM_BINARY: KM },
        stdout: "pipe",
        stderr: "inherit",
      });
      const stdout = await child.stdout.text();
      expect(await child.exited).toBe(0);
      expect(stdout).not.toContain("\u001b");
      expect(stdout.match(/^\$ km \w+/gm)).toEqual([
        "$ km monitor",
        "$ km sessions",
        "$ km logs",
        "$ km logs",
        "$ km logs",
        "$ km stats",
      ]);
      expect(stdout).toMatch(/^[0-9a-f]{8} {2}everything {2}ended .* 1 {2}\d+(\.\d+)?kb$/m);
      expect(stdout).toMatch(/tools\/call +get-sum .* tool_error MCP error -32602/);
      expect(stdout).toMatch(/tools\/call +trigger-long-running-operation +\d+\.\d+s /);
      expect(stdout).toContain('"message": "My token is [redacted:github-token]"');
      expect(readdirSync(folder).filter((name) => name.startsWith("km-"))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
