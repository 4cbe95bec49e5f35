/** Who logs in, in tests: a store of secrets in memory, a folder for locks, and a browser that goes where it is told to. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Authorizer, Sending } from "../../src/http/authorizer.ts";
import type { RemoteLogin, RemoteOAuth } from "../../src/http/remote.ts";
import { oauthAuthorizer } from "../../src/oauth/oauth-authorizer.ts";
import type { OAuthPlaces } from "../../src/oauth/places.ts";
import { remoteTo } from "../../src/servers/server.ts";

export interface User extends Disposable {
  places: OAuthPlaces;
  /** What was said to the user. */
  said: string[];
  kept: Map<string, string>;
  /** Titles of the pages at which the browser ended. */
  pages: Promise<string>[];
  /** Whether the browser goes to the addresses that are said. */
  follows: boolean;
  /** Another process of the same user. */
  authorizer(url: string, auth?: Partial<RemoteOAuth> | RemoteLogin): Authorizer;
}

export function makeUser(change: Partial<OAuthPlaces> = {}): User {
  const folder = mkdtempSync(join(tmpdir(), "km-oauth-"));
  const kept = new Map<string, string>();
  const user: User = {
    said: [],
    kept,
    pages: [],
    follows: true,
    places: {
      ask: "address",
      env: {},
      folder,
      store: {
        get: async (name) => await Promise.resolve(kept.get(name)),
        set: async (name, text) => await Promise.resolve(void kept.set(name, text)),
        remove: async (name) => await Promise.resolve(kept.delete(name)),
      },
      say(text) {
        user.said.push(text);
        if (user.follows && /^ {8}http/.test(text)) user.pages.push(browse(text.trim()));
      },
      ...change,
    },
    authorizer: (url, auth) => oauthAuthorizer(remoteTo(url), { type: "oauth", scopes: [], ...auth }, user.places),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  return user;
}

/** @returns the title of the page at the end */
export async function browse(url: string): Promise<string> {
  const text = await fetch(url).then((response) => response.text());
  return /<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? text;
}

/** As if the tokens that are kept had expired: sessions that begin later see it. */
export function expire({ kept }: User): void {
  for (const [name, text] of kept) {
    if (!name.startsWith("oauth:")) continue;
    kept.set(name, JSON.stringify({ ...(JSON.parse(text) as object), expires_at: Date.now() }));
  }
}

/** A request to a server as km makes it: again where its refusal led to something. */
export async function request(authorizer: Authorizer, url: string): Promise<Response> {
  for (;;) {
    const sent = await authorizer.headers(sendingTo(url));
    const response = await fetch(url, { method: "POST", headers: sent, body: '{"id":1}' });
    authorizer.heard?.(url, response.headers);
    if (response.status !== 401 && response.status !== 403) return response;
    const challenge = response.headers.get("www-authenticate");
    if (!(await authorizer.refused(response.status, challenge, sent))) return response;
  }
}

export function sendingTo(url: string): Sending {
  return { method: "POST", url };
}
