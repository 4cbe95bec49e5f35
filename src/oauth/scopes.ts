/** `scopesFor`: what a login asks for. No I/O. */

export interface ScopeWish {
  /** Of the server's challenge. */
  challenged: string[];
  /** Of its metadata; undefined where it names none. */
  supported: string[] | undefined;
  /** Of the configuration. */
  configured: string[];
  /** What the login before asked for, at the same authorization server: it is not to lose it. */
  before: string[];
  /** What the authorization server says it has. */
  offered: string[];
}

const OFFLINE = "offline_access";

/** Empty for what the authorization server gives unasked. */
export function scopesFor({ challenged, supported = [], configured, before, offered }: ScopeWish): string[] {
  const needed = challenged.length > 0 ? challenged : supported;
  const scopes = [...new Set([...before, ...needed, ...configured])].filter((scope) => scope !== OFFLINE);
  // A refresh token may depend on it. Alone it would stand in the way of what is given unasked.
  const isOffline = configured.includes(OFFLINE) || (offered.includes(OFFLINE) && scopes.length > 0);
  return isOffline ? [...scopes, OFFLINE] : scopes;
}

/** OpenID Connect gives what is for offline use only where the user is asked (Core 1.0, section 11). */
export function needsConsent(scopes: string[]): boolean {
  return scopes.includes(OFFLINE);
}
