/** Logins at a real authorization server: oidc-provider, with its own pages to log in and to consent. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OidcProvider from "oidc-provider";
import { makeUser, request } from "./logging-in.ts";

describe("at oidc-provider", () => {
  let stack: AsyncDisposableStack;
  beforeEach(() => void (stack = new AsyncDisposableStack()));
  afterEach(async () => await stack.disposeAsync());

  test("a login by registration and PKCE, refreshes that rotate, a step-up, and a login that was taken back", async () => {
    const { url, events, needs, revokeAll } = await start(stack, 2);
    const user = stack.use(makeUser());
    user.follows = false;
    const { say } = user.places;
    const pages: Promise<string>[] = [];
    user.places.say = (text) => {
      say(text);
      if (/^ {8}http/.test(text)) pages.push(confirm(text.trim()));
    };
    const authorizer = user.authorizer(url);

    expect((await request(authorizer, url)).status).toBe(200);
    expect(await pages[0]).toContain("Logged in to");
    expect(events[0]).toBe("authorization_code");
    const first = await authorizer.headers();

    // Its tokens live for two seconds.
    for (const _ of [1, 2]) {
      await Bun.sleep(2000);
      expect((await request(authorizer, url)).status).toBe(200);
    }
    expect(pages).toHaveLength(1);
    expect(events.filter((grant) => grant === "refresh_token").length).toBeGreaterThanOrEqual(2);
    expect(await authorizer.headers()).not.toEqual(first);

    // Another session of the same user needs nobody.
    expect((await request(user.authorizer(url), url)).status).toBe(200);

    needs.push("write");
    expect((await request(authorizer, url)).status).toBe(200);
    expect(pages).toHaveLength(2);
    expect(new URL(user.said.findLast((text) => /^ {8}http/.test(text))?.trim() ?? "").searchParams.get("scope")).toBe(
      "read write offline_access",
    );

    revokeAll();
    expect((await request(authorizer, url)).status).toBe(200);
    expect(pages).toHaveLength(3);
  }, 60_000);
});

/** An MCP server and its authorization server. */
async function start(stack: AsyncDisposableStack, seconds: number) {
  const storage = new Map<string, Record<string, unknown>>();
  const needs = ["read"];
  const events: string[] = [];
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const http = createServer((incoming, response) => handle?.(incoming, response));
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  stack.defer(() => {
    http.closeAllConnections();
    http.close();
  });
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(got) {
      const { pathname, origin } = new URL(got.url);
      if (pathname !== "/mcp") {
        return pathname === "/.well-known/oauth-protected-resource/mcp"
          ? Response.json({ resource: `${origin}/mcp`, authorization_servers: [issuer], scopes_supported: ["read"] })
          : new Response("", { status: 404 });
      }
      const token = await provider.AccessToken.find(got.headers.get("authorization")?.replace("Bearer ", "") ?? "");
      if (token?.isValid !== true || token.aud !== url) {
        return new Response("", { status: 401, headers: { "www-authenticate": 'Bearer scope="read"' } });
      }
      const has = token.scope?.split(" ") ?? [];
      if (needs.every((scope) => has.includes(scope))) return Response.json({ has });
      const challenge = `Bearer error="insufficient_scope", scope="${needs.join(" ")}"`;
      return new Response("", { status: 403, headers: { "www-authenticate": challenge } });
    },
  });
  stack.defer(async () => await server.stop(true));
  const url = `http://127.0.0.1:${server.port}/mcp`;

  const provider = new OidcProvider(issuer, {
    adapter: adapterOf(storage),
    scopes: ["read", "write", "offline_access"],
    features: {
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "read write",
          audience: url,
          accessTokenFormat: "opaque",
          accessTokenTTL: seconds,
        }),
        useGrantedResource: () => true,
      },
    },
    clientAuthMethods: ["none"],
    responseTypes: ["code"],
    rotateRefreshToken: true,
    ttl: {
      AccessToken: seconds,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
      RefreshToken: 3600,
      AuthorizationCode: 60,
    },
    cookies: { keys: ["a key for a test"] },
  });
  provider.on("grant.success", ({ oidc }) => events.push(oidc.params.grant_type));
  handle = provider.callback();
  const revokeAll = () => {
    for (const key of storage.keys()) if (/^(?:AccessToken|RefreshToken|Grant|Session):/.test(key)) storage.delete(key);
  };
  return { url, issuer, events, needs, revokeAll };
}

/** What the server remembers, in memory. */
function adapterOf(storage: Map<string, Record<string, unknown>>) {
  return class Adapter {
    readonly #model: string;

    constructor(model: string) {
      this.#model = model;
    }

    async upsert(id: string, payload: Record<string, unknown>): Promise<void> {
      storage.set(`${this.#model}:${id}`, payload);
      await Promise.resolve();
    }

    async find(id: string): Promise<Record<string, unknown> | undefined> {
      return await Promise.resolve(storage.get(`${this.#model}:${id}`));
    }

    async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
      return await Promise.resolve(storage.values().find((one) => one["uid"] === uid));
    }

    async consume(id: string): Promise<void> {
      const one = storage.get(`${this.#model}:${id}`);
      if (one !== undefined) one["consumed"] = Math.floor(Date.now() / 1000);
      await Promise.resolve();
    }

    async destroy(id: string): Promise<void> {
      storage.delete(`${this.#model}:${id}`);
      await Promise.resolve();
    }

    async revokeByGrantId(grant: string): Promise<void> {
      for (const [key, one] of storage) if (one["grantId"] === grant) storage.delete(key);
      await Promise.resolve();
    }
  };
}

/** A browser with cookies whose user logs in and says yes to all. */
async function confirm(page: string): Promise<string> {
  const cookies = new Map<string, string>();
  let next: { url: string; form?: URLSearchParams } = { url: page };
  for (let steps = 0; steps < 20; steps++) {
    const { url, form } = next;
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: { cookie: Array.from(cookies, (pair) => pair.join("=")).join("; ") },
      ...(form !== undefined && { body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      next = { url: new URL(location, url).href };
      continue;
    }
    const text = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (action === undefined) return text;
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1] ?? "";
    next = { url: new URL(action, url).href, form: new URLSearchParams({ prompt, login: "somebody", password: "x" }) };
  }
  throw new Error("The login goes round in circles");
}
