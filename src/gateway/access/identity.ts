/** `Identity`: on whose behalf a request comes, how that was proved, and what they may do. */

export interface Identity {
  /** As records show it: `key:build`, `user:ada`, `certificate:CN=build`, `token:<issuer>:<subject>`. */
  principal: string;
  by: "key" | "password" | "token" | "certificate" | "nothing";
  /** In alphabetical order, each once. */
  roles: string[];
}

export const NOBODY: Identity = { principal: "everybody", by: "nothing", roles: [] };

/** What was found out of the credentials of a request. */
export type Authentication =
  | { state: "known"; identity: Identity }
  /** There are none. */
  | { state: "none" }
  /** Why they do not count, for who sent them and for records: never what was sent. */
  | { state: "refused"; why: string }
  /** The token is good, and has not these scopes. */
  | { state: "insufficient"; scopes: string[]; principal: string }
  /** Nobody can tell now. */
  | { state: "unavailable"; why: string };

/**
 * The owner of sessions: whoever comes back with other roles has other sessions, since a session's roles are those that it
 * began with.
 */
export function ownerOf({ principal, roles }: Identity): string {
  return JSON.stringify([principal, ...roles]);
}

export function withRoles(identity: Omit<Identity, "roles">, roles: readonly string[]): Identity {
  return { ...identity, roles: [...new Set(roles)].sort() };
}
