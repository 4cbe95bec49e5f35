/**
 * `serveDashboard`: the web app and the endpoints that it reads, on loopback and for one user. The address holds the token:
 * a cookie of 127.0.0.1 would be sent to every other port too, and a header could be set neither by a stream of events nor
 * by a reload. Everything that does not lie below `/<token>/` is answered with 401.
 */
import { timingSafeEqual } from "node:crypto";
import { toResponse } from "../backend/answer.ts";
import { APP_HEADERS } from "../backend/dashboard/app-headers.ts";
import { KmError, messageOf, systemCode } from "../errors.ts";
import { answerEndpoint } from "./answer-endpoint.ts";
import type { AppFiles } from "./app-files.ts";
import { answerApprovals } from "./approvals.ts";
import { findingsAnswers } from "./findings.ts";
import { liveStreams } from "./live-stream.ts";
import type { Reply } from "./page-post.ts";
import type { DashboardSource } from "./source.ts";

export interface Dashboard {
  /** Whoever has it sees everything. */
  url: string;
  /** Good once and for a short while: the arguments of a browser that is started can be seen by others. */
  openingUrl(): string;
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const OPENING_MS = 30_000;

/**
 * @param port 0 for any that is free
 * @throws KmError USAGE where the port cannot be had
 */
export function serveDashboard(source: DashboardSource, files: AppFiles, port: number): Dashboard {
  const token = randomText();
  const openings = new Map<string, number>();
  const stopping = new AbortController();
  const live = liveStreams(source, stopping.signal);
  const answerFindings = findingsAnswers(source);
  const server = listen(port, async (request, ownPort) => {
    const refused = refusal(request, ownPort);
    if (refused !== undefined) return refused;
    const { pathname } = new URL(request.url);
    const [first = "", ...rest] = pathname.slice(1).split("/");
    if (first === "open") return opened(openings, rest.join("/"), `/${token}/`);
    if (!isSame(first, token)) return answer(401, "text/plain", UNAUTHENTICATED);
    const path = rest.join("/");
    if (rest[0] === "api" && rest.length <= 3) {
      if (rest[1] === "approvals") return answerJson(await answerApprovals(source.approvals, request, rest[2]));
      if (rest[1] === "findings") return answerJson(await answerFindings(request, rest[2]));
    }
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "text/plain", "Only GET\n");
    if (path === "api/events/live") return await live(request);
    if (path === "api/health" && source.health !== undefined) {
      return answerJson({ status: 200, body: await source.health() });
    }
    if (path.startsWith("api/")) return await answerEndpoint(source, request, `/${path}`);
    const file = files[path === "" ? "index.html" : path];
    return file === undefined ? answer(404, "text/plain", "Not found\n") : answer(200, file.type, file.text);
  });
  const origin = `http://${HOST}:${server.port}`;
  return {
    url: `${origin}/${token}/`,
    openingUrl() {
      const code = randomText();
      openings.set(code, Date.now() + OPENING_MS);
      return `${origin}/open/${code}`;
    },
    async stop() {
      stopping.abort();
      await server.stop(true);
    },
  };
}

const UNAUTHENTICATED =
  "This dashboard is open to its own address only. Use the whole one that km dashboard printed.\n";

function listen(port: number, answerTo: (request: Request, ownPort: number) => Promise<Response>) {
  try {
    const server = Bun.serve({
      hostname: HOST,
      port,
      reusePort: false, // unless told so, Bun lets two processes have one port
      development: false,
      idleTimeout: 0,
      fetch: (request): Promise<Response> => answerTo(request, server.port ?? port),
      error: (error) => answer(500, "text/plain", `Something went wrong: ${messageOf(error)}\n`),
    });
    return server;
  } catch (error) {
    const taken = systemCode(error) === "EADDRINUSE";
    throw new KmError("USAGE", `Cannot listen on port ${port}: ${taken ? "it is in use" : messageOf(error)}`, {
      hint: "Leave --port away to get one that is free.",
      exitCode: 1,
      cause: error,
    });
  }
}

/** What another site's page can make a browser send: a name that was made to point here, or a request of its own. */
function refusal(request: Request, port: number): Response | undefined {
  const host = request.headers.get("host")?.toLowerCase() ?? "";
  // As browsers write them: without the port, where it is that of http.
  const isOwnHost = [HOST, "localhost"].some((name) => host === new URL(`http://${name}:${port}`).host);
  if (!isOwnHost) {
    return answer(421, "text/plain", "This is not the host that this dashboard answers for\n");
  }
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const isOpening = request.headers.get("sec-fetch-mode") === "navigate" && request.method === "GET";
  const isOwn = (origin === null || origin === `http://${host}`) && (site === null || OWN_SITES.has(site) || isOpening);
  return isOwn ? undefined : answer(403, "text/plain", "Other sites may not read this\n");
}

/** `none` is what a user typed; `same-site`, which is refused, another port. */
const OWN_SITES = new Set(["same-origin", "none"]);

function opened(openings: Map<string, number>, code: string, path: string): Response {
  const ends = openings.get(code) ?? 0;
  openings.delete(code);
  if (ends < Date.now()) return answer(401, "text/plain", UNAUTHENTICATED);
  return answer(303, "text/plain", "", { location: path });
}

function answerJson({ status, body }: Reply): Response {
  return answer(status, "application/json", JSON.stringify(body));
}

function answer(status: number, type: string, body: string, headers: Record<string, string> = {}): Response {
  const own = { "content-type": `${type}; charset=utf-8`, ...APP_HEADERS, ...headers };
  return toResponse({ status, headers: own, body }, {});
}

function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

function isSame(text: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(text), Buffer.from(token)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
