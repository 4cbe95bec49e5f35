/** The clients that may ask for a login. They are public (RFC 6749, section 2.1): each has a name and no secret. */
import { type OAuthError, oauthError } from "../problem.ts";

/** The page shows the name to the user who approves: nobody is to come with one of their own making. */
const CLIENTS: ReadonlySet<string> = new Set(["km"]);

/** What a token allows. There is one so far: all that its user may do. */
export const SCOPES: readonly string[] = ["api"];

export function refuseClient(client: string): OAuthError | undefined {
  return CLIENTS.has(client) ? undefined : oauthError("invalid_client", "The client is not known", { status: 401 });
}

/** @param scope as it was asked for: names with blanks between */
export function refuseScope(scope: string | undefined): OAuthError | undefined {
  const isKnown = scope === undefined || scope.split(" ").every((name) => SCOPES.includes(name));
  return isKnown ? undefined : oauthError("invalid_scope", `There is: ${SCOPES.join(" ")}`);
}
