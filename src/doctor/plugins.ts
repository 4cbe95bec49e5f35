/** `checkPlugins`: which plugins were found, and what keeps them from running. */
import { basename } from "node:path";
import { mayBeLoggedIn } from "../auth/may-be-logged-in.ts";
import { loadConfig } from "../config/load.ts";
import { KmError } from "../errors.ts";
import { discoverPlugins, type FoundPlugin } from "../plugin/discovery/discover.ts";
import { auditFile, auditHeadFile, kmFolder, storeFolder } from "../plugin/installed/places.ts";
import { knownStatuses } from "../plugin/status.ts";
import { type Verdict, verdictOn } from "../plugin/verdict.ts";
import { withCode } from "../report.ts";
import type { Finding, Surroundings } from "./check.ts";
import { counted } from "../counted.ts";

export async function checkPlugins({ paths, env, cwd, home }: Surroundings): Promise<Finding[]> {
  if (paths === undefined) return [];
  const { values } = await loadConfig({ paths, env, cwd, home });
  const { enabled, disabled, require_fresh_revocations: requireFresh } = values.plugins;
  const found = await discoverPlugins({ home, cwd, configFolder: paths.config, extra: [], disabled, requireFresh });
  const hasLogin = mayBeLoggedIn(values.api.url, paths.data, env);
  const options = { statuses: knownStatuses(paths.data, paths.state), enabled: true, hasLogin, requireFresh };
  const ready: string[] = [];
  const results: Finding[] = [];
  for (const one of found) {
    if (one.state === "unreadable") results.push(unreadable(one.origin === "installed", one.error));
    else {
      const verdict = await verdictOn(one, options);
      if (verdict.runs && one.state === "ready") ready.push(one.plugin.manifest.name);
      results.push(...problems(one, verdict));
    }
  }
  const listed = ready.length === 0 ? "none is ready to run" : `ready to run: ${ready.join(", ")}`;
  const detail = enabled ? listed : `${listed}; all are switched off (plugins.enabled)`;
  return [
    { id: "plugins", status: "ok", title: "plugins", detail },
    ...results,
    ...(await storeProblems(home)),
    ...(await auditProblems(home)),
  ];
}

function unreadable(isRegistry: boolean, error: KmError): Finding {
  return {
    id: "plugins.invalid",
    status: "failure",
    title: isRegistry ? "installed plugins" : "plugins",
    detail: withCode(error),
    ...(error.hint === undefined ? {} : { remedy: error.hint }),
  };
}

function problems(one: FoundPlugin, { status, runs, problem }: Verdict): Finding[] {
  switch (one.state) {
    case "ready": {
      const { manifest, folder } = one.plugin;
      const title = `plugin ${manifest.name}`;
      const warnings = one.warnings.map((detail) => ({
        id: "plugins.warning",
        status: "warning" as const,
        title,
        detail,
        remedy: `It runs all the same. Look at ${folder}.`,
      }));
      if (runs) return warnings;
      if (status === "invalid" && problem !== undefined) return [...warnings, invalid(title, folder, problem)];
      return [
        ...warnings,
        {
          id: "plugins.idle",
          status: "warning",
          title,
          detail: problem === undefined ? `${status}, and nobody is logged in` : `${status}: ${withCode(problem)}`,
          remedy:
            problem === undefined ? "Run km auth login." : (problem.hint ?? `See km plugins logs ${manifest.name}.`),
        },
      ];
    }
    case "invalid":
      return [invalid(`plugin ${one.origin === "installed" ? one.name : basename(one.folder)}`, one.folder, one.error)];
    case "untrusted":
      return [
        {
          id: "plugins.untrusted",
          status: "warning",
          title: `plugin ${one.name}`,
          detail: `does not run: this project's plugins are not trusted (${one.folder})`,
          remedy: "Look at it, then: km plugins trust",
        },
      ];
    case "disabled":
    case "shadowed":
      return [];
  }
}

function invalid(title: string, folder: string, problem: NonNullable<Verdict["problem"]>): Finding {
  const remedy = problem.hint ?? `Remove ${folder}, or install the plugin again.`;
  return { id: "plugins.invalid", status: "failure", title, detail: withCode(problem), remedy };
}

/** Packages that are not in the registry: it was deleted, or whoever installed them did not live to write it. */
async function storeProblems(home: string | undefined): Promise<Finding[]> {
  if (home === undefined) return [];
  const km = kmFolder(home);
  const [{ changeRegistry, readRegistry }, { clearStore, unnamedPackages }] = await Promise.all([
    import("../plugin/installed/registry.ts"),
    import("../plugin/installed/store-leftovers.ts"),
  ]);
  let count: number;
  try {
    count = unnamedPackages(km, readRegistry(km)).length;
  } catch {
    return []; // what is wrong with the registry is told already; the store cannot be listed
  }
  if (count === 0) return [];
  const packages = counted(count, "package");
  return [
    {
      id: "plugins.store",
      status: "warning",
      title: "store of plugins",
      detail: `${packages} in ${storeFolder(km)} that no plugin is installed from`,
      remedy: "Run: km doctor --fix",
      async fix() {
        await changeRegistry(km, (registry) => clearStore(km, registry));
        return `removed ${packages}`;
      },
    },
  ];
}

/** Whether the record of what was installed is as km has written it. */
async function auditProblems(home: string | undefined): Promise<Finding[]> {
  if (home === undefined) return [];
  const km = kmFolder(home);
  const file = auditFile(km);
  const base = { id: "plugins.audit", title: "record of installations" };
  try {
    const { verifyAudit } = await import("../plugin/installed/audit-log.ts");
    const found = verifyAudit(km);
    if (found.state === "whole" && found.records === 0) return [];
    if (found.state === "whole") return [{ ...base, status: "ok", detail: `whole (${found.records} records)` }];
    return [
      {
        ...base,
        status: "failure",
        detail: `line ${found.line} of ${file} does not fit: ${found.reason}`,
        remedy: `Somebody or something else than km has changed it: look at what is installed with km plugins list. Then move it away together with ${auditHeadFile(km)}: km begins a new one.`,
      },
    ];
  } catch (error) {
    if (!(error instanceof KmError)) throw error;
    return [{ ...base, status: "failure", detail: withCode(error), remedy: error.hint ?? `Look at ${file}.` }];
  }
}
