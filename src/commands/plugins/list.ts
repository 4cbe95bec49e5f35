/** `km plugins list`: the plugins that were found, and whether each of them runs. */
import type { Colors } from "picocolors/types";
import { storedLogin } from "../../auth/stored-login.ts";
import { defineCommand } from "../../command.ts";
import { apiOrigin } from "../../config/api-origin.ts";
import { config, homeFolder, paths } from "../../context.ts";
import { localDateTime } from "../../log/local-time.ts";
import { stdout } from "../../output.ts";
import { type Discovery, discoverPlugins } from "../../plugin/discover.ts";
import { isFree, leastTier } from "../../plugin/entitlement.ts";
import type { Manifest } from "../../plugin/manifest.ts";
import { isRefused, type KnownStatus, knownStatuses, type PluginStatus } from "../../plugin/status.ts";
import { type Column, colours, printable, table } from "../../terminal.ts";
import { tierName } from "../../tiers.ts";

const COLUMNS: Column[] = [
  { header: "NAME" },
  { header: "VERSION" },
  { header: "TIER" },
  { header: "STATUS" },
  { header: "LAST AUTH" },
  { header: "FOLDER", flexible: true },
];

export default defineCommand({
  meta: { name: "list", description: "List the plugins that were found" },
  args: { json: { type: "boolean", description: "One plugin per line as JSON" } },
  examples: ["km plugins list", "km plugins list --json | jq -r .name"],
  async run(args) {
    const { values } = await config();
    const { data, state, config: configFolder } = paths();
    const { disabled } = values.plugins;
    const found = await discoverPlugins({
      home: homeFolder() ?? "/",
      cwd: process.cwd(),
      configFolder,
      extra: [],
      disabled,
    });
    const statuses = knownStatuses(data, state);
    const hasLogin = mayBeLoggedIn(values.api.url, data);
    const listed = found.map((discovery) => describe(discovery, statuses, values.plugins.enabled, hasLogin));
    const output = stdout();
    if (args.json) for (const one of listed) await output.write(`${JSON.stringify(one)}\n`);
    else if (listed.length > 0) await output.write(await rows(listed));
    else {
      process.stderr.write(
        "km: No plugin was found in ~/.km/plugins, /usr/local/share/km/plugins or ./plugins\n" +
          "    See km help plugins, or begin one of your own: km plugins new NAME\n",
      );
    }
    await output.close();
    return 0;
  },
});

/** As far as it can be told without the keychain and without the API, which alone know the tier. */
function mayBeLoggedIn(apiUrl: string, dataFolder: string): boolean {
  const origin = apiOrigin(apiUrl);
  return origin !== undefined && (Boolean(process.env["KM_API_KEY"]) || storedLogin(dataFolder)?.origin === origin);
}

interface Listed {
  name: string;
  version?: string;
  tier?: string;
  /** `ready`, `active in 2 sessions`, `needs Pro`, `not trusted`, ... */
  status: string;
  /** ISO 8601. */
  last_auth?: string;
  folder: string;
  origin: string;
  /** What is wrong and does not keep it from running. */
  warnings?: string[];
  /** Why it does not run, and what to do. */
  problem?: { code: string; message: string; hint?: string };
}

function describe(discovery: Discovery, statuses: KnownStatus[], enabled: boolean, hasLogin: boolean): Listed {
  switch (discovery.state) {
    case "ready": {
      const { plugin, warnings } = discovery;
      const { manifest, folder, origin } = plugin;
      const { name, version, tier } = manifest;
      const known = statuses.filter(({ status }) => status.name === name && status.folder === folder);
      const lastAuth = known
        .map(({ status }) => status.last_auth ?? "")
        .sort()
        .at(-1);
      const failed = known.find(({ status }) => hasFailed(status))?.status.last_error;
      return {
        name,
        version,
        tier: tierName(tier),
        status: enabled ? running(known, manifest, hasLogin) : "switched off",
        ...(lastAuth === undefined || lastAuth === "" ? {} : { last_auth: lastAuth }),
        folder,
        origin,
        ...(warnings.length === 0 ? {} : { warnings }),
        ...(failed === undefined ? {} : { problem: failed }),
      };
    }
    case "invalid": {
      const { name, folder, origin, error } = discovery;
      const { code, message, hint } = error;
      return {
        name,
        status: "invalid",
        folder,
        origin,
        problem: { code, message, ...(hint === undefined ? {} : { hint }) },
      };
    }
    case "untrusted": {
      const hint = "Look at it, then: km plugins trust";
      const problem = { code: "PLG_002", message: `This project's plugins are not trusted`, hint };
      const { name, folder, origin } = discovery;
      return { name, status: "not trusted", folder, origin, problem };
    }
    case "disabled":
      return { name: discovery.name, status: "disabled", folder: discovery.folder, origin: discovery.origin };
    case "shadowed": {
      const { name, version, folder, origin } = discovery;
      return { name, version, status: "shadowed", folder, origin };
    }
  }
}

function running(known: KnownStatus[], manifest: Manifest, hasLogin: boolean): string {
  const active = known.filter(({ live, status }) => live && status.state === "active").length;
  if (active > 0) return active === 1 ? "active" : `active in ${active} sessions`;
  const [last] = known;
  const needs = isFree(manifest) ? undefined : `needs ${tierName(leastTier(manifest) ?? manifest.tier)}`;
  if (needs !== undefined && last !== undefined && isRefused(last.status)) return needs;
  if (last?.live) return last.status.state;
  if (last !== undefined && hasFailed(last.status)) return "error";
  return hasLogin ? "ready" : (needs ?? "ready");
}

/** A crash from which it recovered is no failure; that it may not run is one, for its user. */
function hasFailed(status: PluginStatus): boolean {
  const { state, last_error: error, features } = status;
  if (isRefused(status)) return true;
  return state === "error" || (state === "stopped" && error !== undefined && features === undefined);
}

async function rows(listed: Listed[]): Promise<string> {
  const paint = await colours(process.stdout);
  const header = COLUMNS.map((column) => ({ ...column, header: paint.bold(column.header) }));
  const cells = listed.map((one) => [
    printable(one.name),
    printable(one.version ?? ""),
    one.tier ?? "",
    painted(one.status, paint),
    one.last_auth === undefined ? "never" : localDateTime(one.last_auth),
    printable(one.folder),
  ]);
  const warnings = listed.flatMap((one) => (one.warnings ?? []).map((text) => `\n${one.name}: ${printable(text)}\n`));
  const problems = listed.flatMap(({ name, problem }) =>
    problem === undefined
      ? []
      : [
          `\n${name}: ${problem.code} ${printable(problem.message)}\n${problem.hint === undefined ? "" : `    ${printable(problem.hint)}\n`}`,
        ],
  );
  return [table(header, cells), ...warnings, ...problems].join("");
}

function painted(status: string, paint: Colors): string {
  if (status.startsWith("active")) return paint.green(status);
  if (status === "error" || status === "invalid") return paint.red(status);
  return status === "ready" ? status : paint.yellow(status);
}
