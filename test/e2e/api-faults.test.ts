/** `km api serve` killed at its first start and in the middle of ingest: nothing that anybody was told is lost. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { emptyPostgres, HAS_POSTGRES } from "../fixtures/postgres.ts";
import { makeHome } from "./km.ts";
import { RunningApi, startApi } from "./run-api.ts";

setDefaultTimeout(60_000);

const SENDERS = 4;
const BATCH = 250;
/** Acknowledged batches, after which the service is killed; others are on their way then. */
const ENOUGH = 8;

interface Batch {
  ids: string[];
  body: string;
}

function batchOf(session: string, number: number): Batch {
  const timestamp = new Date().toISOString();
  const events = Array.from({ length: BATCH }, (_, index) => {
    const seq = number * BATCH + index + 1;
    const message = JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: seq } });
    const bytes = message.length + 1;
    return {
      id: `${session}:${seq}`,
      session_id: session,
      seq,
      timestamp,
      type: "notification",
      direction: "response",
      bytes,
      message,
    };
  });
  return { ids: events.map(({ id }) => id), body: JSON.stringify({ events }) };
}

interface SendAnswer {
  status: number;
  accepted: number | undefined;
  duplicate: number | undefined;
}

async function send(api: RunningApi, headers: Record<string, string>, { body }: Batch): Promise<SendAnswer> {
  const response = await api.fetch("/api/events/batch", { method: "POST", headers, body });
  const { accepted, duplicate } = (await response.json()) as { accepted?: number; duplicate?: number };
  return { status: response.status, accepted, duplicate };
}

async function listed(api: RunningApi, headers: Record<string, string>): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const place: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const response = await api.fetch(`/api/events?limit=1000${place}`, { headers });
    const { items, next } = (await response.json()) as { items: { id: string }[]; next: string | null };
    ids.push(...items.map(({ id }) => id));
    cursor = next;
  }
  return ids;
}

async function sendUntilKilled(api: RunningApi, headers: Record<string, string>) {
  const acknowledged: Batch[] = [];
  const unanswered: Batch[] = [];
  const sender = async (_: unknown, index: number): Promise<void> => {
    for (let number = 0; ; number++) {
      const batch = batchOf(`session-${index}`, number);
      const answer = await send(api, headers, batch).catch(() => undefined);
      if (answer === undefined) return void unanswered.push(batch);
      if (answer.accepted !== BATCH) throw new Error(`Not accepted: ${JSON.stringify(answer)}`);
      acknowledged.push(batch);
      if (acknowledged.length === ENOUGH) api.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  await api.exited();
  return { acknowledged, unanswered };
}

test("killed the moment it has shown its first key: that one is good, or the next start shows another", async () => {
  using home = makeHome();
  await using first = new RunningApi({ home });
  await first.printed();
  first.kill("SIGKILL");
  await first.exited();
  await using second = await startApi({ home });
  const key = second.stdout === "" ? first.adminKey : second.adminKey;
  expect((await second.exchange(key)).status).toBe(200);
});

const DATABASES: [string, () => Promise<Record<string, string>>][] = [["SQLite", () => Promise.resolve({})]];
if (HAS_POSTGRES) DATABASES.push(["PostgreSQL", async () => ({ DATABASE_URL: await emptyPostgres() })]);

test.each(DATABASES)(
  "killed in the middle of ingest on %s: no acknowledged event is lost, none is there twice",
  async (_, database) => {
    using home = makeHome();
    const options = { home, env: await database() };
    await using first = await startApi(options);
    const key = first.adminKey;
    const { acknowledged, unanswered } = await sendUntilKilled(first, await first.authorized(key));
    expect(unanswered).toHaveLength(SENDERS);

    await using second = await startApi(options);
    const headers = await second.authorized(key);
    const isKept = new Set(await listed(second, headers));
    expect(acknowledged.flatMap(({ ids }) => ids).filter((id) => !isKept.has(id))).toEqual([]);

    const none: SendAnswer = { status: 200, accepted: 0, duplicate: BATCH };
    const whole: SendAnswer = { status: 200, accepted: BATCH, duplicate: 0 };
    for (const batch of acknowledged) expect(await send(second, headers, batch)).toEqual(none);
    // A batch is one transaction: of one that had no answer, all is there or nothing.
    for (const batch of unanswered) expect([none, whole]).toContainEqual(await send(second, headers, batch));
    const all = [...acknowledged, ...unanswered].flatMap(({ ids }) => ids);
    expect((await listed(second, headers)).toSorted()).toEqual(all.toSorted());
  },
);
