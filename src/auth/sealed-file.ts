/**
 * The form of credentials.json: tokens or an API key under AES-256-GCM, beside what is needed to find their key. All that stands in it
 * is authenticated: the members around the ciphertext as additional data, the bytes by there being one way to write them.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import * as v from "valibot";
import { type KeptKey, KeptKeySchema, type Tokens, TokensSchema } from "./tokens.ts";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MOST_BYTES = 256 * 1024;

/** A key and where it comes from. It shows nothing of itself when it is printed. */
export type Seal = { kept: "keychain"; key: KeyObject } | { kept: "passphrase"; key: KeyObject; salt: string };

const Outer = {
  version: v.literal(VERSION),
  origin: v.string(),
};
const Inner = { nonce: v.string(), data: v.string() };
const Sealed = v.variant("kept", [
  v.strictObject({ ...Outer, kept: v.literal("keychain"), ...Inner }),
  v.strictObject({ ...Outer, kept: v.literal("passphrase"), salt: v.string(), ...Inner }),
]);
const Versioned = v.object({ version: v.pipe(v.number(), v.integer(), v.minValue(1)) });

const Kept = v.union([TokensSchema, KeptKeySchema]);

export type SealedFile = v.InferOutput<typeof Sealed>;
export type ParsedFile =
  { state: "sealed"; file: SealedFile } | { state: "newer"; version: number } | { state: "damaged" };

export function seal(kept: Tokens | KeptKey, by: Seal): Buffer {
  return sealText(JSON.stringify(kept), kept.origin, by);
}

/** @param origin what the text is for, which stands beside it in the open */
export function sealText(text: string, origin: string, by: Seal): Buffer {
  const { key, ...how } = by;
  const outer = { version: VERSION, origin, ...how } as const;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(JSON.stringify(outer)));
  const data = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return write({ ...outer, nonce: nonce.toString("base64"), data: data.toString("base64") });
}

export function parseSealed(bytes: Buffer, mostBytes = MOST_BYTES): ParsedFile {
  if (bytes.length > mostBytes) return { state: "damaged" };
  const json = v.safeParse(v.pipe(v.string(), v.parseJson()), bytes.toString());
  const versioned = v.safeParse(Versioned, json.output);
  if (versioned.success && versioned.output.version > VERSION) {
    return { state: "newer", version: versioned.output.version };
  }
  const file = v.safeParse(Sealed, json.output);
  // Base64 and JSON can say the same in several ways: only the one that was written is taken.
  const isAsWritten = file.success && write(canonical(file.output)).equals(bytes);
  return isAsWritten ? { state: "sealed", file: file.output } : { state: "damaged" };
}

/** Undefined where key and file do not belong together, or somebody has changed the file. */
export function unseal(file: SealedFile, key: KeyObject): Tokens | KeptKey | undefined {
  const kept = v.safeParse(v.pipe(v.string(), v.parseJson(), Kept), unsealText(file, key));
  return kept.success && kept.output.origin === file.origin ? kept.output : undefined;
}

/** As `unseal`. */
export function unsealText(file: SealedFile, key: KeyObject): string | undefined {
  const { nonce, data, ...outer } = canonical(file);
  const [iv, bytes] = [Buffer.from(nonce, "base64"), Buffer.from(data, "base64")];
  if (iv.length !== NONCE_BYTES || bytes.length < TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(JSON.stringify(outer)));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString();
  } catch {
    return undefined; // what it says is no more than that the tag does not fit
  }
}

/** Members in the order in which they are written, base64 as it is written. */
function canonical(file: SealedFile): SealedFile {
  const base64 = (text: string) => Buffer.from(text, "base64").toString("base64");
  const { version, origin } = file;
  const inner = { nonce: base64(file.nonce), data: base64(file.data) };
  if (file.kept === "keychain") return { version, origin, kept: file.kept, ...inner };
  return { version, origin, kept: file.kept, salt: base64(file.salt), ...inner };
}

function write(file: SealedFile): Buffer {
  return Buffer.from(`${JSON.stringify(file)}\n`);
}
