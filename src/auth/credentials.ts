/**
 * Where the proof of a login lies: tokens in `<data>/credentials.json`, encrypted with a key that is in the system's
 * keychain, or where there is none with a passphrase. There is no state in which they lie there as plain text.
 */
import { createSecretKey, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../config/paths.ts";
import { systemCode, systemReason } from "../errors.ts";
import { type Lock, takeLock } from "../process/system-lock.ts";
import { realPath } from "../real-path.ts";
import { removeTemporaries, replaceFile } from "../replace-file.ts";
import { isApiKey } from "./api-key.ts";
import { removeCache } from "./cache-file.ts";
import { credentialsFile } from "./credentials-file.ts";
import { KEY_BYTES, type Keychain, type KeychainTrouble } from "./keychain.ts";
import { type AskPassphrase, type Passphrase, passphraseFrom, sealOf } from "./passphrase.ts";
import { parseSealed, type Seal, seal, type SealedFile, unseal } from "./sealed-file.ts";
import type { KeptKey, Tokens } from "./tokens.ts";

export interface CredentialsPlace {
  /** km's data folder. */
  folder: string;
  /** Of the API that credentials are wanted for. */
  origin: string;
  env: Environment;
  keychain: Keychain;
  /** Where someone is there to type a passphrase. */
  askPassphrase?: AskPassphrase;
}

export type NoPassphrase = Exclude<Passphrase, { state: "given" }>;

/** Why a key cannot be had. */
export type SealTrouble = KeychainTrouble | NoPassphrase;

type Unwritable = { state: "unwritable"; file: string; reason: string };

export type CredentialsTrouble =
  | SealTrouble
  /** The keychain has no key for the file. */
  | { state: "no-key" }
  /** The key is another one, or the file was changed. */
  | { state: "wrong-key" | "wrong-passphrase" }
  | { state: "damaged"; file: string }
  | { state: "newer"; version: number }
  | { state: "unreadable"; file: string; reason: string }
  | Unwritable;

export type Credentials =
  /** Without a seal it stands in the environment. */
  | { state: "api-key"; apiKey: string; seal?: Seal }
  | { state: "tokens"; tokens: Tokens; seal: Seal }
  | { state: "none" }
  | { state: "bad-api-key" }
  /** Logged in to another API, to which alone its tokens may be sent. */
  | { state: "other-origin"; origin: string }
  | CredentialsTrouble;

/** More than a login needs. */
const PROBE_BYTES = 32 * 1024;

/** @param known the key of an earlier reading, which saves asking for it */
export async function readCredentials(place: CredentialsPlace, known?: Seal): Promise<Credentials> {
  const apiKey = place.env["KM_API_KEY"];
  if (apiKey) return isApiKey(apiKey) ? { state: "api-key", apiKey } : { state: "bad-api-key" };
  return await readTokens(place, known);
}

/** What was kept by a login, whatever stands in the environment. */
export async function readTokens(place: CredentialsPlace, known?: Seal): Promise<Credentials> {
  const file = realFile(place.folder);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { state: "none" };
    return { state: "unreadable", file, reason: systemReason(error) };
  }
  // A first login makes the file before it fills it.
  if (bytes.length === 0) return { state: "none" };
  const parsed = parseSealed(bytes);
  if (parsed.state === "damaged") return { state: "damaged", file };
  if (parsed.state === "newer") return parsed;
  if (parsed.file.origin !== place.origin) return { state: "other-origin", origin: parsed.file.origin };
  if (known !== undefined && fits(known, parsed.file)) {
    const kept = unseal(parsed.file, known.key);
    if (kept !== undefined) return opened(kept, known);
  }
  return await open(place, parsed.file);
}

/** What a link leads to is replaced, not the link. */
function realFile(folder: string): string {
  return realPath(credentialsFile(folder));
}

/** Whether a key may be that of the file. */
export function fits(seal: Seal, file: SealedFile): boolean {
  if (seal.kept === "keychain" || file.kept === "keychain") return seal.kept === file.kept;
  return seal.salt === file.salt;
}

function opened(kept: Tokens | KeptKey, seal: Seal): Credentials {
  return "kind" in kept ? { state: "api-key", apiKey: kept.apiKey, seal } : { state: "tokens", tokens: kept, seal };
}

async function open(place: CredentialsPlace, file: SealedFile): Promise<Credentials> {
  const found = await sealFor(place, file);
  if (found.state !== "made") return found;
  const { seal } = found;
  const kept = unseal(file, seal.key);
  if (kept === undefined) return { state: seal.kept === "keychain" ? "wrong-key" : "wrong-passphrase" };
  return opened(kept, seal);
}

/** The key of what is kept; whether it fits is not known yet. */
export async function sealFor(
  place: CredentialsPlace,
  file: SealedFile,
): Promise<{ state: "made"; seal: Seal } | { state: "no-key" } | SealTrouble> {
  if (file.kept === "keychain") {
    const found = await place.keychain.get(place.origin);
    if (found.state === "missing") return { state: "no-key" };
    if (found.state !== "found") return found;
    return { state: "made", seal: { kept: "keychain", key: createSecretKey(found.key) } };
  }
  const passphrase = await passphraseFrom(place.env, place.askPassphrase);
  if (passphrase.state !== "given") return passphrase;
  return { state: "made", seal: await sealOf(passphrase.text, file.salt) };
}

/**
 * The key for a new login. A named passphrase file is what the user decided for; else it is the keychain, and only where
 * there is none a passphrase. One that is locked or does not answer is there: it is not passed over.
 */
export async function makeSeal(place: CredentialsPlace): Promise<{ state: "made"; seal: Seal } | SealTrouble> {
  if (!place.env["KM_PASSPHRASE_FILE"]) {
    const made = await keychainSeal(place);
    if (made.state !== "absent") return made;
  }
  const passphrase = await passphraseFrom(place.env, place.askPassphrase);
  if (passphrase.state !== "given") return passphrase;
  return { state: "made", seal: await sealOf(passphrase.text) };
}

async function keychainSeal({
  keychain,
  origin,
}: CredentialsPlace): Promise<{ state: "made"; seal: Seal } | KeychainTrouble> {
  const found = await keychain.get(origin);
  if (found.state === "found") return { state: "made", seal: { kept: "keychain", key: createSecretKey(found.key) } };
  if (found.state !== "missing") return found;
  const key = randomBytes(KEY_BYTES);
  const kept = await keychain.set(origin, key);
  if (kept.state !== "kept") return kept;
  return { state: "made", seal: { kept: "keychain", key: createSecretKey(key) } };
}

/** Longer than a request may take, so that who waits gets the tokens that the other one fetched. */
const MOST_WAIT_MS = 15_000;

/** One km at a time changes credentials. */
export async function lockCredentials(folder: string): Promise<Lock> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    return { state: "unusable", reason: systemReason(cause), isDamaged: false, cause };
  }
  const file = join(folder, "credentials.lock");
  const lock = await takeLock(file, MOST_WAIT_MS);
  return lock.state === "unusable" ? { ...lock, reason: `${file} cannot be used (${lock.reason})` } : lock;
}

/** Whether there is room for a login, found out before somebody is asked to confirm one. */
export function checkWritable(folder: string): { state: "writable" } | Unwritable {
  const file = realFile(folder);
  const probe = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES), { mode: 0o600 });
    return { state: "writable" };
  } catch (error) {
    return { state: "unwritable", file, reason: systemReason(error) };
  } finally {
    removeCache(probe);
  }
}

/** In one step: what was kept is there until the new is on the disk. To be called under the lock. */
export function writeTokens(folder: string, kept: Tokens | KeptKey, by: Seal): { state: "kept" } | Unwritable {
  const file = realFile(folder);
  try {
    writeFileSync(file, "", { flag: "a", mode: 0o600 }); // to have something to replace
    chmodSync(file, 0o600);
    removeTemporaries(file);
    if (replaceFile(file, readFileSync(file), seal(kept, by))) return { state: "kept" };
    return { state: "unwritable", file, reason: "something else than km changes it" };
  } catch (error) {
    return { state: "unwritable", file, reason: systemReason(error) };
  }
}

/** Tokens, and the key in the keychain. To be called under the lock. */
export async function forgetTokens(
  place: CredentialsPlace,
): Promise<{ state: "forgotten" } | KeychainTrouble | Unwritable> {
  const file = realFile(place.folder);
  let origin = place.origin;
  try {
    if (existsSync(file)) {
      const parsed = parseSealed(readFileSync(file));
      if (parsed.state === "sealed") origin = parsed.file.origin;
      removeTemporaries(file);
      rmSync(file);
    }
  } catch (error) {
    return { state: "unwritable", file, reason: systemReason(error) };
  }
  const deleted = await place.keychain.delete(origin);
  switch (deleted.state) {
    case "deleted":
    case "missing":
    case "absent":
      return { state: "forgotten" };
    default:
      return deleted;
  }
}
