/** Where the lines of the service's log go. */
import { expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, read, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openServiceLog } from "../../src/backend/service-log.ts";

const readSome = promisify(read);

function folder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "km-log-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test("openServiceLog writes every line in order, as it is or for people", async () => {
  using place = folder();
  const request = { method: "GET", route: "/healthz", status: 200, duration_ms: 1.5, request_id: "req_1" };
  const lines = [
    { time: "2026-11-21T12:00:00.000Z", level: "info", message: "request", ...request, customer: "cus_1" },
    { time: "2026-11-21T12:00:01.000Z", level: "warn", message: "upkeep failed", reason: "a\\u001b[31m\\u009bb" },
  ].map((line) => `${JSON.stringify(line)}\n`);
  const texts: string[] = [];
  for (const forPeople of [false, true]) {
    const file = join(place.path, String(forPeople));
    const descriptor = openSync(file, "w");
    const log = openServiceLog(descriptor, forPeople);
    for (const line of lines) log.write(line);
    await log.flush();
    closeSync(descriptor);
    texts.push(readFileSync(file, "utf8"));
  }
  expect(texts[0]).toBe(lines.join(""));
  expect(texts[1]?.split("\n").slice(0, 2)).toEqual([
    '12:00:00 GET /healthz 200 1.5 ms customer="cus_1"',
    expect.stringMatching(/^12:00:01 warn: upkeep failed reason="a/),
  ]);
  expect(["\u001b", "\u009b"].filter((control) => texts[1]?.includes(control))).toEqual([]);
});

// Bun makes a pipe of stderr one that does not wait; one that was opened here waits unless it is told not to.
test.skipIf(process.platform === "win32").each([0, constants.O_NONBLOCK])(
  "openServiceLog keeps so much for a reader that sleeps, and says what it drops: flags %d",
  async (flags) => {
    using place = folder();
    const path = join(place.path, "pipe");
    Bun.spawnSync(["mkfifo", path]);
    const reader = openSync(path, constants.O_RDWR);
    const writer = openSync(path, constants.O_WRONLY | flags);
    const log = openServiceLog(writer, false);
    const line = `${JSON.stringify({ level: "info", message: "x".repeat(1000) })}\n`;
    log.write(line); // its write is on its way while the others wait
    await Bun.sleep(0);
    for (let i = 0; i < 10_000; i++) log.write(line);
    const flushed = log.flush();
    const chunk = Buffer.alloc(1024 * 1024);
    let text = "";
    while (!/log lines dropped.*\n/.test(text)) {
      // Not at once: that would wait for a line which this thread has yet to write.
      const { bytesRead } = await readSome(reader, chunk, 0, chunk.length, null);
      text += chunk.toString("utf8", 0, bytesRead);
    }
    await flushed;
    closeSync(writer);
    closeSync(reader);
    const dropped = Number(/"lines":(\d+)/.exec(text)?.[1]);
    expect(dropped).toBeGreaterThan(1000);
    expect(text.split("\n").filter((one) => one.includes("xxx")).length + dropped).toBe(10_001);
  },
  30_000,
);
