/** `remoteAuthorizer`: who proves to a server on whose behalf km speaks, in a process whose stdin is an MCP client's. */
import type { Authorizer } from "../http/authorizer.ts";
import { isLogin, type Remote } from "../http/remote.ts";
import { staticAuthorizer } from "../http/static-authorizer.ts";
import { sayLater } from "../proxy/say.ts";
import { printable } from "../terminal.ts";

export async function remoteAuthorizer(remote: Remote, name: string): Promise<Authorizer> {
  if (!isLogin(remote.auth)) return staticAuthorizer(remote.auth);
  const { authorizerOf } = await import("../oauth/authorizer-of.ts");
  const { loginPlaces } = await import("./servers/login-places.ts");
  return authorizerOf(
    remote,
    loginPlaces({
      mayAsk: false,
      ask: "browser",
      // One that was given by its URL has no name in the registry.
      name: name === new URL(remote.url).host ? undefined : name,
      say: (text) => (text.startsWith(" ") ? sayLater(printable(text)) : tell(text)),
    }),
  );
}

/** Part of it may be a server's own words. */
export function tell(text: string): void {
  sayLater(`km: ${printable(text)}`);
}
