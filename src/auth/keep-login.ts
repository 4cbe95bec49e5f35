/** `prepareKeeping`: the place for a login is found before anybody is asked to confirm one, and changed only after. */
import type { Fetch } from "./ask-api.ts";
import {
  checkWritable,
  type Credentials,
  type CredentialsPlace,
  type CredentialsTrouble,
  lockCredentials,
  makeSeal,
  readTokens,
  writeTokens,
} from "./credentials.ts";
import { revokeLogin } from "./revoke.ts";
import type { Seal } from "./sealed-file.ts";
import type { KeptKey, Tokens } from "./tokens.ts";

export type Keeping =
  { state: "ready"; keep(what: Tokens | KeptKey, fetch: Fetch): Promise<Kept> } | CredentialsTrouble;

export type Kept =
  /** `left` is why the login before was not ended at its API, if it was not. */
  { state: "kept"; seal: Seal; left: string | undefined } | { state: "busy" } | CredentialsTrouble;

/** @param passphrase of the login that is there, where it was typed already */
export async function prepareKeeping(place: CredentialsPlace, passphrase?: string): Promise<Keeping> {
  const writable = checkWritable(place.folder);
  if (writable.state === "unwritable") return writable;
  let typed = passphrase;
  const { askPassphrase } = place;
  const ask = async () => {
    const answer = await askPassphrase?.();
    typed ??= answer;
    return answer;
  };
  let ready: { seal: Seal } | undefined;
  const inKeychain = place.env["KM_PASSPHRASE_FILE"] ? undefined : await place.keychain.get(place.origin);
  if (inKeychain === undefined || inKeychain.state === "absent") {
    const made = await makeSeal({ ...place, askPassphrase: ask });
    if (made.state !== "made") return made;
    ready = made;
  } else if (inKeychain.state !== "found" && inKeychain.state !== "missing") return inKeychain;

  const keep = async (what: Tokens | KeptKey, fetch: Fetch): Promise<Kept> => {
    const lock = await lockCredentials(place.folder);
    if (lock.state === "busy") return lock;
    if (lock.state === "unusable") return { state: "unwritable", file: place.folder, reason: lock.reason };
    using _held = lock;
    // Nobody is asked once more: most use the same passphrase again.
    const before = await loginBefore({ ...place, askPassphrase: async () => typed });
    // A new key for the keychain is put there under the lock, so that two logins at once agree on one.
    const made = ready ?? (await makeSeal(place));
    if (!("seal" in made)) return made;
    const written = writeTokens(place.folder, what, made.seal);
    if (written.state !== "kept") return written;
    return { state: "kept", seal: made.seal, left: await endLogin(before, place, fetch) };
  };
  return { state: "ready", keep };
}

/** What is kept, for whichever API. */
async function loginBefore(place: CredentialsPlace): Promise<{ origin: string; found: Credentials }> {
  const found = await readTokens(place);
  if (found.state !== "other-origin") return { origin: place.origin, found };
  return { origin: found.origin, found: await readTokens({ ...place, origin: found.origin }) };
}

/**
 * A login that another takes the place of would else go on without anybody knowing of it.
 *
 * @returns why it does, if so
 */
async function endLogin(
  { origin, found }: Awaited<ReturnType<typeof loginBefore>>,
  place: CredentialsPlace,
  fetch: Fetch,
): Promise<string | undefined> {
  if (found.state === "none") return undefined;
  if (found.state !== "tokens" && found.state !== "api-key") return "it could not be read";
  if (found.seal?.kept === "keychain" && origin !== place.origin) await place.keychain.delete(origin);
  if (found.state === "api-key" || found.tokens.refresh === null) return undefined;
  const revoked = await revokeLogin(origin, found.tokens.refresh, fetch);
  return revoked.state === "failed" ? revoked.reason : undefined;
}
