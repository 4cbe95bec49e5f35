/** `checkCredentials`: whether km is logged in to its API, and where what proves it is kept. */
import { maskApiKey } from "../auth/api-key.ts";
import { type Credentials, readCredentials } from "../auth/credentials.ts";
import { describeCredentials, sealWords } from "../auth/describe-credentials.ts";
import { systemKeychain } from "../auth/keychain.ts";
import { storedLogin } from "../auth/stored-login.ts";
import { tierName } from "../tiers.ts";
import type { Finding, Surroundings } from "./check.ts";
import { configuredApi } from "./configured-api.ts";

export async function checkCredentials(surroundings: Surroundings): Promise<Finding[]> {
  const { paths, env } = surroundings;
  const base = { id: "credentials", title: "login" };
  if (paths === undefined) return [{ ...base, status: "ok", detail: "none: km cannot tell its folders" }];
  const api = await configuredApi(surroundings);
  if (api.state !== "configured") {
    const stored = storedLogin(paths.data);
    if (stored === undefined) return [{ ...base, status: "ok", detail: "none, as no API is configured" }];
    const remedy = `Set it: km config set api.url ${stored.origin}. Or forget the login: km auth logout.`;
    return [{ ...base, status: "warning", detail: `to ${stored.origin}, but no API is configured`, remedy }];
  }
  const place = { folder: paths.data, origin: api.origin, env, keychain: systemKeychain(env) };
  return [{ ...base, ...credentialsFinding(await readCredentials(place), Date.now()) }];
}

const ANEW = "Run km auth login.";
const NEW_PLACE =
  "Put the keychain right, as said there, or name a file with a passphrase in KM_PASSPHRASE_FILE and run km auth login.";

export function credentialsFinding(found: Credentials, now: number): Pick<Finding, "status" | "detail" | "remedy"> {
  switch (found.state) {
    case "api-key": {
      const where = found.seal === undefined ? "in KM_API_KEY" : `encrypted with ${sealWords(found.seal)}`;
      return { status: "ok", detail: `the API key ${maskApiKey(found.apiKey)}, ${where}` };
    }
    case "tokens": {
      const { tokens, seal } = found;
      if (tokens.refresh === null) {
        return { status: "failure", detail: `the login to ${tokens.origin} has ended`, remedy: ANEW };
      }
      const detail = `to ${tokens.origin} as ${tierName(tokens.tier)}, encrypted with ${sealWords(seal)}`;
      return { status: "ok", detail: now < tokens.expiresAt ? detail : `${detail}; to be refreshed at the next use` };
    }
    case "none":
      return { status: "warning", detail: "not logged in", remedy: "Run km auth login, or set KM_API_KEY." };
    case "other-origin":
      return { status: "warning", detail: `logged in to ${found.origin}, not to this API`, remedy: ANEW };
    case "no-key":
    case "wrong-key":
    case "damaged":
    case "newer":
      return { status: "failure", detail: describeCredentials(found), remedy: ANEW };
    case "locked":
    case "hung":
    case "absent":
    case "broken":
      return { status: "failure", detail: "cannot be read: its key is in the system keychain", remedy: NEW_PLACE };
    case "no-passphrase":
      return {
        status: "warning",
        detail: "encrypted with a passphrase, which is not asked for here, nor by a session that a client starts",
        remedy:
          "For plugins that need more than the Free tier, name a file with it in KM_PASSPHRASE_FILE: km help login.",
      };
    case "wrong-passphrase":
    case "bad-passphrase-file": {
      const remedy = "Name the file with the login's passphrase in KM_PASSPHRASE_FILE, or run km auth login.";
      return { status: "failure", detail: describeCredentials(found), remedy };
    }
    case "bad-api-key":
      return {
        status: "failure",
        detail: "KM_API_KEY holds no API key",
        remedy: "Check that it was copied completely.",
      };
    case "unreadable":
    case "unwritable":
      return {
        status: "failure",
        detail: describeCredentials(found),
        remedy: "Check its permissions: it is yours alone.",
      };
  }
}
