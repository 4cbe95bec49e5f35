/** A session that cannot record all: what is sent, what km says of it, and that both add up. */
import { expect } from "bun:test";
import type { Conversation } from "./conversation.ts";
import { events, recorded } from "./journal.ts";
import type { Home } from "./km.ts";

export const WARNING = /^km: Cannot record this session: .+$/gm;
const LOSS = /^km: (\d+) events were not recorded$/gm;

/** Ends the session and gives the number of losses it tells; its words on stderr are one warning and that number. */
export async function lossesAtEnd(talk: Conversation): Promise<number> {
  const { exitCode, stderr } = await talk.end();
  expect(exitCode).toBe(0);
  expect(stderr.match(WARNING)).toHaveLength(1);
  const losses = [...stderr.matchAll(LOSS)];
  expect(losses).toHaveLength(1);
  expect(stderr.split("\n").filter((line) => line !== "")).toHaveLength(2);
  return Number(losses[0]?.[1]);
}

export async function rounds(talk: Conversation, from: number, to: number, bytes = 10): Promise<void> {
  const filling = "x".repeat(bytes);
  for (let id = from; id < to; id++) {
    await talk.round(
      `{"jsonrpc":"2.0","id":${id},"method":"ping","params":{"f":"${filling}"}}`,
      `{"jsonrpc":"2.0","id":${id},"result":{}}`,
    );
  }
}

/** Rounds until the condition holds; at most so many. */
export async function roundsUntil(
  talk: Conversation,
  from: number,
  condition: () => boolean,
  bytes = 10,
): Promise<number> {
  let id = from;
  for (; id < from + 5000; id++) {
    if (condition()) return id;
    await rounds(talk, id, id + 1, bytes);
  }
  throw new Error(`Nothing has changed after ${id - from} rounds; stderr: ${talk.stderr}`);
}

/** The events that are there, their order, and that those that are not are exactly the ones km counted. */
export function expectAccounted(home: Home, sent: number, losses: number): void {
  const session = recorded(home);
  expect(session.torn).toBe("");
  const all = events(session);
  const numbers = all.map(({ seq }) => seq);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect({ recorded: all.length, losses, sum: all.length + losses }).toEqual({
    recorded: all.length,
    losses,
    sum: sent + 2,
  });
}
