/** A service with a few routes of its own, and a caller that writes bytes to it. */
import { connect } from "node:net";
import * as v from "valibot";
import { defineEndpoint } from "../../src/api/contract/endpoint.ts";
import { type Principal, type Route, route } from "../../src/backend/handler.ts";
import type { IdempotencyStore } from "../../src/backend/idempotency.ts";
import { oauthError, problem } from "../../src/backend/problem.ts";
import { serveApi, type ServeOptions } from "../../src/backend/serve.ts";
import type { Claim } from "../../src/store/idempotency-keys.ts";

export const SECRET = "km_live_ThisMustNotBeInAnyLogOrAnswer000";
const CUSTOMER = `cus_${"a".repeat(24)}`;

export const PRINCIPAL: Principal = {
  kind: "user",
  id: `usr_${"b".repeat(24)}`,
  customer: CUSTOMER,
  tier: "pro",
  features: [],
  scopes: [],
  role: "member",
};

/** By the Authorization header; both are of the same customer. */
const CALLERS: Record<string, Principal> = {
  "Bearer right": PRINCIPAL,
  "Bearer colleague": { ...PRINCIPAL, id: `usr_${"c".repeat(24)}` },
};

const OPEN = { authentication: "none", budget: "general" } as const;
const TOKEN = { authentication: "token", budget: "general" } as const;
const ANY = { schema: v.object({ value: v.unknown() }) };

/** What the handlers share: how often one was called, and what holds the slow one. */
export interface Deps {
  calls: number;
  gate: Promise<void>;
}

export const ROUTES: Route<Deps>[] = [
  route(defineEndpoint({ ...OPEN, name: "hello", method: "GET", path: "/hello", summary: "", answer: ANY }), () => ({
    body: { value: "hello", secret: SECRET },
  })),
  route(
    defineEndpoint({
      ...OPEN,
      name: "item",
      method: "GET",
      path: "/items/{id}",
      summary: "",
      params: v.strictObject({ id: v.pipe(v.string(), v.regex(/^\d+$/)) }),
      query: v.strictObject({ limit: v.optional(v.string()) }),
      answer: ANY,
    }),
    ({ params, query }) => ({ body: { value: `${params.id} ${query.limit ?? ""}` } }),
  ),
  route(
    defineEndpoint({
      ...TOKEN,
      name: "put",
      method: "POST",
      path: "/put",
      summary: "",
      idempotencyKey: true,
      body: {
        mediaType: "application/json",
        maxBytes: 1000,
        schema: v.strictObject({ name: v.pipe(v.string(), v.maxLength(900)), list: v.optional(v.array(v.number())) }),
      },
      answer: ANY,
    }),
    ({ body, principal }, deps: Deps) => {
      deps.calls++;
      return { body: { value: `${principal.customer} ${body.name} ${deps.calls}` } };
    },
  ),
  route(
    defineEndpoint({
      ...OPEN,
      name: "form",
      method: "POST",
      path: "/oauth/form",
      summary: "",
      oauthErrors: true,
      body: {
        mediaType: "application/x-www-form-urlencoded",
        maxBytes: 1000,
        schema: v.object({ grant_type: v.string() }),
      },
      answer: ANY,
    }),
    ({ body }) =>
      body.grant_type === "x" ? { body: { value: "x" } } : oauthError("unsupported_grant_type", "Only x is known"),
  ),
  route(
    defineEndpoint({
      ...OPEN,
      name: "upload",
      method: "PUT",
      path: "/upload",
      summary: "",
      body: { mediaType: "application/octet-stream", maxBytes: 100_000 },
      answer: ANY,
    }),
    async ({ body }) => {
      let bytes = 0;
      for await (const part of body) bytes += part.length;
      return { body: { value: bytes } };
    },
  ),
  route(
    defineEndpoint({
      ...OPEN,
      name: "stream",
      method: "GET",
      path: "/stream",
      summary: "",
      answer: { mediaType: "application/octet-stream" },
    }),
    (_, deps: Deps) => {
      const cancel = () => void deps.calls++;
      return { body: new ReadableStream({ cancel, pull: (controller) => controller.enqueue(new Uint8Array(1000)) }) };
    },
  ),
  route(defineEndpoint({ ...OPEN, name: "fail", method: "GET", path: "/fail", summary: "", answer: ANY }), () => {
    throw new Error(`select * from keys where key = '${SECRET}'`);
  }),
  route(
    defineEndpoint({
      ...OPEN,
      name: "wrong",
      method: "GET",
      path: "/wrong",
      summary: "",
      answer: { schema: v.object({ value: v.number() }) },
    }),
    () => ({ body: { value: Number.NaN } }),
  ),
  route(
    defineEndpoint({ ...OPEN, name: "slow", method: "GET", path: "/slow", summary: "", answer: ANY }),
    async (_, deps: Deps) => {
      deps.calls++;
      await deps.gate;
      return { body: { value: "done" } };
    },
  ),
];

/** Listens; what it writes to its log is in `lines`. */
export function startApi(more: Partial<ServeOptions<Deps>> = {}) {
  const lines: string[] = [];
  const deps: Deps = { calls: 0, gate: Promise.resolve() };
  const service = serveApi<Deps>({
    hostname: "127.0.0.1",
    port: 0,
    routes: ROUTES,
    deps,
    authenticate: ({ authorization = "" }) => Promise.resolve(CALLERS[authorization] ?? problem("unauthenticated")),
    isReady: () => Promise.resolve(true),
    write: (line) => void lines.push(line),
    ...more,
  });
  return {
    ...service,
    deps,
    lines,
    /** The access line of the request with that id. */
    access(requestId: string | null) {
      const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return records.find((record) => record["message"] === "request" && record["request_id"] === requestId);
    },
    async [Symbol.asyncDispose]() {
      await service.drain(0);
    },
  };
}

/** Writes the parts to a connection of its own, and gives back all that came until the other side closed it. */
export async function exchange(url: string, parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>) {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const received: Buffer[] = [];
  const closed = Promise.withResolvers<void>();
  socket.on("data", (data: Buffer) => void received.push(data));
  socket.on("error", () => undefined); // a reset by the other side is an end as well
  socket.on("close", () => closed.resolve());
  for await (const part of parts) {
    if (!socket.destroyed) socket.write(part);
  }
  await closed.promise;
  return Buffer.concat(received).toString("latin1");
}

/** Head of a request that asks for its connection to be closed. */
export function head(method: string, path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ host: "127.0.0.1", connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Keeps the answers in memory. */
export function memoryStore(): IdempotencyStore {
  const kept = new Map<string, { hash: string; answer?: { status: number; response: string } }>();
  return {
    claim(customer, { key, hash }): Promise<Claim> {
      const found = kept.get(`${customer} ${key}`);
      if (found === undefined) kept.set(`${customer} ${key}`, { hash });
      if (found === undefined) return Promise.resolve({ state: "new" });
      if (found.hash !== hash) return Promise.resolve({ state: "mismatch" });
      return Promise.resolve(found.answer ? { state: "answered", ...found.answer } : { state: "running" });
    },
    complete(customer, key, answer) {
      const found = kept.get(`${customer} ${key}`);
      if (found !== undefined) found.answer = answer;
      return Promise.resolve();
    },
    release(customer, key) {
      kept.delete(`${customer} ${key}`);
      return Promise.resolve();
    },
  };
}
