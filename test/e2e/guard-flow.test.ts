/** Sessions with a policy under load and at their end: nothing passes unrecorded, waits for nobody, or is lost. */
import { expect, setDefaultTimeout } from "bun:test";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ASK, asking, guarded } from "./guarded-run.ts";
import { journalBytes, recorded, traffic } from "./journal.ts";
import { makeHome } from "./km.ts";
import { describe, test } from "./linux-test.ts";
import { monitor, PUMPS, until } from "./run-km.ts";

setDefaultTimeout(60_000);

const DENY = `version: 1\nrules: [{ name: no, tool: 'write*', action: deny, reason: ${"long ".repeat(60)} }]\n`;

describe.each(PUMPS)("behind the %s pump", (pump) => {
  test("blocked calls of megabytes are answered, and recorded whole", async () => {
    await using session = guarded(DENY, { pump, client: [] });
    const text = "y".repeat(10_000_000);
    for (const id of [1, 2]) {
      await session.call(id, "write", { text });
      expect(JSON.stringify(await session.answer(id))).toContain("policy: no");
    }
    await session.run.closeInput();
    expect(await session.run.exited()).toBe(0);
    expect(session.run.stop["missed_bytes"]).toBe(0);
  });

  test("twenty thousand blocked calls at once are all answered, in order, and recorded", async () => {
    const count = 20_000;
    using place = makeHome();
    const [input, output] = [join(place.folder, "input"), join(place.folder, "output")];
    const calls = Array.from({ length: count }, (_, id) => {
      return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"write"}}\n`;
    });
    writeFileSync(input, calls.join(""));
    const [stdin, stdout] = [openSync(input, "r"), openSync(output, "w")]; // which never make km wait
    await using session = guarded(DENY, { pump, client: [], stdin, stdout });
    expect(await session.run.exited(50_000)).toBe(0);
    for (const fd of [stdin, stdout]) closeSync(fd);
    const answers = readFileSync(output, "utf8").trimEnd().split("\n");
    const ids = answers.map((line) => (JSON.parse(line) as { id: number }).id);
    expect(ids).toEqual(Array.from({ length: count }, (_, id) => id));
    expect(session.run.stop["missed_bytes"]).toBe(0);
  });

  test("a call that was held is recorded when it goes on, not when the next message comes", async () => {
    using place = makeHome();
    const policy = join(place.folder, "policy.yaml");
    writeFileSync(policy, asking("timeout: 1s, on_timeout: pass"));
    await using run = monitor(["sh", "-c", "echo; cat > /dev/null"], { pump, flags: ["--policy", policy] });
    await run.shown("\n");
    await run.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "write" } });
    await until(
      () => journalBytes(run.home) > 0 && traffic(recorded(run.home)).some(({ tool }) => tool === "write"),
      () => `the call in the journal; stderr: ${run.errors}`,
    );
  });

  test("what a server answered last reaches a client that reads late, although it had to be looked at", async () => {
    using place = makeHome();
    const policy = join(place.folder, "policy.yaml");
    writeFileSync(policy, "version: 1\ntools: { changed: warn }\n");
    const server = `
      for await (const line of console) {
        const note = JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { data: "x".repeat(1000) } });
        const result = { tools: [{ name: "read", inputSchema: { type: "object" } }] };
        const answer = JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(line).id, result });
        require("node:fs").writeSync(1, (note + "\\n").repeat(300) + answer + "\\n");
        process.exit();
      }`;
    const flags = ["--policy", policy, "--kill-timeout", "50ms"];
    await using run = monitor([process.execPath, "-e", server], { pump, flags, unread: true });
    await run.send({ jsonrpc: "2.0", id: 7, method: "tools/list" });
    await Bun.sleep(1500); // the server has ended, and every deadline is over; read sooner, it would pass as well
    const lines = (await run.ended()).toString().trimEnd().split("\n");
    expect(lines).toHaveLength(301);
    expect(lines.filter((line) => line.startsWith('{"jsonrpc":"2.0","id":7,"result"'))).toHaveLength(1);
    expect(await run.exited()).toBe(0);
  });

  test("a client that has closed both its ends is not waited for with a call that waits for a person", async () => {
    await using session = guarded(ASK, { pump });
    await session.call(1, "write");
    await session.waits();
    await session.run.closeInput();
    await session.run.closeOutput();
    expect(await session.run.exited()).toBe(0);
    expect(session.waiting()).toEqual([]);
    const reason = "the session ended while it was held";
    expect(session.run.journal).toContainEqual(
      expect.objectContaining({ tool: "write", intercepted: { action: "blocked", by: "km", reason } }),
    );
  });
});
