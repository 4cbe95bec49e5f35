import { expect, test } from "bun:test";
import { join } from "node:path";

const FIXTURE = join(import.meta.dir, "../fixtures/unobserved-pump.ts");

test.skipIf(process.platform !== "linux")(
  "the poll pump goes on without an observer that stands still, exactly, and counts what it missed",
  async () => {
    const bytes = 12_000_000;
    await using pump = Bun.spawn([process.execPath, FIXTURE, String(bytes)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    const received = await pump.stdout.bytes();
    expect(received.length).toBe(bytes);
    expect(received.every((byte) => byte === 0)).toBe(true);
    const { missed } = JSON.parse(await pump.stderr.text()) as { missed: number };
    expect(missed).toBeGreaterThan(1_000_000);
    expect(missed).toBeLessThan(bytes);
  },
  60_000,
);
