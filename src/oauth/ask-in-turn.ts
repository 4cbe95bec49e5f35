/** `askInTurn`: of several km processes that want the same login one asks a person, and the others take what it got. */
import { shownUrl } from "../http/shown-url.ts";
import type { Login } from "./login.ts";
import type { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";

/** Longer than a login may take. */
const MOST_WAIT_MS = 6 * 60_000;
const LOOK_EVERY_MS = 250;

export interface Turn {
  store: LoginStore;
  places: OAuthPlaces;
  /** Of the server, for what is said. */
  url: string;
}

/** Resolves with a login that came another way. */
export type Elsewhere = (signal: AbortSignal) => Promise<Login>;

/**
 * @param newer a login that has come another way by now, if it is good for what is wanted
 * @param ask sends a person to log in, for as long as nothing comes from elsewhere
 */
export async function askInTurn(
  turn: Turn,
  newer: () => Promise<Login | undefined>,
  ask: (elsewhere: Elsewhere) => Promise<Login>,
): Promise<{ login: Login; /** Whether it is to be kept still. */ isOwn: boolean }> {
  const elsewhere: Elsewhere = async (signal) => await firstOf(newer, signal);
  const taken = await take(turn, elsewhere);
  if (taken !== undefined && "access" in taken) return { login: taken, isOwn: false };
  try {
    const login = await ask(elsewhere);
    return { login, isOwn: login.access !== (await turn.store.read())?.access };
  } finally {
    taken?.[Symbol.dispose]();
  }
}

async function firstOf(newer: () => Promise<Login | undefined>, signal: AbortSignal): Promise<Login> {
  while (!signal.aborted) {
    const login = await newer();
    if (login !== undefined) return login;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return await new Promise<never>(() => undefined); // nobody waits for it
}

/** Waits while another process asks; where the lock cannot be had at all, nobody is kept waiting. */
async function take({ store, places, url }: Turn, elsewhere: Elsewhere): Promise<Disposable | Login | undefined> {
  const over = new AbortController();
  const login = elsewhere(over.signal);
  try {
    const deadline = performance.now() + MOST_WAIT_MS;
    for (let isFirst = true; performance.now() < deadline; isFirst = false) {
      places.signal?.throwIfAborted();
      const lock = await store.lockAsking();
      if (lock.state === "held") return lock;
      if (lock.state === "unusable") return undefined;
      if (isFirst) places.say(`Another km asks for a login to ${shownUrl(url)}: this one waits for it`);
      const found = await Promise.race([login, Bun.sleep(LOOK_EVERY_MS)]);
      if (found !== undefined) return found;
    }
    return undefined;
  } finally {
    over.abort();
  }
}
