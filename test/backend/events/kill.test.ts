/** `kill -9` of a service in the middle of ingest, with a sender that sends again what was not answered. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { listEvents } from "../../../src/store/events.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { listSessions } from "../../../src/store/sessions.ts";
import { sql } from "../../../src/store/statement.ts";
import { onBoth } from "../../store/databases.ts";
import { call, type SendAnswer } from "./events-service.ts";

setDefaultTimeout(60_000);

const BATCHES = 12;
const SIZE = 250;
/** The process dies while these batches are on their way, so long after they were sent. */
const DEATHS = [
  { batch: 0, ms: 0 },
  { batch: 2, ms: 1 },
  { batch: 5, ms: 8 },
  { batch: 8, ms: 20 },
];

onBoth((fresh) => {
  test("nothing acknowledged is lost and nothing is there twice", async () => {
    await using empty = await fresh();
    let server = await serve(empty.url);
    const acknowledged = new Set<string>();
    let accepted = 0;
    let unanswered = 0;
    try {
      for (let number = 0; number < BATCHES; number++) {
        const death = DEATHS.find((one) => one.batch === number);
        // Of the first try nothing need be known; later ones have their answer.
        const sent = [send(server.url, number), send(server.url, number)];
        if (death !== undefined) {
          if (death.ms > 0) await Bun.sleep(death.ms);
          server.process.kill("SIGKILL");
        }
        const answers = await Promise.allSettled(sent);
        if (death !== undefined) {
          await server.process.exited;
          server = await serve(empty.url);
        }
        for (const answer of answers) {
          if (answer.status === "rejected") unanswered++;
          else accepted += note(answer.value, acknowledged);
        }
        if (death !== undefined) accepted += note(await send(server.url, number), acknowledged);
      }
    } finally {
      server.process.kill("SIGKILL");
      await server.process.exited;
    }
    expect(unanswered).toBeGreaterThan(0); // else no death came in time; the first comes before anything can have happened
    expect(acknowledged.size).toBe(BATCHES * SIZE);

    const db = await openDatabase(empty.url);
    try {
      const [row] = await db.rows(sql`select id from customers where name = ${"ada"}`);
      const customer = String(row?.["id"]);
      const { events } = await listEvents(db, customer, { limit: 2 * BATCHES * SIZE });
      const stored = events.map((event) => event.event_id);
      expect(new Set(stored).size).toBe(stored.length);
      expect(stored.toSorted()).toEqual([...acknowledged].sort());
      expect(accepted).toBeLessThanOrEqual(stored.length); // an answer that never came had said the others
      const { sessions } = await listSessions(db, customer, { limit: 10 });
      expect(sessions.map(({ id, events: count }) => [id, count])).toEqual([["s1", stored.length]]);
    } finally {
      await db.close();
    }
  });
});

/** @returns how many it says are new */
function note(answer: SendAnswer, acknowledged: Set<string>): number {
  for (const { id, status } of answer.results) {
    if (status !== "rejected" && id !== null) acknowledged.add(id);
  }
  return answer.accepted;
}

async function send(url: string, batch: number): Promise<SendAnswer> {
  const events = Array.from({ length: SIZE }, (_, index) => ({
    id: `s1:${batch * SIZE + index + 1}`,
    session_id: "s1",
    seq: batch * SIZE + index + 1,
    timestamp: "2026-11-21T11:59:58.123456Z",
    type: "request",
    direction: "request",
    bytes: 300,
    message: `{"jsonrpc":"2.0","id":${index},"method":"ping","params":{"pad":"${"x".repeat(200)}"}}`,
  }));
  const { status, body } = await call(url, "ada", "/api/events/batch", { events });
  if (status !== 200) throw new Error(`Status ${status}`);
  return body as SendAnswer;
}

async function serve(database: string) {
  const command = [process.execPath, join(import.meta.dir, "events-service.ts"), database];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.endsWith("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The service did not start");
    text += value;
  }
  return { process: child, url: text.trim() };
}
