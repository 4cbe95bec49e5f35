/**
 * `secretStore`: texts by name in `<data>/server-secrets.json`, encrypted as a login is (src/auth/credentials.ts), with a
 * key of their own in the keychain, or by a passphrase. Secrets of servers are here, and what logins at servers leave.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { type CredentialsPlace, fits, makeSeal, sealFor } from "../auth/credentials.ts";
import type { AskPassphrase } from "../auth/passphrase.ts";
import { parseSealed, type Seal, type SealedFile, sealText, unsealText } from "../auth/sealed-file.ts";
import { KmError, systemCode, systemReason } from "../errors.ts";
import { takeLock } from "../process/system-lock.ts";
import { realPath } from "../real-path.ts";
import { removeTemporaries, replaceFile } from "../replace-file.ts";
import { secretTrouble, type SecretTrouble } from "./secret-trouble.ts";

export interface SecretStore {
  /** Undefined where there is none of that name. */
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  /** In one step, whatever other processes do; undefined, before or after, for none. */
  update(name: string, change: (before: string | undefined) => string | undefined): Promise<void>;
  /** False where there was none. */
  remove(name: string): Promise<boolean>;
  /** In the order of the alphabet. */
  names(): Promise<string[]>;
}

/** As for a login, but for the API. */
export interface SecretsPlace extends Omit<CredentialsPlace, "origin"> {
  /** For the first secret, where there is no keychain. */
  askNewPassphrase?: AskPassphrase;
}

/** What the key in the keychain is called: no API has such an origin. */
const ORIGIN = "km-servers";
const MOST_WAIT_MS = 15_000;
const MOST_BYTES_OF_ONE = 64 * 1024;
const MOST_NAME = 512;
const MOST_BYTES = 16 * 1024 * 1024;

const Secrets = v.record(v.string(), v.string());

/** Every method throws KmError SRV_005 where what is kept cannot be read or written, and says what to do. */
export function secretStore(given: SecretsPlace): SecretStore {
  const { askNewPassphrase, ...rest } = given;
  const place: CredentialsPlace = { ...rest, origin: ORIGIN };
  const plain = join(place.folder, "server-secrets.json");
  let known: Seal | undefined;
  /** One at a time, so that nobody is asked twice for one passphrase. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return await turn;
  };

  const read = async (): Promise<Map<string, string>> => {
    const sealed = readSealed(realPath(plain));
    if (sealed === undefined) return new Map();
    const text = await textOf(sealed);
    const secrets = v.safeParse(v.pipe(v.string(), v.parseJson(), Secrets), text);
    if (!secrets.success) throw secretTrouble({ state: "damaged", file: plain });
    return new Map(Object.entries(secrets.output));
  };

  const textOf = async (file: SealedFile): Promise<string> => {
    const before = known !== undefined && fits(known, file) ? unsealText(file, known.key) : undefined;
    if (before !== undefined) return before;
    const found = await sealFor(place, file);
    if (found.state !== "made") throw secretTrouble(found, plain);
    const text = unsealText(file, found.seal.key);
    if (text === undefined)
      throw secretTrouble({ state: file.kept === "keychain" ? "wrong-key" : "wrong-passphrase" }, plain);
    known = found.seal;
    return text;
  };

  const change = async (edit: (secrets: Map<string, string>) => boolean): Promise<void> => {
    const file = realPath(plain);
    await read(); // nobody is asked for a passphrase while others wait
    try {
      mkdirSync(place.folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unwritable(plain, systemReason(error), error);
    }
    const lock = await takeLock(join(place.folder, "server-secrets.lock"), MOST_WAIT_MS);
    if (lock.state === "busy") throw unwritable(plain, "another km changes it for too long", lock.cause);
    if (lock.state === "unusable") throw unwritable(plain, `its lock cannot be used (${lock.reason})`, lock.cause);
    using _held = lock;
    const secrets = await read();
    if (!edit(secrets)) return;
    // A first one decides what they are encrypted with.
    if (readSealed(file) === undefined)
      known = await newSeal({ ...place, ...(askNewPassphrase && { askPassphrase: askNewPassphrase }) }, plain);
    if (known === undefined) throw secretTrouble({ state: "no-key" }, plain);
    const sorted = Array.from(secrets).sort(([a], [b]) => (a < b ? -1 : 1));
    const bytes = sealText(JSON.stringify(Object.fromEntries(sorted)), ORIGIN, known);
    if (bytes.length > MOST_BYTES) throw unwritable(plain, "there would be too much in it");
    try {
      writeFileSync(file, "", { flag: "a", mode: 0o600 }); // to have something to replace
      chmodSync(file, 0o600);
      removeTemporaries(file);
      if (replaceFile(file, readFileSync(file), bytes)) return;
    } catch (error) {
      throw unwritable(plain, systemReason(error), error);
    }
    throw unwritable(plain, "something else than km changes it");
  };

  return {
    get: (name) => inTurn(async () => (await read()).get(name)),
    names: () => inTurn(async () => [...(await read()).keys()].sort()),
    set: (name, text) => inTurn(() => change((secrets) => put(secrets, name, text))),
    update: (name, edit) => inTurn(() => change((secrets) => put(secrets, name, edit(secrets.get(name))))),
    async remove(name) {
      let wasThere = false;
      await inTurn(() => change((secrets) => (wasThere = secrets.delete(name))));
      return wasThere;
    },
  };
}

/** @returns whether anything has changed */
function put(secrets: Map<string, string>, name: string, text: string | undefined): boolean {
  if (text === undefined) return secrets.delete(name);
  if (secrets.get(name) === text) return false;
  if (name === "" || name.length > MOST_NAME) {
    throw new KmError("SRV_005", `Cannot keep a secret: its name has 1 to ${MOST_NAME} characters`);
  }
  if (Buffer.byteLength(text) > MOST_BYTES_OF_ONE) {
    throw new KmError("SRV_005", `Cannot keep a secret of more than ${MOST_BYTES_OF_ONE / 1024} KB`);
  }
  secrets.set(name, text);
  return true;
}

/** Undefined where nothing was kept yet. */
function readSealed(file: string): SealedFile | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw secretTrouble({ state: "unreadable", file, reason: systemReason(error) });
  }
  if (bytes.length === 0) return undefined; // made, and not filled yet
  const parsed = parseSealed(bytes, MOST_BYTES);
  if (parsed.state === "newer") throw secretTrouble(parsed);
  if (parsed.state === "damaged" || parsed.file.origin !== ORIGIN) throw secretTrouble({ state: "damaged", file });
  return parsed.file;
}

async function newSeal(place: CredentialsPlace, file: string): Promise<Seal> {
  const made = await makeSeal(place);
  if (made.state === "made") return made.seal;
  throw secretTrouble(made, file);
}

function unwritable(file: string, reason: string, cause?: unknown): KmError {
  const trouble: SecretTrouble = { state: "unwritable", file, reason };
  return secretTrouble(trouble, file, cause);
}
