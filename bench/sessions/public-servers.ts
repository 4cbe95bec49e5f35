/** The servers whose sessions are recorded, in this order. */
import type { PublicServer } from "./public-server.ts";
import { chart } from "./servers/chart.ts";
import { chromeDevtools } from "./servers/chrome-devtools.ts";
import { desktopCommander } from "./servers/desktop-commander.ts";
import { eslint } from "./servers/eslint.ts";
import { everything } from "./servers/everything.ts";
import { filesystem } from "./servers/filesystem.ts";
import { git } from "./servers/git.ts";
import { memory } from "./servers/memory.ts";
import { playwright } from "./servers/playwright.ts";
import { searxng } from "./servers/searxng.ts";
import { sequentialThinking } from "./servers/sequential-thinking.ts";

/** Their tools need an account, another machine or a download. The values are nobody's. */
const ONLY_LISTED: PublicServer[] = [
  { name: "context7", package: "@upstash/context7-mcp", version: "4.1.1", bin: "context7-mcp" },
  {
    name: "notion",
    package: "@notionhq/notion-mcp-server",
    version: "2.5.2",
    bin: "notion-mcp-server",
    env: () => ({ NOTION_TOKEN: "none" }),
  },
  {
    name: "firecrawl",
    package: "firecrawl-mcp",
    version: "3.26.0",
    bin: "firecrawl-mcp",
    env: () => ({ FIRECRAWL_API_KEY: "none" }),
  },
  {
    name: "tavily",
    package: "tavily-mcp",
    version: "0.2.22",
    bin: "tavily-mcp",
    env: () => ({ TAVILY_API_KEY: "none" }),
  },
  {
    name: "sentry",
    package: "@sentry/mcp-server",
    version: "0.39.0",
    bin: "sentry-mcp",
    args: () => ["--access-token=none"],
  },
  { name: "browsermcp", package: "@browsermcp/mcp", version: "0.1.3", bin: "mcp-server-browsermcp" },
  {
    name: "github",
    package: "@modelcontextprotocol/server-github",
    version: "2025.4.8",
    bin: "mcp-server-github",
    env: () => ({ GITHUB_PERSONAL_ACCESS_TOKEN: "none" }),
  },
  {
    name: "slack",
    package: "@modelcontextprotocol/server-slack",
    version: "2025.4.25",
    bin: "mcp-server-slack",
    env: () => ({ SLACK_BOT_TOKEN: "none", SLACK_TEAM_ID: "none" }),
  },
  {
    name: "brave-search",
    package: "@brave/brave-search-mcp-server",
    version: "2.1.4",
    bin: "brave-search-mcp-server",
    env: () => ({ BRAVE_API_KEY: "none" }),
  },
  { name: "mermaid", package: "mcp-mermaid", version: "0.4.1", bin: "mcp-mermaid" },
  { name: "kubernetes", package: "mcp-server-kubernetes", version: "4.1.7", bin: "mcp-server-kubernetes" },
];

export const PUBLIC_SERVERS: PublicServer[] = [
  everything,
  filesystem,
  memory,
  sequentialThinking,
  git,
  desktopCommander,
  playwright,
  chromeDevtools,
  searxng,
  chart,
  eslint,
  ...ONLY_LISTED,
];
