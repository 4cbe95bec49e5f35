/** Batches of events over HTTP: what is taken, refused by itself, masked, and kept from others. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { RETENTION_DAYS } from "../../../src/store/retention.ts";
import { sql } from "../../../src/store/statement.ts";
import { emptySqlite, onBoth } from "../../store/databases.ts";
import { call, NOW, startEvents } from "./events-service.ts";

setDefaultTimeout(30_000);

const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(ms).toISOString();

function event(id: string, change: Record<string, unknown> = {}): Record<string, unknown> {
  const timestamp = "2026-11-21T11:59:58.123456Z";
  return { id, session_id: "s1", seq: 1, timestamp, type: "request", direction: "request", bytes: 10, ...change };
}

onBoth((fresh) => {
  test("sendEvents takes what is good of a batch and says of each what became of it, in order", async () => {
    await using empty = await fresh();
    await using service = await startEvents(empty.url);
    const events = [
      event("a"),
      5,
      event("b", { extra: "x", seq: 0 }),
      event("a", { seq: 2 }),
      event("no id!"),
      event("old", { timestamp: at(NOW - RETENTION_DAYS.pro * 24 * HOUR_MS - 1) }),
      event("ahead", { timestamp: at(NOW + 25 * HOUR_MS) }),
      event("c", { seq: 3, timestamp: at(NOW - RETENTION_DAYS.pro * 24 * HOUR_MS) }),
    ];
    const first = await call(service.url, "ada", "/api/events/batch", { events });
    expect(first).toEqual({
      status: 200,
      body: {
        accepted: 2,
        duplicate: 1,
        rejected: 5,
        results: [
          { id: "a", status: "accepted" },
          { id: null, status: "rejected", detail: "#: Expected Object" },
          { id: "b", status: "rejected", detail: "#/seq: Expected at least 1; #/extra: Not known here" },
          { id: "a", status: "duplicate" },
          { id: null, status: "rejected", detail: expect.stringMatching(/^#\/id: /) as string },
          { id: "old", status: "rejected", detail: "#/timestamp: Older than the 30 days for which events are kept" },
          { id: "ahead", status: "rejected", detail: "#/timestamp: More than a day ahead of the service's clock" },
          { id: "c", status: "accepted" },
        ],
      },
    });
    const again = await call(service.url, "ada", "/api/events/batch", { events });
    expect(again.body).toMatchObject({ accepted: 0, duplicate: 3, rejected: 5 });
    const metrics = service.metrics.render();
    for (const [result, count] of [
      ["accepted", 2],
      ["duplicate", 4],
      ["rejected", 10],
    ]) {
      expect(metrics).toContain(`km_ingest_events_total{result="${result}"} ${count}\n`);
    }
  });

  test("sendEvents keeps events in any order, and listEvents gives them back as they were, the newest first", async () => {
    await using empty = await fresh();
    await using service = await startEvents(empty.url);
    const whole = event("s1:3", {
      seq: 3,
      timestamp: "2026-11-21T11:59:59.000009Z",
      type: "error",
      direction: "response",
      call: 1,
      method: "tools/call",
      tool: "read",
      target: "file:///x",
      duration_ms: 0.25,
      error_type: "-32000",
      error_message: "no",
      continues: "task",
      trace: "00-1",
      truncated: true,
      redacted: 3,
      message: '{"id":9007199254740993,"nul":"\\u0000"}',
      text: "é\u{1F600}",
    });
    const others = [event("s1:2", { seq: 2 }), event("s1:10", { seq: 10 }), event("s1:1")];
    await call(service.url, "ada", "/api/events/batch", { events: [whole, ...others] });
    const listed = await call(service.url, "ada", "/api/events");
    expect(listed.body).toEqual({ items: [whole, others[1], others[0], others[2]], next: null });
    const { body } = await call(service.url, "ada", "/api/sessions");
    expect(body).toMatchObject({ items: [{ session_id: "s1", name: null, ended_at: null, events: 4 }], next: null });
  });

  test("sendEvents masks secrets that the sender let through", async () => {
    await using empty = await fresh();
    await using service = await startEvents(empty.url);
    const secret = `ghp_${"a1B2".repeat(9)}`;
    const events = [
      event("a", {
        message: JSON.stringify({ params: { token: secret, nested: JSON.stringify({ password: "hunter2hunter2" }) } }),
        text: `Authorization: Bearer ${secret}`,
        error_message: `${"x ".repeat(225)} password=${secret}`,
        target: `https://user:${secret}@example.com/`,
        redacted: 1,
      }),
    ];
    expect((await call(service.url, "ada", "/api/events/batch", { events })).body).toMatchObject({ accepted: 1 });
    const { body } = await call(service.url, "ada", "/api/events");
    const kept = JSON.stringify([body, await service.database.rows(sql`select * from events`)]);
    expect(kept).not.toContain("a1B2a1B2");
    expect(kept).not.toContain("hunter2");
    expect(body).toMatchObject({ items: [{ id: "a", redacted: 6 }] });
    expect(service.lines.join("")).not.toContain("a1B2");
  });

  test("a customer's events, sessions and ids are no other's", async () => {
    await using empty = await fresh();
    await using service = await startEvents(empty.url);
    const session = { session_id: "s1", name: "files", started_at: at(NOW), hostname: "h" };
    await call(service.url, "ada", "/api/events/batch", { sessions: [session], events: [event("a")] });
    const none = { items: [], next: null };
    expect((await call(service.url, "bob", "/api/events?session=s1")).body).toEqual(none);
    expect((await call(service.url, "bob", "/api/sessions")).body).toEqual(none);
    const theirs = { sessions: [{ ...session, name: "theirs" }], events: [event("a", { tool: "x" })] };
    expect((await call(service.url, "bob", "/api/events/batch", theirs)).body).toMatchObject({ accepted: 1 });
    expect((await call(service.url, "ada", "/api/events")).body).toEqual({ items: [event("a")], next: null });
    expect((await call(service.url, "ada", "/api/sessions")).body).toMatchObject({ items: [{ name: "files" }] });
  });

  test("pages neither repeat nor leave out an event when others come between them", async () => {
    await using empty = await fresh();
    await using service = await startEvents(empty.url);
    const events = Array.from({ length: 7 }, (_, index) => event(`e${index}`, { seq: index + 1 }));
    const sessions = ["s1", "s2", "s3"].map((id) => ({ session_id: id, name: "n", started_at: at(NOW) }));
    await call(service.url, "ada", "/api/events/batch", { sessions, events });
    const pages: unknown[] = [];
    for (let cursor = ""; ;) {
      const { status, body } = await call(service.url, "ada", `/api/events?limit=3${cursor}`);
      expect(status).toBe(200);
      pages.push((body["items"] as { id: string }[]).map(({ id }) => id));
      if (body["next"] === null) break;
      cursor = `&cursor=${body["next"] as string}`;
      const newer = event(`n${pages.length}`, { timestamp: at(NOW) });
      await call(service.url, "ada", "/api/events/batch", { events: [newer] });
    }
    expect(pages).toEqual([["e6", "e5", "e4"], ["e3", "e2", "e1"], ["e0"]]);
    const first = await call(service.url, "ada", "/api/sessions?limit=2");
    const rest = await call(service.url, "ada", `/api/sessions?limit=2&cursor=${first.body["next"] as string}`);
    expect([first, rest].map(({ body }) => (body["items"] as object[]).length)).toEqual([2, 1]);
  });
});

test("sendEvents wants the feature api_logging; lists do not", async () => {
  await using empty = await emptySqlite();
  await using service = await startEvents(empty.url);
  const { status, body } = await call(service.url, "eve", "/api/events/batch", { events: [event("a")] });
  expect([status, body["code"]]).toEqual([403, "tier_required"]);
  expect((await call(service.url, "eve", "/api/events")).body).toEqual({ items: [], next: null });
});

test("sendEvents lets others have their answer while it masks a batch that is all secrets", async () => {
  await using empty = await emptySqlite();
  await using service = await startEvents(empty.url);
  const message = JSON.stringify(Array.from({ length: 2000 }, (_, index) => ({ password: `pw${index}pw` })));
  const events = Array.from({ length: 80 }, (_, index) => event(`e${index}`, { message }));
  const ended: string[] = [];
  const timed = async (name: string, path: string, caller: string, body?: unknown) => {
    const answer = await call(service.url, caller, path, body);
    ended.push(name);
    return answer.body;
  };
  const large = timed("large", "/api/events/batch", "ada", { events });
  while (service.metrics.inFlight === 0) await Bun.sleep(1);
  await timed("small", "/api/sessions", "bob");
  expect(await large).toMatchObject({ accepted: 80 });
  expect(ended).toEqual(["small", "large"]);
});

test("lists refuse a cursor that they did not give", async () => {
  await using empty = await emptySqlite();
  await using service = await startEvents(empty.url);
  const foreign = Buffer.from('{"started_us":1,"id":"s1"}').toString("base64url");
  for (const cursor of ["x", "bnVsbA", foreign, Buffer.from('{"occurred_us":"1"}').toString("base64url")]) {
    const { status, body } = await call(service.url, "ada", `/api/events?cursor=${cursor}`);
    expect(status).toBe(400);
    expect(body["errors"]).toEqual([{ parameter: "cursor", detail: "Not one that this list gave" }]);
  }
});
