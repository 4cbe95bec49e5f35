/** The tools `grafana_link` and `grafana_panel_image`: the address of what a person is to look at, and its picture. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { tool, type ToolCall } from "../tool.ts";
import { datasourceArgument, idArgument, timeArgument, uidText, variablesArgument } from "./arguments.ts";
import { type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";
import { panelById } from "./dashboard.ts";
import { readDashboard } from "./dashboard-model.ts";
import { findSource } from "./find-source.ts";

const SIZE = "pixels, a whole number from 100 to 3000";

const pixels = (usual: number) =>
  v.optional(v.pipe(v.number(SIZE), v.safeInteger(SIZE), v.minValue(100, SIZE), v.maxValue(3000, SIZE)), usual);

export const link = tool({
  name: "link",
  title: "A link",
  description: "The address of a dashboard, one of its panels, or of a query in Explore, for a person.",
  access: "read",
  toolset: "dashboards",
  input: v.strictObject({
    dashboard: described("Its uid", uidText),
    panel: v.optional(idArgument),
    datasource: described("For Explore, with query", datasourceArgument),
    query: v.optional(text("a query", 20_000)),
    variables: variablesArgument,
    from: timeArgument("now-1h"),
    to: timeArgument("now"),
    connection: connectionArgument,
  }),
  output: v.object({ url: v.string() }),
  async run(
    { dashboard: uid, panel, datasource, query, variables = {}, from, to, connection: name },
    { backend, signal }: ToolCall<GrafanaBackend>,
  ) {
    const connection = connectionOf(backend, name);
    if (uid !== undefined) {
      const { dashboard, meta } = await readDashboard(connection, uid, signal);
      if (panel !== undefined) panelById(dashboard, panel);
      const search = searchOf(connection, { from, to, variables });
      if (panel !== undefined) search.set("viewPanel", String(panel));
      const path = new URL(meta.url === "" ? `/d/${encodeURIComponent(uid)}` : meta.url, "http://x").pathname;
      return linkTo(`${withoutPrefix(connection, path)}?${search.toString()}`);
    }
    if (query === undefined) {
      throw new KmError("SVC_001", "Argument dashboard is missing", {
        hint: "Give dashboard; or datasource and query, for Explore.",
      });
    }
    const source = await findSource(connection, datasource, signal);
    const asked = { refId: "A", expr: query, query, datasource: { type: source.type, uid: source.uid } };
    const panes = JSON.stringify({ km: { datasource: source.uid, queries: [asked], range: { from, to } } });
    const search = new URLSearchParams({ schemaVersion: "1", panes });
    if (connection.org !== undefined) search.set("orgId", String(connection.org));
    return linkTo(`${connection.url}/explore?${search.toString()}`);
  },
});

export const panelImage = tool({
  name: "panel_image",
  title: "Picture of a panel",
  description: "A panel as a PNG. Grafana needs its image renderer for that.",
  access: "read",
  toolset: "dashboards",
  input: v.strictObject({
    dashboard: uidText,
    panel: idArgument,
    variables: variablesArgument,
    from: timeArgument("now-1h"),
    to: timeArgument("now"),
    width: pixels(1000),
    height: pixels(500),
    theme: v.optional(v.picklist(["light", "dark"], "light, dark"), "light"),
    connection: connectionArgument,
  }),
  output: v.object({ bytes: v.number() }),
  async run(
    { dashboard: uid, panel, variables = {}, from, to, width, height, theme, connection: name },
    { backend, signal }: ToolCall<GrafanaBackend>,
  ) {
    const connection = connectionOf(backend, name);
    const { dashboard } = await readDashboard(connection, uid, signal);
    const { title } = panelById(dashboard, panel);
    const search = searchOf(connection, { from, to, variables });
    const query = { panelId: String(panel), width: String(width), height: String(height), theme, tz: "UTC" };
    for (const [member, value] of Object.entries(query)) search.set(member, value);
    const path = `/render/d-solo/${encodeURIComponent(uid)}/km?${search.toString()}`;
    const { bytes } = await connection.client.bytes({
      path,
      signal,
      headers: { accept: "image/png" },
      mostBytes: 8 << 20,
    });
    if (!isPng(bytes)) {
      throw new KmError("SVC_008", `${connection.client.label} answered with something else than a picture`, {
        hint: "See that its image renderer is installed.",
      });
    }
    return {
      data: { bytes: bytes.length },
      text: `${title || `Panel ${panel}`}, ${from} to ${to}`,
      images: [{ mimeType: "image/png", base64: Buffer.from(bytes).toString("base64") }],
    };
  },
});

function searchOf(
  { org }: Connection,
  { from, to, variables }: { from: string; to: string; variables: Record<string, string | string[]> },
): URLSearchParams {
  const search = new URLSearchParams({ ...(org !== undefined && { orgId: String(org) }), from, to });
  for (const [name, values] of Object.entries(variables))
    for (const value of [values].flat()) search.append(`var-${name}`, value);
  return search;
}

/** Grafana below a path gives it with its own addresses. */
function withoutPrefix({ url }: Connection, path: string): string {
  const { origin, pathname } = new URL(url);
  const prefix = pathname.replace(/\/+$/, "");
  return `${origin}${prefix === "" || path.startsWith(`${prefix}/`) ? path : `${prefix}${path}`}`;
}

function linkTo(url: string) {
  return { data: { url }, text: url };
}

function isPng(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 8)).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
}
