/** `Identity`: on whose behalf a request comes, how that was proved, and what they may do. */

export interface Identity {
  /** As records show it: `key:build`, `user:ada`, `certificate:CN=build`, `token:<issuer>:<subject>`. */
  principal: string;
  by: "key" | "password" | "token" | "certificate" | "nothing";
  /** In alphabetical order, each once. */
  roles: string[];
  /** A digest of what the file says of the proof: what has changed there lets nobody in any more. */
  grant: string;
}

export const NOBODY: Identity = { principal: "everybody", by: "nothing", roles: [], grant: "" };

/** What was found out of the credentials of a request. `endsMs` is until when they are good, since 1970. */
export type Authentication =
  | { state: "known"; identity: Identity; endsMs?: number | undefined }
  /** There are none. */
  | { state: "none" }
  /** Why they do not count, for who sent them and for records: never what was sent. */
  | { state: "refused"; why: string }
  /** The token is good, and has not these scopes. */
  | { state: "insufficient"; scopes: string[]; principal: string }
  /** Nobody can tell now. */
  | { state: "unavailable"; why: string };

/** @param entry what the file says of it, and by what its meaning depends on */
export function digestOf(entry: unknown): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(entry)).digest("base64url");
}

export function withRoles(identity: Omit<Identity, "roles">, roles: readonly string[]): Identity {
  return { ...identity, roles: [...new Set(roles)].sort() };
}
