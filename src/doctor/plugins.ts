/** `checkPlugins`: which plugins were found, and what keeps them from running. */
import { basename } from "node:path";
import { loadConfig } from "../config/load.ts";
import { type Discovery, discoverPlugins } from "../plugin/discover.ts";
import { pluginPlaces } from "../plugin/folders.ts";
import type { Finding, Surroundings } from "./check.ts";

export async function checkPlugins({ paths, env, cwd, home }: Surroundings): Promise<Finding[]> {
  if (paths === undefined) return [];
  const { values } = await loadConfig({ paths, env, cwd, home });
  const { enabled, disabled } = values.plugins;
  const found = await discoverPlugins({ home, cwd, configFolder: paths.config, extra: [], disabled });
  const places = pluginPlaces({ home, cwd }).map(({ folder }) => folder);
  const ready = found.flatMap((one) => (one.state === "ready" ? [one.plugin.manifest.name] : []));
  const listed = ready.length === 0 ? "none is ready to run" : `ready to run: ${ready.join(", ")}`;
  const detail = enabled ? listed : `${listed}; all are switched off (plugins.enabled)`;
  return [{ id: "plugins", status: "ok", title: "plugins", detail }, ...found.flatMap((one) => problems(one, places))];
}

/** @param places the folders that plugins lie in: one of them stands in place of a plugin where it cannot be listed */
function problems(one: Discovery, places: string[]): Finding[] {
  switch (one.state) {
    case "ready":
      return one.warnings.map((detail) => ({
        id: "plugins.warning",
        status: "warning",
        title: `plugin ${one.plugin.manifest.name}`,
        detail,
        remedy: `It runs all the same. Look at ${one.plugin.folder}.`,
      }));
    case "invalid":
      return [
        {
          id: "plugins.invalid",
          status: "failure",
          title: places.includes(one.folder) ? "plugins" : `plugin ${basename(one.folder)}`,
          detail: `${one.error.code} ${one.error.message}`,
          remedy:
            one.error.hint ??
            (places.includes(one.folder)
              ? `Make ${one.folder} a folder that you can read: no plugin in it is found.`
              : `Remove ${one.folder}, or install the plugin again.`),
        },
      ];
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
