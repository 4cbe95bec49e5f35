/** A page in a browser, of any site, under any name of km's address: it can ask nothing and do nothing, on every route. */
import { expect, test } from "bun:test";
import { startServe } from "../host/run-serve.ts";
import { call } from "./raw-http.ts";

const TIMEOUT = 60_000;
const ROUTES = [
  "/mcp",
  "/sse",
  "/messages",
  "/health",
  "/ready",
  "/metrics",
  "/api/audit/logs",
  "/api/audit/stats",
  "/api/aggregate/streamable-http",
  "/api/aggregate/sse",
  "/api/aggregate/sse/message",
  "/api/utilities/streamable-http",
  "/api/utilities/sse",
  "/api/utilities/sse/message",
  "/nothing",
];

test(
  "no route answers another site, nor under another name",
  async () => {
    await using served = await startServe(["utilities"]);
    const { port } = new URL(served.origin);
    const hostile = [
      { origin: "https://evil.example.com" },
      { origin: "null" },
      { origin: "http://localhost:1" },
      { origin: `http://127.0.0.1.evil.example.com:${port}` },
      { host: "evil.example.com" },
      { host: `evil.example.com:${port}` },
      { host: `127.0.0.1.evil.example.com:${port}` },
      { host: "127.0.0.1@evil.example.com" },
      { host: `127.0.0.1:${Number(port) === 1 ? 2 : 1}` },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const path of ROUTES) {
      for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
        for (const headers of hostile) {
          const response = await fetch(new URL(path, served.origin), {
            method,
            headers: { ...headers, "content-type": "application/json" },
            ...(method === "POST" && { body: "{}" }),
            signal: AbortSignal.timeout(30_000),
          });
          const shown = `${method} ${path} ${JSON.stringify(headers)}`;
          expect([shown, response.status]).toEqual([shown, 403]);
          expect(response.headers.get("access-control-allow-origin")).toBeNull();
          await response.body?.cancel();
        }
      }
    }
  },
  TIMEOUT,
);

test(
  "forms send no messages, and the audit is nobody's where nobody logs in",
  async () => {
    await using served = await startServe(["utilities"], { settings: "audit: { file: calls.ndjson }\n" });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      expect((await call(served, "utilities_time", {}, { headers: { "content-type": type } })).status).toBe(415);
    }
    for (const path of ["/api/audit/logs", "/api/audit/stats", "/api/../api/audit/logs"]) {
      expect((await served.get(path)).status).toBe(403);
    }
    for (const path of ["/health", "/ready", "/metrics", "/api/audit/logs"]) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        expect((await fetch(new URL(path, served.origin), { method })).status).toBe(405);
      }
    }
  },
  TIMEOUT,
);
