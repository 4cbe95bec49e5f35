/** `secretTrouble`: why the secrets of servers cannot be had, as an error that says what to do. */
import type { CredentialsTrouble } from "../auth/credentials.ts";
import { KmError } from "../errors.ts";

export type SecretTrouble = CredentialsTrouble;

const PASSPHRASE_FILE = "name a file with a passphrase in KM_PASSPHRASE_FILE";

/** Holds no secret, no key and no passphrase. */
export function secretTrouble(trouble: SecretTrouble, file = "", cause?: unknown): KmError {
  const { reason, hint } = wordsOf(trouble, file);
  const message = `Cannot use the secrets of servers: ${reason}`;
  return new KmError("SRV_005", message, { hint, ...(cause !== undefined && { cause }) });
}

function wordsOf(trouble: SecretTrouble, file: string): { reason: string; hint: string } {
  const anew = `Remove ${file}, then store each secret anew: km servers secret set NAME.`;
  switch (trouble.state) {
    case "locked":
      return { reason: `the keychain is locked: ${trouble.reason}`, hint: "Unlock it, then try again." };
    case "hung":
      return { reason: "the keychain does not answer: it was given 3 s", hint: "Log in to the desktop anew." };
    case "absent":
      return { reason: `there is no keychain: ${trouble.reason}`, hint: `In its place, ${PASSPHRASE_FILE}.` };
    case "broken":
      return { reason: `the keychain does not work: ${trouble.reason}`, hint: `In its place, ${PASSPHRASE_FILE}.` };
    case "no-key":
      return { reason: "the keychain no longer has their key", hint: anew };
    case "wrong-key":
      return { reason: "the key in the keychain does not open them: one of both was changed", hint: anew };
    case "no-passphrase":
      return {
        reason: "where no keychain is used, a passphrase is needed",
        hint: `Use a terminal, or ${PASSPHRASE_FILE}.`,
      };
    case "wrong-passphrase":
      return { reason: "the passphrase does not open them", hint: "It is another one, or the file was changed." };
    case "bad-passphrase-file":
      return { reason: `KM_PASSPHRASE_FILE: ${trouble.file}: ${trouble.reason}`, hint: "Put that right." };
    case "damaged":
      return { reason: `${trouble.file} is damaged`, hint: `Remove it, then store each secret anew.` };
    case "newer":
      return { reason: `a newer km has made them (form ${trouble.version})`, hint: "Update km." };
    case "unreadable":
      return { reason: `${trouble.file} cannot be read: ${trouble.reason}`, hint: "Put that right." };
    case "unwritable":
      return { reason: `${trouble.file} cannot be written: ${trouble.reason}`, hint: "Put that right." };
  }
}
