/**
 * `sharedBreaker`: the breaker of a server for all sessions of this user: each is a process of its own, so what one of them
 * found out stands in a file. Where nothing was ever wrong, there is none.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Health } from "../http/health.ts";
import type { Problem } from "../http/problem.ts";
import { isObject } from "../wire/jsonrpc.ts";
import { type BreakerState, CLOSED, nextBreaker, type Phase, phaseOf } from "./breaker.ts";

/** Whoever tries and is killed meanwhile keeps the others from it for no longer. */
const TRIAL_MS = 60_000;
/** What another process found out may be seen so late. */
const FRESH_MS = 200;
const FOLDER = "breakers";
const MOST_SHOWN = 100;

export interface Breaker extends Health {
  phase(): Phase;
}

/**
 * @param stateFolder km's
 * @param name of the server
 * @param place what it is: another server of that name has another breaker
 */
export function sharedBreaker(stateFolder: string, name: string, place: string, now = Date.now): Breaker {
  const folder = join(stateFolder, FOLDER);
  const id = new Bun.CryptoHasher("sha256").update(`${name}\0${place}`).digest("hex").slice(0, 32);
  const file = join(folder, `${id}.json`);
  const trial = join(folder, `${id}.trial`);
  let known = CLOSED;
  let readAt = -Infinity;
  let isTrying = false;

  const look = (): BreakerState => {
    if (now() - readAt >= FRESH_MS || now() < readAt) {
      known = readState(file)?.state ?? CLOSED;
      readAt = now();
    }
    return known;
  };
  const keep = (state: BreakerState): void => {
    const isNews = state.failures !== known.failures || state.openUntil !== known.openUntil;
    known = state;
    readAt = now();
    if (isNews) writeState(folder, file, name, state);
  };
  return {
    phase: () => phaseOf(look(), now()),
    refusal() {
      const state = look();
      const phase = phaseOf(state, now());
      if (phase === "closed") return undefined;
      if (phase === "half-open" && takeTrial(folder, trial, now())) {
        isTrying = true;
        return undefined;
      }
      return problemOf(state, now());
    },
    settled(reached) {
      // Of several that were under way, only what the one finds out that was let through for it counts.
      const state = look();
      if (reached !== "unknown" && (isTrying || phaseOf(state, now()) === "closed" || reached === "reached")) {
        keep(nextBreaker(state, reached, now()));
      }
      if (isTrying) rmSync(trial, { force: true });
      isTrying = false;
    },
  };
}

/** Of the servers that are not well now, for metrics: 1 is open, 0.5 half open. Never throws. */
export function breakerStates(stateFolder: string, now = Date.now()): { server: string; state: number }[] {
  const folder = join(stateFolder, FOLDER);
  const files = namesIn(folder).filter((file) => file.endsWith(".json"));
  return files.slice(0, MOST_SHOWN).flatMap((file) => {
    const read = readState(join(folder, file));
    if (read === undefined) return [];
    const states = { closed: 0, "half-open": 0.5, open: 1 };
    return [{ server: read.server, state: states[phaseOf(read.state, now)] }];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nothing was ever wrong
  }
}

function problemOf({ failures, openUntil }: BreakerState, now: number): Problem {
  const seconds = Math.max(1, Math.ceil((openUntil - now) / 1000));
  const again = openUntil > now ? `Try again in ${seconds} s, when it is tried.` : "It is being tried now.";
  return {
    reason: `it could not be reached ${failures} times in a row, and is left alone for a while`,
    hint: `${again} See that the server runs: km health.`,
  };
}

/** One at a time, of all processes: whoever makes the file. */
function takeTrial(folder: string, file: string, now: number): boolean {
  try {
    const made = statSync(file, { throwIfNoEntry: false });
    if (made !== undefined && Math.abs(now - made.mtimeMs) < TRIAL_MS) return false;
    if (made !== undefined) rmSync(file, { force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "wx", 0o600));
    return true;
  } catch (error) {
    // Where nothing can be written there is no agreement either: better too many tries than none.
    return !(error instanceof Error && "code" in error && error.code === "EEXIST");
  }
}

function readState(file: string): { server: string; state: BreakerState } | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isObject(read)) return undefined;
    const { server, failures, open_until: openUntil } = read;
    if (typeof server !== "string" || !Number.isSafeInteger(failures) || !Number.isSafeInteger(openUntil))
      return undefined;
    return { server, state: { failures: Number(failures), openUntil: Number(openUntil) } };
  } catch {
    return undefined;
  }
}

/** Where it cannot be written, each process goes by what it knows itself. */
function writeState(folder: string, file: string, server: string, { failures, openUntil }: BreakerState): void {
  try {
    if (failures === 0) return rmSync(file, { force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify({ server, failures, open_until: openUntil })}\n`, { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    return;
  }
}
