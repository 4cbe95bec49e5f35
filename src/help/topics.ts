/** What `km help` explains besides commands: pages of docs/, embedded; each is loaded when it is asked for. */
interface Topic {
  description: string;
  /** Markdown. */
  load(): Promise<{ default: string }>;
}

const OTHER_PAGES = "https://github.com/kilometers-ai/km/blob/main/docs/";

export const TOPICS: Record<string, Topic> = {
  "getting-started": {
    description: "From nothing to the first recorded call",
    load: () => import("../../docs/getting-started.md", { with: { type: "text" } }),
  },
  clients: {
    description: "Which clients km knows, and what wrap does to their files",
    load: () => import("../../docs/clients.md", { with: { type: "text" } }),
  },
  servers: {
    description: "Servers by name: their file, their secrets, taking over those of your clients",
    load: () => import("../../docs/servers.md", { with: { type: "text" } }),
  },
  connect: {
    description: "km as a client: calling tools, reading resources, talking to a server line by line",
    load: () => import("../../docs/connect.md", { with: { type: "text" } }),
  },
  health: {
    description: "What km health checks of a server, its results as JSON and for Prometheus",
    load: () => import("../../docs/health.md", { with: { type: "text" } }),
  },
  mock: {
    description: "A recorded session as a server: which answer a request gets",
    load: () => import("../../docs/mock.md", { with: { type: "text" } }),
  },
  verify: {
    description: "Whether a server still answers as recorded: what may differ, in CI",
    load: () => import("../../docs/verify.md", { with: { type: "text" } }),
  },
  proxy: {
    description: "Servers for clients that speak HTTP: who may ask, sessions, streams",
    load: () => import("../../docs/proxy.md", { with: { type: "text" } }),
  },
  "proxy-security": {
    description: "Who may use km proxy: TLS, logins, roles, limits, audit, metrics, traces",
    load: () => import("../../docs/proxy-security.md", { with: { type: "text" } }),
  },
  services: {
    description: "km's own MCP services: modes, configuration, what tools may do, in a cluster",
    load: () => import("../../docs/services.md", { with: { type: "text" } }),
  },
  resilience: {
    description: "Servers that fail: retries, timeouts, breaker, fallback, restarts",
    load: () => import("../../docs/resilience.md", { with: { type: "text" } }),
  },
  filter: {
    description: "The filter language of logs, tail, stats, export and the dashboard",
    load: () => import("../../docs/filter.md", { with: { type: "text" } }),
  },
  tail: {
    description: "The screen of km tail: its rows, its keys",
    load: () => import("../../docs/tail.md", { with: { type: "text" } }),
  },
  dashboard: {
    description: "The views and keys of km dashboard, and who can see it",
    load: () => import("../../docs/dashboard.md", { with: { type: "text" } }),
  },
  policy: {
    description: "What servers may be asked for: rules, conditions, and what cannot be told",
    load: () => import("../../docs/policy.md", { with: { type: "text" } }),
  },
  approvals: {
    description: "Calls that a policy asks about, and who may answer",
    load: () => import("../../docs/approvals.md", { with: { type: "text" } }),
  },
  tools: {
    description: "Tools that change: what is compared, and how it is accepted",
    load: () => import("../../docs/tools.md", { with: { type: "text" } }),
  },
  "large-results": {
    description: "Results that a model gets in parts",
    load: () => import("../../docs/large-results.md", { with: { type: "text" } }),
  },
  search: {
    description: "The search for words, and the index on this machine",
    load: () => import("../../docs/search.md", { with: { type: "text" } }),
  },
  status: {
    description: "What km status says of running sessions, and Prometheus",
    load: () => import("../../docs/status.md", { with: { type: "text" } }),
  },
  redaction: {
    description: "Which secrets are masked, and how to mask more",
    load: () => import("../../docs/redaction.md", { with: { type: "text" } }),
  },
  security: {
    description: "What km protects, against whom, and what it does not",
    load: () => import("../../docs/security.md", { with: { type: "text" } }),
  },
  journal: {
    description: "The files of a recording",
    load: () => import("../../docs/journal.md", { with: { type: "text" } }),
  },
  scan: {
    description: "What km scan looks for, CI, and accepted findings",
    load: () => import("../../docs/scan.md", { with: { type: "text" } }),
  },
  plugins: {
    description: "What plugins do, and which of them run",
    load: () => import("../../docs/plugins.md", { with: { type: "text" } }),
  },
  packages: {
    description: "Signed packages of plugins: whose run, what is checked, the format",
    load: () => import("../../docs/packages.md", { with: { type: "text" } }),
  },
  otel: {
    description: "The plugin that sends calls to OpenTelemetry",
    load: () => import("../../docs/otel.md", { with: { type: "text" } }),
  },
  analytics: {
    description: "The plugin that watches latency, failures and cost of tools",
    load: () => import("../../docs/analytics.md", { with: { type: "text" } }),
  },
  login: {
    description: "The login to a team's API: where it is kept, CI, offline",
    load: () => import("../../docs/login.md", { with: { type: "text" } }),
  },
  api: {
    description: "Running kilometers-api for a team",
    load: () => import("../../docs/api.md", { with: { type: "text" } }),
  },
  configuration: {
    description: "Every setting, and where it may stand",
    load: () => import("../../docs/configuration.md", { with: { type: "text" } }),
  },
  environment: {
    description: "Every environment variable",
    load: () => import("../../docs/environment.md", { with: { type: "text" } }),
  },
  doctor: {
    description: "What km doctor checks, and what it mends",
    load: () => import("../../docs/doctor.md", { with: { type: "text" } }),
  },
  update: {
    description: "How km is updated, and what is checked before",
    load: () => import("../../docs/update.md", { with: { type: "text" } }),
  },
  "exit-codes": {
    description: "What exit codes say, and what --json prints",
    load: () => import("../../docs/exit-codes.md", { with: { type: "text" } }),
  },
};

/** The page of a topic, in Markdown. Where it names another page, it says how to come there from a terminal. */
export async function topicPage(name: string): Promise<string | undefined> {
  const topic = Object.hasOwn(TOPICS, name) ? TOPICS[name] : undefined;
  const page = await topic?.load();
  return page?.default.replace(/\[([\w-]+)\.md\]\(\1\.md[^)]*\)/g, (_, other: string) =>
    Object.hasOwn(TOPICS, other) ? `\`km help ${other}\`` : `${OTHER_PAGES}${other}.md`,
  );
}
