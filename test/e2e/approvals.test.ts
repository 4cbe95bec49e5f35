/** Calls that a policy asks about, from the policy to the server: who may answer, and what becomes of the call. */
import { expect } from "bun:test";
import { ASK, asking, guarded, guardedCall } from "./guarded-run.ts";
import { describe, test } from "./linux-test.ts";
import { PUMPS } from "./run-km.ts";
import { startDashboard } from "./start-dashboard.ts";

const PATIENCE_MS = 60_000;

describe("a call that is asked about", () => {
  for (const pump of PUMPS) {
    test(
      `goes on when a person says so on a terminal, and others do not wait for it, ${pump} pump`,
      async () => {
        await using setup = guarded(ASK, { pump });
        const { run } = setup;
        await setup.call(1, "write", { path: "/a", password: "correct-horse-battery" }, { progressToken: "one" });
        const call = await setup.waits();
        await setup.call(2, "read");
        expect(await setup.answer(2)).toMatchObject({ result: { saw: {} } });
        const hint = await run.shown("notifications/progress");
        expect(hint).toContain(
          `"progressToken":"one","progress":0.000001,"message":"Waiting for approval: km approve ${call.id}"`,
        );
        const told = `tools/call write waits for approval (rule writes): km approve ${call.id}`;
        await run.until(() => run.errors.includes(told), "to be told on stderr");
        const listed = setup.approve();
        expect([listed.exitCode, listed.stdout]).toEqual([0, expect.stringContaining(call.id)]);
        await using terminal = setup.onTerminal(call.id);
        const shown = await terminal.shown("y approves, d denies");
        for (const text of ["files", "It writes", '"path": "/a"', "[redacted:password]", call.hash]) {
          expect(shown).toContain(text);
        }
        expect(run.text).not.toContain('"id":1,');
        terminal.type("y\r");
        await terminal.shown(`Approved: ${call.id}, write of files, for this call alone`);
        expect(await terminal.exited).toBe(0);
        // What was masked for the person reaches the server as it was sent.
        expect(await setup.answer(1)).toMatchObject({
          result: { saw: { path: "/a", password: "correct-horse-battery" } },
        });
        expect(setup.approve().stderr).toBe("km: Nothing waits for approval\n");
        await setup.call(3, "write", { path: "/a" });
        process.kill((await setup.waits()).pid, "SIGTERM");
        await run.exited();
        expect(run.journal.flatMap((event) => ("intercepted" in event ? [event.intercepted] : []))).toContainEqual({
          action: "approved",
          by: expect.stringMatching(/\(km approve\)$/),
          waited_ms: expect.any(Number),
        });
        expect(setup.waiting()).toEqual([]);
      },
      PATIENCE_MS,
    );
  }

  describe.each([
    ["itself", []],
    ["through a shell", ["sh", "-c", '"$@"; exit $?', "sh"]],
  ])("where the client starts km %s", (_how, client) => {
    test(
      "is not approved by what the client itself has started, though it has a terminal",
      async () => {
        await using setup = await guardedCall(ASK, { client });
        const { id } = setup.held;
        await using terminal = setup.onTerminal(id, "--yes");
        await terminal.shown("was started by the very client whose call waits");
        expect(await terminal.exited).toBe(1);
        expect(setup.waiting()).toHaveLength(1);
        expect(setup.approve(id, "--deny").exitCode).toBe(0);
      },
      PATIENCE_MS,
    );
  });

  test(
    "is denied in a dashboard that was started without a terminal, which cannot approve it",
    async () => {
      await using setup = await guardedCall();
      const { id, hash } = setup.held;
      await using dashboard = await startDashboard(setup.run.home);
      const answer = async (decision: string): Promise<number> => {
        const headers = { "content-type": "application/json", origin: new URL(dashboard.url).origin };
        const body = JSON.stringify({ hash, decision, scope: "once" });
        return (await fetch(`${dashboard.url}api/approvals/${id}`, { method: "POST", headers, body })).status;
      };
      const listed = (await (await fetch(`${dashboard.url}api/approvals`)).json()) as { waiting: unknown[] };
      expect(listed.waiting).toMatchObject([{ id, tool: "write" }]);
      expect(await answer("approve")).toBe(403);
      expect(await answer("deny")).toBe(200);
      expect(await setup.answer(1)).toMatchObject({ result: { isError: true } });
    },
    PATIENCE_MS,
  );

  test(
    "is denied by a script, which cannot approve it",
    async () => {
      await using setup = await guardedCall();
      const { id } = setup.held;
      for (const words of [[id], [id, "--yes"], [id, "--for", "always", "--yes"]]) {
        const refused = setup.approve(...words);
        expect([words, refused.exitCode, refused.stderr]).toEqual([words, 2, expect.stringContaining("no terminal")]);
      }
      expect(setup.waiting()).toHaveLength(1);
      const denied = setup.approve(id, "--deny", "--reason", "not in production");
      expect([denied.exitCode, denied.stderr]).toEqual([0, `km: Denied: ${id}, write of files, for this call alone\n`]);
      expect(await setup.answer(1)).toMatchObject({
        result: {
          isError: true,
          content: [{ text: expect.stringMatching(/^Blocked by .* \(km approve\): not in production$/) }],
        },
      });
      const again = setup.approve(id, "--deny");
      expect([again.exitCode, again.stderr]).toEqual([
        1,
        expect.stringContaining(`No call waits for approval as "${id}"`),
      ]);
    },
    PATIENCE_MS,
  );

  test(
    "is asked about no more in the session once its tool was approved for it, nor once it was always approved, until that is forgotten",
    async () => {
      await using setup = guarded(asking("timeout: 1h, remember: tool"));
      await setup.call(1, "write", { a: 1 });
      const first = await setup.waits();
      await using terminal = setup.onTerminal(first.id, "--for", "always", "--tool", "--yes");
      await terminal.shown("Approved");
      expect(await terminal.exited).toBe(0);
      await setup.answer(1);
      await setup.call(2, "write", { a: 2 });
      expect(await setup.answer(2)).toMatchObject({ result: { saw: { a: 2 } } });
      const remembered = JSON.parse(setup.approve("--remembered", "--json").stdout) as { id: string };
      expect(remembered).toMatchObject({ decision: "approve", scope: "tool", server: "files", tool: "write" });
      expect(setup.approve("--remembered").stdout).toContain("every call of the tool, always");
      expect(setup.approve("--forget", "nosuch").exitCode).toBe(1);
      expect(setup.approve("--forget", remembered.id).exitCode).toBe(0);
      await setup.call(3, "write", { a: 3 });
      await setup.waits();
    },
    PATIENCE_MS,
  );

  for (const [onTimeout, outcome] of [
    ["block", { result: { isError: true } }],
    ["pass", { result: { saw: {} } }],
  ] as const) {
    test(
      `that nobody answers is decided by its rule: ${onTimeout}`,
      async () => {
        await using setup = guarded(asking(`timeout: 1s, on_timeout: ${onTimeout}`));
        await setup.call(1, "write");
        const answer = await setup.answer(1);
        expect(answer).toMatchObject(outcome);
        if (onTimeout === "block") expect(JSON.stringify(answer)).toContain("nobody answered in time");
        expect(setup.waiting()).toEqual([]);
      },
      PATIENCE_MS,
    );
  }

  test(
    "waits beside a hundred others, each of which is answered for itself",
    async () => {
      await using setup = guarded();
      for (let id = 1; id <= 100; id++) await setup.call(id, "write", { id });
      await setup.waits(100);
      const listed = setup.approve("--json").stdout.trim().split("\n");
      expect(listed).toHaveLength(100);
      const { giveAnswer } = await import("../../src/guard/approvals/answer.ts");
      const given = setup.waiting().map(async (call) => {
        const isOdd = (JSON.parse(call.arguments) as { id: number }).id % 2 === 1;
        const decision = isOdd ? "approve" : "deny";
        return await giveAnswer(setup.approvals, call, { decision, scope: "once", by: "test" }, PATIENCE_MS);
      });
      expect((await Promise.all(given)).every(({ kind }) => kind === "taken")).toBe(true);
      for (let id = 1; id <= 100; id++) {
        const expected = id % 2 === 1 ? { saw: { id } } : { isError: true };
        expect(await setup.answer(id)).toMatchObject({ id, result: expected });
      }
      expect(setup.waiting()).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "with a name that stands twice is blocked, since readers differ on what it says",
    async () => {
      await using setup = guarded(asking("timeout: 1h, on_timeout: pass"));
      await setup.run.write(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write","arguments":{"path":"/a","path":"/b"}}}\n',
      );
      expect(await setup.answer(1)).toMatchObject({ result: { isError: true } });
      expect(setup.waiting()).toEqual([]);
    },
    PATIENCE_MS,
  );
});
