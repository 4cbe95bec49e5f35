/** `startRealProvider`: an MCP server, and oidc-provider as its authorization server, with its own pages to log in and to consent. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OidcProvider from "oidc-provider";
import { ProofVerifier } from "./proof-verifier.ts";
import type { Settings } from "./setting.ts";

export interface RealProvider {
  url: string;
  issuer: string;
  /** Grants that led to tokens. */
  events: string[];
  /** Scopes without which a token is not enough. */
  needs: string[];
  /** Ends all logins. */
  revokeAll(): void;
  /** Of the MCP server. */
  verifier: ProofVerifier;
}

/**
 * @param seconds for which tokens are good
 * @param isBound whether tokens are bound to keys, and both servers want nonces in their proofs
 */
export async function startRealProvider(
  stack: Pick<Settings, "defer">,
  { seconds, isBound = false }: { seconds: number; isBound?: boolean },
): Promise<RealProvider> {
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

  const verifier = new ProofVerifier(isBound ? "first-nonce" : undefined);
  const refuse = (challenge: string): Response => {
    const headers = new Headers({ "www-authenticate": challenge });
    if (challenge.includes("use_dpop_nonce")) headers.set("dpop-nonce", verifier.nonce ?? "");
    return new Response("", { status: 401, headers });
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(got) {
      const { pathname, origin } = new URL(got.url);
      if (pathname !== "/mcp") {
        return pathname === "/.well-known/oauth-protected-resource/mcp"
          ? Response.json({
              resource: `${origin}/mcp`,
              authorization_servers: [issuer],
              scopes_supported: ["read"],
              dpop_bound_access_tokens_required: isBound,
            })
          : new Response("", { status: 404 });
      }
      const [scheme = "", given = ""] = got.headers.get("authorization")?.split(" ") ?? [];
      const token = await provider.AccessToken.find(given);
      const wanted = isBound ? "DPoP" : "Bearer";
      if (token?.isValid !== true || token.aud !== url || scheme !== wanted) return refuse(`${wanted} scope="read"`);
      if (isBound) {
        const proof = await verifier.verify(got, given);
        if (proof.state === "refused") return refuse(`DPoP error="${proof.error}"`);
        if (proof.thumbprint !== token.jkt) return refuse('DPoP error="invalid_token"');
      }
      const has = token.scope?.split(" ") ?? [];
      if (needs.every((scope) => has.includes(scope))) {
        const text = await got.text();
        const { id = null } = (text === "" ? {} : JSON.parse(text)) as { id?: unknown };
        return Response.json({ jsonrpc: "2.0", id, result: { has } });
      }
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
      ...(isBound && { dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } }),
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
  return { url, issuer, events, needs, revokeAll, verifier };
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
export async function confirm(page: string): Promise<string> {
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
