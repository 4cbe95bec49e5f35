/** km as it is built, with a home and an API of its own, and a watch over what it says: no secret is ever in it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HAS_KEYRING, type KeyringSession, startKeyring } from "../auth/keyring.ts";
import { type Home, KM, makeHome } from "../e2e/km.ts";
import { test as linuxTest } from "../e2e/linux-test.ts";
import { type AuthApi, startAuthApi } from "./auth-api.ts";

export const PASSPHRASE = "correct horse battery staple";

export interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface RunningKm {
  child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  /** All that was said on stdout so far, once it holds the text. */
  shown(text: string): Promise<string>;
  ended: Promise<Ran>;
}

export interface AuthKm extends AsyncDisposable {
  home: Home;
  api: AuthApi;
  env: Record<string, string>;
  credentials: string;
  kept: "keychain" | "passphrase";
  /** In words. */
  keptBy: string;
  start(words: string[], env?: Record<string, string>, input?: string): RunningKm;
  run(words: string[], env?: Record<string, string>, input?: string): Promise<Ran>;
  onTerminal(words: string[], env?: Record<string, string>): OnTerminal;
  configured(): string | undefined;
}

export interface OnTerminal {
  child: Bun.Subprocess;
  shown(text: string): Promise<string>;
  type(keys: string): void;
  ended: Promise<Terminated>;
}

export interface Terminated {
  shown: string;
  exitCode: number;
}

/** Where what is kept is encrypted by. A passphrase costs each km a third of a second; one keyring does for many homes. */
export type Place = KeyringSession | "passphrase" | "nowhere";

/** Where no keyring is given, no system's keychain is touched. */
export async function makeAuthKm(place: Place = "passphrase"): Promise<AuthKm> {
  const home = makeHome();
  const api = await startAuthApi();
  const file = join(home.folder, "passphrase");
  writeFileSync(file, PASSPHRASE, { mode: 0o600 });
  const env: Record<string, string> = { ...home.env, KM_API_URL: api.origin, ...placeEnv(place, file) };
  const children: Bun.Subprocess[] = [];
  const checkForSecrets = (text: string) => {
    for (const secret of [...api.secrets, PASSPHRASE]) expect(text).not.toContain(secret);
  };
  const km: AuthKm = {
    home,
    api,
    env,
    credentials: join(home.data, "credentials.json"),
    kept: typeof place === "object" ? "keychain" : "passphrase",
    keptBy: typeof place === "object" ? "a key in the system's keychain" : "a passphrase",
    start(words, more = {}, input) {
      const child = Bun.spawn([KM, ...words], {
        cwd: home.folder,
        env: { ...env, ...more },
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
      });
      children.push(child);
      if (input !== undefined) void child.stdin.write(input);
      void child.stdin.end();
      const seen = collect(child.stdout);
      const stderr = child.stderr.text();
      const ended = (async () => {
        const [stdout, errors, exitCode] = await Promise.all([seen.all, stderr, child.exited]);
        checkForSecrets(stdout + errors);
        return { stdout, stderr: errors, exitCode };
      })();
      return { child, shown: seen.shown, ended };
    },
    run: (words, more, input) => km.start(words, more, input).ended,
    onTerminal(words, more = {}) {
      const decoder = new TextDecoder();
      const waiting: (() => void)[] = [];
      const closed = Promise.withResolvers<void>();
      let text = "";
      const child = Bun.spawn([KM, ...words], {
        cwd: home.folder,
        env: { ...env, NO_COLOR: "1", TERM: "xterm", ...more },
        terminal: {
          cols: 200,
          rows: 24,
          data: (_, bytes) => {
            text += decoder.decode(bytes, { stream: true });
            for (const wake of waiting.splice(0)) wake();
          },
          exit: () => closed.resolve(),
        },
      });
      children.push(child);
      let from = 0;
      return {
        child,
        /** Behind what was waited for before. */
        async shown(wanted) {
          for (;;) {
            const at = text.indexOf(wanted, from);
            if (at >= 0) {
              from = at + wanted.length;
              return text;
            }
            await new Promise<void>((resolve) => waiting.push(resolve));
          }
        },
        type: (keys) => void child.terminal?.write(keys),
        ended: (async () => {
          const exitCode = await child.exited;
          await closed.promise;
          child.terminal?.close();
          checkForSecrets(text);
          return { shown: text.replaceAll("\r\n", "\n"), exitCode };
        })(),
      };
    },
    configured() {
      const config = join(home.folder, "config", "config.yaml");
      return existsSync(config) ? readFileSync(config, "utf8") : undefined;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(children.map((child) => child.exited));
      await api[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
  return km;
}

function placeEnv(place: Place, file: string): Record<string, string> {
  if (place === "nowhere") return {};
  if (place === "passphrase") return { KM_PASSPHRASE_FILE: file };
  return { DBUS_SESSION_BUS_ADDRESS: place.env["DBUS_SESSION_BUS_ADDRESS"] ?? "" };
}

/** `toMatchObject` of Bun 1.4.5 puts its matchers into what it was given, so texts are looked for here. */
export function expectEnd({ exitCode, ...said }: Ran | Terminated, wanted: number, ...texts: string[]): void {
  const text = "shown" in said ? said.shown : said.stdout + said.stderr;
  for (const one of texts) expect(text).toContain(one);
  expect({ exitCode, text }).toEqual({ exitCode: wanted, text });
}

type KmTest = (title: string, work: (km: AuthKm) => Promise<void>) => void;

const TIMEOUT = 30_000;

/** The tests of one file: they run side by side, each with a km and an API of its own. */
export function kmTests(): { test: KmTest; linuxTest: KmTest; bareTest: KmTest } {
  let shared: Awaited<ReturnType<typeof sharedPlace>>;
  beforeAll(async () => {
    shared = await sharedPlace();
  }, TIMEOUT);
  afterAll(() => shared[Symbol.asyncDispose]());
  const testsAt =
    (tests: typeof test, place: () => Place): KmTest =>
    (title, work) =>
      tests.concurrent(
        title,
        async () => {
          await using km = await makeAuthKm(place());
          await work(km);
        },
        TIMEOUT,
      );
  return {
    test: testsAt(test, () => shared.place),
    linuxTest: testsAt(linuxTest, () => shared.place),
    // With neither a keychain nor a passphrase file; elsewhere it would be the keychain of who runs the tests.
    bareTest: testsAt(linuxTest, () => "nowhere"),
  };
}

/** A keyring for all of them, where there can be one; else they use a passphrase. */
async function sharedPlace(): Promise<{ place: Place } & AsyncDisposable> {
  if (!HAS_KEYRING) return { place: "passphrase", [Symbol.asyncDispose]: () => Promise.resolve() };
  const home = makeHome();
  const session = await startKeyring(home);
  return {
    place: session,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

function collect(stream: ReadableStream<Uint8Array>): { all: Promise<string>; shown(text: string): Promise<string> } {
  const waiting: (() => void)[] = [];
  let text = "";
  let isOver = false;
  const all = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      for (const wake of waiting.splice(0)) wake();
    }
    isOver = true;
    for (const wake of waiting.splice(0)) wake();
    return text;
  })();
  return {
    all,
    async shown(wanted) {
      while (!text.includes(wanted)) {
        if (isOver) throw new Error(`${JSON.stringify(wanted)} was never said: ${text}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return text;
    },
  };
}
