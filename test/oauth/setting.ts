/** `settings`: what tests of logins have: servers and a user for each of them anew, and what ends all that was started. */
import { afterEach, beforeEach } from "bun:test";
import { type AuthorizationServer, type Behaviour, startAuthorizationServer } from "./authorization-server.ts";
import { makeUser, type User } from "./logging-in.ts";
import { type ProtectedServer, startProtectedServer } from "./protected-server.ts";

export interface Setting {
  issuer: AuthorizationServer;
  server: ProtectedServer;
  user: User;
}

export interface Settings {
  start(behaviour?: Partial<Behaviour>): Setting;
  /** Ends it with the test. */
  use<T extends Disposable | AsyncDisposable>(one: T): T;
  defer(end: () => void | Promise<void>): void;
}

/** To be called once in a file, outside of its tests. */
export function settings(): Settings {
  let stack = new AsyncDisposableStack();
  beforeEach(() => void (stack = new AsyncDisposableStack()));
  afterEach(async () => await stack.disposeAsync());
  return {
    start(behaviour = {}) {
      const issuer = stack.use(startAuthorizationServer(behaviour));
      return { issuer, server: stack.use(startProtectedServer(issuer)), user: stack.use(makeUser()) };
    },
    use: (one) => stack.use(one),
    defer: (end) => stack.defer(end),
  };
}
