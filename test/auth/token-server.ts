/** A small server of tokens that rotates refresh tokens, and ends a login whose refresh token comes twice. */
import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export type Mode = "normal" | "held" | "silent" | "late" | "rotates, then silent" | "failing" | "garbled" | "elsewhere";

export interface TokenServer extends AsyncDisposable {
  origin: string;
  mode: Mode;
  refreshes: number;
  reuses: number;
  jwksRequests: number;
  /** API keys that it takes. */
  apiKeys: Set<string>;
  exchanges: number;
  pluginRequests: number;
  /** What the customer has now, whatever older tokens say. */
  tier: "free" | "pro" | "enterprise";
  /** What a token for a plugin says instead of the truth. */
  pluginClaims: JWTPayload;
  /** Until then nothing is refreshed, in the mode of that name. */
  held: PromiseWithResolvers<void>;
  /** Told of each request at the token endpoint as it comes. */
  reached: PromiseWithResolvers<void>;
  /** Told of each request at the token endpoint, once the server has done its part of it. */
  asked: PromiseWithResolvers<void>;
  /** A new login: its access token is good for that long. */
  login(seconds?: number): Promise<{ access: string; refresh: string }>;
  sign(claims?: JWTPayload, seconds?: number): Promise<string>;
  rotateKey(): Promise<void>;
}

/** Longer than a plugin waits that needs no login. */
const LATE_MS = 800;

export async function startTokenServer(): Promise<TokenServer> {
  let key = await makeKey(1);
  let keys = 1;
  const families = new Map<string, { current: string; revoked: boolean }>();
  const newToken = (family: string) => `kmr_${family}.${randomBytes(24).toString("base64url")}`;
  const http = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    routes: {
      "/.well-known/jwks.json": () => {
        server.jwksRequests++;
        return server.mode === "failing"
          ? new Response("no", { status: 503 })
          : Response.json({ keys: [{ kty: "RSA", kid: "other" }, key.jwk] });
      },
      "/oauth/token": async (request) => {
        const form = new URLSearchParams(await request.text());
        server.reached.resolve();
        const answer = await refresh(form.get("refresh_token") ?? "");
        server.asked.resolve();
        if (server.mode === "silent" || server.mode === "rotates, then silent")
          return await new Promise<never>(() => undefined);
        return answer;
      },
      "/auth/exchange": async (request) => {
        if (server.mode === "silent") return await new Promise<never>(() => undefined);
        if (server.mode === "failing") return new Response("no", { status: 503 });
        if (!server.apiKeys.has(bearerOf(request))) return new Response("{}", { status: 401 });
        server.exchanges++;
        const { tier } = server;
        const access_token = await server.sign();
        return Response.json({
          access_token,
          token_type: "Bearer",
          expires_in: 900,
          customer: "cus_a",
          tier,
          features: [],
        });
      },
      "/api/plugins/authenticate": async (request) => {
        server.pluginRequests++;
        if (server.mode === "late") await Bun.sleep(LATE_MS);
        if (server.mode === "silent") return await new Promise<never>(() => undefined);
        if (server.mode === "failing") return new Response("no", { status: 503 });
        const { plugin, nonce } = (await request.json()) as { plugin: string; nonce: string };
        if (!bearerOf(request).startsWith("ey")) return new Response("{}", { status: 401 });
        const claims = { aud: `km-plugin:${plugin}`, nonce, ...server.pluginClaims };
        return Response.json({ token: await server.sign(claims, 300) });
      },
    },
    fetch: () => new Response("", { status: 404 }),
  });
  const refresh = async (token: string): Promise<Response> => {
    if (server.mode === "held") await server.held.promise;
    if (server.mode === "silent") return new Response();
    if (server.mode === "failing")
      return Response.json({ error: "server_error", error_description: token }, { status: 503 });
    if (server.mode === "elsewhere") return Response.redirect("http://127.0.0.1:1/", 307);
    const name = /^kmr_(\w+)\./.exec(token)?.[1] ?? "";
    const family = families.get(name);
    const refused = Response.json({ error: "invalid_grant", error_description: token }, { status: 400 });
    if (family === undefined || family.revoked) return refused;
    if (family.current !== token) {
      server.reuses++;
      family.revoked = true;
      return refused;
    }
    server.refreshes++;
    family.current = newToken(name);
    if (server.mode === "garbled") return new Response(`{"access_token": "${token}"`);
    return Response.json({
      access_token: await server.sign(),
      refresh_token: family.current,
      token_type: "Bearer",
      expires_in: 900,
    });
  };
  const server: TokenServer = {
    origin: `http://127.0.0.1:${http.port}`,
    mode: "normal",
    refreshes: 0,
    reuses: 0,
    jwksRequests: 0,
    apiKeys: new Set(),
    exchanges: 0,
    pluginRequests: 0,
    tier: "pro",
    pluginClaims: {},
    held: Promise.withResolvers<void>(),
    reached: Promise.withResolvers<void>(),
    asked: Promise.withResolvers<void>(),
    async login(seconds = 900) {
      const name = randomBytes(6).toString("hex");
      const family = { current: newToken(name), revoked: false };
      families.set(name, family);
      return { access: await server.sign({}, seconds), refresh: family.current };
    },
    sign: async (claims = {}, seconds = 900) => {
      const now = Math.floor(Date.now() / 1000);
      const all = {
        sub: "usr_a",
        cus: "cus_a",
        tier: server.tier,
        features: server.tier === "free" ? ["console_logging"] : ["console_logging", "api_logging"],
        iss: server.origin,
        aud: "km-api",
      };
      return await new SignJWT({ ...all, iat: now, exp: now + seconds, jti: randomBytes(9).toString("hex"), ...claims })
        .setProtectedHeader({ alg: "EdDSA", kid: key.jwk.kid })
        .sign(key.privateKey);
    },
    async rotateKey() {
      key = await makeKey(++keys);
    },
    [Symbol.asyncDispose]: () => http.stop(true),
  };
  return server;
}

async function makeKey(number: number) {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: `key-${number}`, alg: "EdDSA", use: "sig" } };
}

function bearerOf(request: Request): string {
  return /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}
