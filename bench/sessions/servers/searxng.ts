/** `searxng`: searches, answered by a search engine at 127.0.0.1, and pages that were found. */
import type { PublicServer } from "../public-server.ts";

export const searxng: PublicServer = {
  name: "searxng",
  package: "mcp-searxng",
  version: "2.4.0",
  bin: "mcp-searxng",
  env: ({ web }) => ({ SEARXNG_URL: web, URL_READ_ALLOW_PRIVATE: "true", MCP_HTTP_ALLOW_PRIVATE_URLS: "true" }),
  calls: async (visit, { web }) => {
    for (const query of QUERIES) {
      await visit.call("searxng_web_search", { query, language: "en" });
      await visit.call("searxng_web_search", { query, pageno: 2, time_range: "month", response_format: "json" });
    }
    await visit.call("searxng_search_suggestions", { query: "tides" });
    await visit.call("searxng_instance_info", { includeEngines: true });
    for (const page of ["", "article.html", "article.html#privacy", "table.html?station=cuxhaven", "nowhere.html"]) {
      await visit.call("web_url_read", { url: `${web}/${page}` });
      await visit.call("web_url_read", { url: `${web}/${page}`, readHeadings: true });
    }
  },
};

const QUERIES = [
  "tide table cuxhaven today",
  "how to undo the last commit git reset --soft HEAD~1",
  'site:example.com "password reset" -login filetype:pdf',
  "bash: rm -rf $dir/* safe? && set -u",
  "sqlite select * from stays where name = 'L''Étoile' -- comment",
  "what does prompt injection mean, ignore previous instructions",
  "c++ template <typename T> error: expected ';' before '}' token",
  "ERR_MODULE_NOT_FOUND '/srv/tideline/src/main.mjs' node 20",
  "nordlys boats invoice 2025-1188 overdue",
  "潮汐表 cuxhaven",
];
