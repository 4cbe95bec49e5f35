/** `awaitRedirect`: the address on this machine that a browser comes back to with the answer (RFC 8252, section 7.3). */
import { timingSafeEqual } from "node:crypto";
import { type Outcome, redirectPage } from "./redirect-page.ts";

export interface Redirect extends Disposable {
  /** `http://127.0.0.1:<port>/callback`. */
  uri: string;
  /** The parameters of the first answer with that state. */
  answer(state: string): Promise<URLSearchParams>;
  /** What the page says that the browser waits for. */
  show(outcome: Outcome): Promise<void>;
}

const PATH = "/callback";
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close",
};

/**
 * @param ports to try in their order; 0 is any that is free
 * @returns undefined where none of them is
 */
export function awaitRedirect(ports: number[]): Redirect | undefined {
  let expected: { state: string; answer: (parameters: URLSearchParams) => void } | undefined;
  const outcome = Promise.withResolvers<Outcome>();
  let shown: Promise<void> | undefined;
  const server = listen(ports, async (request) => {
    const url = new URL(request.url);
    // A page of another site that has its name lead here is not the user's browser coming back.
    if (url.host !== `127.0.0.1:${server?.port}` || url.pathname !== PATH) return page(404, NOT_HERE);
    if (request.method !== "GET") return page(405, NOT_HERE);
    const waiting = expected;
    if (waiting === undefined || !isSame(url.searchParams.get("state") ?? "", waiting.state))
      return page(400, NOT_ASKED);
    expected = undefined;
    waiting.answer(url.searchParams);
    const result = await outcome.promise;
    return page(200, result);
  });
  if (server === undefined) return undefined;
  return {
    uri: `http://127.0.0.1:${server.port}${PATH}`,
    answer: async (state) => await new Promise((answer) => (expected = { state, answer })),
    show: async (result) => {
      outcome.resolve(result);
      // Lets the page go out; what keeps its connection open has no claim on more.
      shown = server.stop();
      await Promise.race([shown, Bun.sleep(MOST_WAIT_MS)]);
    },
    [Symbol.dispose]: () => {
      outcome.resolve(ENDED);
      if (shown === undefined) void server.stop();
    },
  };
}

const MOST_WAIT_MS = 500;

const NOT_HERE: Outcome = {
  isLoggedIn: false,
  title: "There is nothing here",
  text: "This address is for a login with km.",
};
const NOT_ASKED: Outcome = {
  isLoggedIn: false,
  title: "This login is not waited for",
  text: "It has ended already, or belongs to something else. Start it again where it began.",
};
const ENDED: Outcome = {
  isLoggedIn: false,
  title: "The login was not finished",
  text: "km does not wait for it any more.",
};

function listen(ports: number[], fetch: (request: Request) => Promise<Response>): Bun.Server<undefined> | undefined {
  // Without development Bun lets several processes listen on one port, and the answer would come to any of them.
  const options = { fetch, idleTimeout: 60, maxRequestBodySize: 1024, development: false, reusePort: false } as const;
  for (const port of ports) {
    try {
      return Bun.serve({ hostname: "127.0.0.1", port, ...options });
    } catch {
      // It is taken.
    }
  }
  return undefined;
}

function page(status: number, outcome: Outcome): Response {
  return new Response(redirectPage(outcome), { status, headers: HEADERS });
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
