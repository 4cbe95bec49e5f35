/** `staticAuthorizer`: who proves with what never changes: a token, a password or an API key. */
import type { Authorizer } from "./authorizer.ts";
import type { RemoteAuth, RemoteLogin } from "./remote.ts";

export function staticAuthorizer(auth: Exclude<RemoteAuth, RemoteLogin>): Authorizer {
  const headers = headersOf(auth);
  return {
    headers: () => Promise.resolve(headers),
    // What was refused once will be refused again.
    refused: () => Promise.resolve(false),
  };
}

function headersOf(auth: Exclude<RemoteAuth, RemoteLogin>): Record<string, string> {
  switch (auth.type) {
    case "none":
      return {};
    case "bearer":
      return { authorization: `Bearer ${auth.token}` };
    case "basic":
      return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}` };
    case "api-key":
      return { [auth.header]: auth.value };
  }
}
