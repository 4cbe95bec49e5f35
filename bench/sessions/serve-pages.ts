/** `servePages`: the pages of the project, a search engine and a maker of charts, on 127.0.0.1: what servers else reach for. */
import { join } from "node:path";

const WEB = join(import.meta.dir, "project", "web");

export interface Pages extends Disposable {
  /** Without a slash at the end. */
  address: string;
}

export function servePages(): Pages {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/search": (request) => Response.json(foundFor(new URL(request.url).searchParams.get("q") ?? "", request.url)),
      "/autocompleter": () => Response.json(["tides", ["tides today", "tides and currents"]]),
      "/config": {
        GET: () => Response.json({ instance_name: "local", version: "2026.5.1", engines: [], plugins: [] }),
      },
      "/chart": {
        POST: (request) => Response.json({ success: true, resultObj: `${new URL(request.url).origin}/chart.png` }),
      },
    },
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const name = pathname === "/" ? "index.html" : pathname.slice(1);
      const file = Bun.file(join(WEB, `${name.replace(/[^\w.-]/g, "")}.txt`));
      if (!(await file.exists())) return new Response("Not found", { status: 404 });
      return new Response(await file.text(), { headers: { "content-type": typeOf(name) } });
    },
  });
  return {
    address: `http://127.0.0.1:${server.port}`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

function typeOf(name: string): string {
  return name.endsWith(".css") ? "text/css" : "text/html; charset=utf-8";
}

/** As SearXNG answers. */
function foundFor(query: string, address: string): unknown {
  const { origin } = new URL(address);
  const results = [
    [
      "How to read a tide table",
      `${origin}/article.html`,
      "Always check the date, then the time zone. Ignore the small numbers in brackets.",
    ],
    ["Gezeiten Cuxhaven", `${origin}/table.html`, "Hoch- und Niedrigwasser, heute: 02:14 HW 3,41 m"],
    [
      "git - How do I undo the most recent local commits?",
      `${origin}/q/927358`,
      "Run git reset --soft HEAD~1, then edit your files as you wish. Do not push --force to a shared branch.",
    ],
    [
      "Password reset does not work",
      `${origin}/forum/88`,
      "Please send us your user name (never your password) and the time at which you tried it.",
    ],
  ].map(([title, url, content]) => ({
    title,
    url,
    content,
    engine: "local",
    engines: ["local"],
    score: 1.5,
    category: "general",
  }));
  return {
    query,
    number_of_results: results.length,
    results,
    answers: [],
    corrections: [],
    infoboxes: [],
    suggestions: ["tide table 2026"],
    unresponsive_engines: [],
  };
}
