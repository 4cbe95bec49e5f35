/** `describeCredentials`: what a state of the credentials means for the user, in one or two sentences. */
import { maskApiKey } from "./api-key.ts";
import type { Credentials } from "./credentials.ts";
import type { Seal } from "./sealed-file.ts";

/** Holds no token, no key and no passphrase. */
export function describeCredentials(found: Credentials): string {
  switch (found.state) {
    case "api-key":
      return found.seal === undefined
        ? `The API key ${maskApiKey(found.apiKey)} in KM_API_KEY is used.`
        : `The API key ${maskApiKey(found.apiKey)} is kept here, encrypted with ${sealWords(found.seal)}.`;
    case "bad-api-key":
      return "KM_API_KEY holds no API key: check that it was copied completely.";
    case "tokens": {
      if (found.tokens.refresh === null) return "The login has ended: run km auth login.";
      return `Logged in to ${found.tokens.origin}; the tokens are encrypted with ${sealWords(found.seal)}.`;
    }
    case "none":
      return "Not logged in: run km auth login, or set KM_API_KEY.";
    case "other-origin":
      return `Logged in to ${found.origin}, not to this API: run km auth login to change.`;
    case "locked":
      return `The keychain is locked: ${found.reason}. Unlock it, then try again, or name a file with a passphrase in KM_PASSPHRASE_FILE and log in anew.`;
    case "hung":
      return "The keychain does not answer: it was given 3 s. Log in to the desktop anew, or name a file with a passphrase in KM_PASSPHRASE_FILE and log in anew.";
    case "absent":
      return `There is no keychain: ${found.reason}. Name a file with a passphrase in KM_PASSPHRASE_FILE, or set KM_API_KEY.`;
    case "broken":
      return `The keychain does not work: ${found.reason}. Name a file with a passphrase in KM_PASSPHRASE_FILE, or set KM_API_KEY.`;
    case "no-key":
      return "The keychain no longer has the key to the stored login: run km auth login.";
    case "wrong-key":
      return "The key in the keychain does not open the stored login: one of them was changed. Run km auth login.";
    case "no-passphrase":
      return "Where no keychain is used, a passphrase is needed: name a file that holds it in KM_PASSPHRASE_FILE, use a terminal, or set KM_API_KEY.";
    case "wrong-passphrase":
      return "The passphrase does not open the stored login: it is another one, or the file was changed.";
    case "bad-passphrase-file":
      return `Cannot use the file in KM_PASSPHRASE_FILE: ${found.file}: ${found.reason}.`;
    case "damaged":
      return `${found.file} is damaged: run km auth login to replace it.`;
    case "newer":
      return `The stored login was made by a newer km (its form is version ${found.version}): update km, or run km auth login.`;
    case "unreadable":
      return `Cannot read ${found.file}: ${found.reason}.`;
    case "unwritable":
      return `Cannot write ${found.file}: ${found.reason}. Put that right, then run km auth login.`;
  }
}

/** What encrypts what is kept. */
export function sealWords({ kept }: Pick<Seal, "kept">): string {
  return kept === "keychain" ? "a key in the system's keychain" : "a passphrase";
}
