/** `cannotLogIn`: why nobody could be logged in to a server. */
import { type ErrorCode, KmError } from "../errors.ts";
import { shownUrl } from "../http/shown-url.ts";
import { shellWord } from "../shell-word.ts";
import type { OAuthPlaces } from "./places.ts";

type LoginErrorCode = Extract<ErrorCode, `LGN_${string}`>;

/** @param url of the server */
export function cannotLogIn(
  code: LoginErrorCode,
  url: string,
  reason: string,
  options: { hint: string; cause?: unknown; exitCode?: number },
): KmError {
  return new KmError(code, `Cannot log in to ${shownUrl(url)}: ${reason}`, options);
}

export function wantsLogin(url: string, places: Pick<OAuthPlaces, "name">): KmError {
  return cannotLogIn("LGN_002", url, "it wants a login, and nobody is asked here", {
    hint: `Run ${loginCommand(url, places)}.`,
  });
}

/** The command that logs in. */
export function loginCommand(url: string, { name }: Pick<OAuthPlaces, "name">, verb = "login"): string {
  if (name !== undefined) return `km servers ${verb} ${shellWord(name)}`;
  // What stands behind the path may be a secret.
  return `km servers ${verb} --url ${new URL(url).search === "" ? shellWord(url) : "URL"}`;
}
