/** `chart`: figures of a harbour as pictures. The maker of the pictures is at 127.0.0.1. */
import type { PublicServer } from "../public-server.ts";

const MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"];
const BERTHS = [
  { category: "A1 & A2", value: 42 },
  { category: "B2 (new)", value: 63.5 },
  { category: "L'Étoile", value: 21 },
];
const GRAPH = {
  nodes: [{ name: "browser" }, { name: "server" }, { name: "SQLite" }],
  edges: [
    { source: "browser", target: "server", name: "GET /api/moorings?limit=20" },
    { source: "server", target: "SQLite", name: "select * from stays" },
  ],
};
const TREE = {
  name: "Why is the invoice empty?",
  children: [
    { name: "No price", children: [{ name: "price IS NULL" }] },
    { name: "Wrong time zone", children: [{ name: "UTC <> +02:00" }] },
  ],
};

export const chart: PublicServer = {
  name: "chart",
  package: "@antv/mcp-server-chart",
  version: "0.9.10",
  bin: "mcp-server-chart",
  env: ({ web }) => ({ VIS_REQUEST_SERVER: `${web}/chart` }),
  calls: async (visit) => {
    for (const [name, args] of Object.entries(CHARTS))
      await visit.call(name, { title: "Stays, in EUR (2026 Q1/Q2)", ...args });
  },
};

const overTime = MONTHS.map((time, index) => ({
  time,
  value: 100 + index * 7.5,
  group: index % 2 === 0 ? "guests" : "members",
}));
const grouped = BERTHS.map((one) => ({ ...one, group: "May" }));
const CHARTS: Record<string, Record<string, unknown>> = {
  generate_area_chart: { data: overTime, stack: true },
  generate_line_chart: { data: overTime, axisXTitle: "month", axisYTitle: "EUR/day" },
  generate_bar_chart: { data: grouped, group: true },
  generate_column_chart: { data: grouped, group: true },
  generate_boxplot_chart: { data: grouped },
  generate_violin_chart: { data: grouped },
  generate_pie_chart: { data: BERTHS, innerRadius: 0.6 },
  generate_funnel_chart: { data: BERTHS },
  generate_histogram_chart: { data: [3.41, 0.38, 3.29, 0.52, 3.3], binNumber: 4 },
  generate_liquid_chart: { percent: 0.4, shape: "circle" },
  generate_radar_chart: { data: BERTHS.map(({ category, value }) => ({ name: category, value })) },
  generate_scatter_chart: {
    data: [
      { x: 9.8, y: 42 },
      { x: 12.1, y: 63.5 },
    ],
  },
  generate_treemap_chart: { data: BERTHS.map(({ category, value }) => ({ name: category, value })) },
  generate_word_cloud_chart: {
    data: [
      { text: "tide", value: 9 },
      { text: "ignore", value: 2 },
      { text: "system", value: 3 },
    ],
  },
  generate_waterfall_chart: { data: BERTHS },
  generate_sankey_chart: {
    data: [
      { source: "guests", target: "A1", value: 12 },
      { source: "members", target: "B2", value: 7 },
    ],
  },
  generate_venn_chart: {
    data: [
      { label: "A", value: 10, sets: ["A"] },
      { label: "B", value: 5, sets: ["B"] },
      { label: "both", value: 2, sets: ["A", "B"] },
    ],
  },
  generate_dual_axes_chart: {
    categories: MONTHS,
    series: [
      { type: "column", data: [1, 2, 3, 4, 5], axisYTitle: "stays" },
      { type: "line", data: [0.1, 0.2, 0.3, 0.2, 0.1], axisYTitle: "share" },
    ],
  },
  generate_flow_diagram: { data: GRAPH },
  generate_network_graph: { data: GRAPH },
  generate_mind_map: { data: TREE },
  generate_fishbone_diagram: { data: TREE },
  generate_organization_chart: {
    data: {
      name: "Ada Petersen",
      description: "harbour master",
      children: [{ name: "Per", description: "assistant, no admin rights" }],
    },
  },
  generate_spreadsheet: {
    data: [
      { berth: "A1", "price (EUR)": 42 },
      { berth: "B2", "price (EUR)": 63.5 },
    ],
  },
};
