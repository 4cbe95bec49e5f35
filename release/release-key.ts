/** The keys of releases: Ed25519, in PEM. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";

/** @returns those of a file that may hold several, as km and the installers carry them: base64 of SubjectPublicKeyInfo */
export function publicKeysIn(file: string): string[] {
  const blocks = readFileSync(file, "utf8").match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g);
  if (blocks === null) throw new Error(`No public key in PEM in ${file}`);
  return blocks.map((block) => encoded(createPublicKey(block), file));
}

/** @param encoded as `publicKeysIn` gives it */
export function publicKeyPem(encoded: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${encoded}\n-----END PUBLIC KEY-----\n`;
}

/** @param keyFile that of a private key */
export function publicKeyOf(keyFile: string): string {
  return encoded(createPublicKey(createPrivateKey(readFileSync(keyFile))), keyFile);
}

/** @returns the 64 bytes of RFC 8032 */
export function signed(bytes: Uint8Array, keyFile: string): Uint8Array {
  return sign(null, bytes, createPrivateKey(readFileSync(keyFile)));
}

function encoded(key: KeyObject, file: string): string {
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`Not an Ed25519 key: ${file}`);
  return key.export({ type: "spki", format: "der" }).toString("base64");
}
