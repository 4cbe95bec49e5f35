/** A service with the endpoints of a login and two that say who calls, whose clock a test can move. */
import { type JWTHeaderParameters, SignJWT } from "jose";
import * as v from "valibot";
import { defineEndpoint } from "../../../src/api/contract/endpoint.ts";
import { makeApiKey } from "../../../src/auth/api-key.ts";
import type { Deps } from "../../../src/backend/deps.ts";
import { type Context, route } from "../../../src/backend/handler.ts";
import { createAuthenticate } from "../../../src/backend/oauth/authenticate.ts";
import { oauthRoutes } from "../../../src/backend/oauth/routes.ts";
import { openTokenIssuer } from "../../../src/backend/oauth/token-issuer.ts";
import type { Quotas } from "../../../src/backend/rate-limit.ts";
import { serveApi } from "../../../src/backend/serve.ts";
import { type ApiKey, addApiKey } from "../../../src/store/api-keys.ts";
import { createCustomer, findCustomer } from "../../../src/store/customers.ts";
import type { Database } from "../../../src/store/database.ts";
import { answerDevice } from "../../../src/store/device-codes.ts";
import { hashSecret } from "../../../src/store/hash-secret.ts";
import { listSigningKeys } from "../../../src/store/signing-keys.ts";
import { addUser, type Role } from "../../../src/store/users.ts";
import { NOW } from "../../store/databases.ts";

export const ORIGIN = "https://km.example.com";
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
export const CUSTOMER = `cus_${"a".repeat(24)}`;

/** So many that no test meets them. */
const PLENTY: Quotas = {
  login: { requests: 100_000, windowSeconds: 1 },
  general: { requests: 100_000, windowSeconds: 1 },
  ingest: { requests: 100_000, windowSeconds: 1 },
  analysis: { requests: 100_000, windowSeconds: 1 },
};

const WHO = v.object({
  id: v.string(),
  customer: v.string(),
  tier: v.string(),
  role: v.string(),
  scopes: v.array(v.string()),
  features: v.array(v.string()),
});
const WHOAMI = { method: "GET", budget: "none", summary: "", answer: { schema: WHO } } as const;
const whoami = defineEndpoint({ ...WHOAMI, name: "whoami", path: "/whoami", authentication: "token" });
const admin = defineEndpoint({ ...WHOAMI, name: "admin", path: "/admin", authentication: "admin" });

function answerWho({ principal }: Context<typeof whoami> | Context<typeof admin>) {
  const { scopes, features, ...who } = principal;
  return { body: { ...who, scopes: [...scopes], features: [...features] } };
}

interface Forgery {
  /** @param kid of the service's own key */
  header?(kid: string): JWTHeaderParameters;
  key?: CryptoKey | Uint8Array;
  change?(token: SignJWT): SignJWT;
}

export interface Answer {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
}

/** Adds the customer, of the tier Pro, where it is not there. */
export async function startLogin(database: Database, quotas: Quotas = PLENTY) {
  if ((await findCustomer(database, CUSTOMER)) === null) {
    await createCustomer(database, { id: CUSTOMER, name: "A", tier: "pro" }, NOW);
  }
  const clock = { now: NOW };
  const lines: string[] = [];
  const tokens = await openTokenIssuer({ database, origin: ORIGIN, now: () => clock.now });
  const service = serveApi<Pick<Deps, "database" | "origin" | "tokens">>({
    hostname: "127.0.0.1",
    port: 0,
    origin: ORIGIN,
    routes: [...oauthRoutes, route(whoami, answerWho), route(admin, answerWho)],
    deps: { database, origin: ORIGIN, tokens },
    authenticate: createAuthenticate({ database, tokens }),
    isReady: () => Promise.resolve(true),
    write: (line) => void lines.push(line),
    now: () => clock.now,
    quotas,
  });

  const send = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${service.url}${path}`, init);
    return { status: response.status, headers: response.headers, json: (await response.json()) as Answer["json"] };
  };
  const post = (path: string, form: Record<string, string>) =>
    send(path, { method: "POST", body: new URLSearchParams(form) });
  const get = (path: string, bearer?: string) =>
    send(path, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } });
  const poll = (code: string, more: Record<string, string> = {}) =>
    post("/oauth/token", { grant_type: DEVICE_GRANT, device_code: code, client_id: "km", ...more });
  const answer = (userCode: string, status: "approved" | "denied" = "approved", user = "usr_1") =>
    answerDevice(database, CUSTOMER, { user, user_code: userCode, status }, clock.now);

  return {
    database,
    clock,
    lines,
    tokens,
    send,
    post,
    get,
    poll,
    answer,
    addUser: (id = "usr_1", role: Role = "member") =>
      addUser(database, CUSTOMER, { id, email: `${id}@example.org`, name: id, role, password_hash: null }, clock.now),
    async addKey(kind: ApiKey["kind"] = "live", more: Partial<ApiKey> = {}) {
      const key = makeApiKey(kind);
      const row = { id: "key_1", user_id: null, name: "ci", kind, prefix: key.slice(0, 12), expires_at: null, ...more };
      await addApiKey(database, CUSTOMER, { ...row, key_hash: hashSecret(key) }, clock.now);
      return key;
    },
    exchange: (key: string) => send("/auth/exchange", { method: "POST", headers: { authorization: `Bearer ${key}` } }),
    /** Begins a login. */
    async begin() {
      const { json } = await post("/oauth/device_authorization", { client_id: "km" });
      return { deviceCode: String(json["device_code"]), userCode: String(json["user_code"]) };
    },
    /** A whole login of `usr_1`, or another. */
    async login(user = "usr_1") {
      const { deviceCode, userCode } = await this.begin();
      await answer(userCode, "approved", user);
      const { json } = await poll(deviceCode);
      return { access: String(json["access_token"]), refresh: String(json["refresh_token"]) };
    },
    refresh: (token: string, more: Record<string, string> = {}) =>
      post("/oauth/token", { grant_type: "refresh_token", refresh_token: token, client_id: "km", ...more }),
    /** A token as the service makes them, but for what is given: its header, its key, and what `change` does. */
    async forge({ header, key, change = (token) => token }: Forgery = {}): Promise<string> {
      const [newest] = await listSigningKeys(database, clock.now);
      if (newest === undefined) throw new Error("No signing key");
      const seconds = Math.floor(clock.now / 1000);
      const claims = { cus: CUSTOMER, tier: "enterprise", features: [], scope: "api", role: "operator" };
      const token = new SignJWT(claims)
        .setProtectedHeader(header?.(newest.kid) ?? { alg: "EdDSA", typ: "at+jwt", kid: newest.kid })
        .setIssuer(ORIGIN)
        .setAudience("km-api")
        .setSubject("usr_1")
        .setJti(crypto.randomUUID())
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + 900);
      return await change(token).sign(key ?? (await privateKey(newest.private_key)));
    },
    url: service.url,
    stop: () => service.drain(0),
  };
}

function privateKey(pem: string | null): Promise<CryptoKey> {
  const der = Buffer.from((pem ?? "").replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]);
}

/** Counts what the store is asked. */
export function counting(database: Database): Database & { asked: number } {
  const counted: Database & { asked: number } = {
    ...database,
    asked: 0,
    rows: (statement) => {
      counted.asked++;
      return database.rows(statement);
    },
  };
  return counted;
}
