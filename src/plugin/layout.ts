/**
 * Where the files of plugins are. What outlives a session is in a folder for each plugin, `<state>/plugins/<name>/`:
 *
 *     home/           the plugin's own: its working directory
 *     log.ndjson      what it wrote and what km has to say of it (services/log.ts)
 *     log.1.ndjson    the log before that one was full
 *     kv.sqlite       its small state (services/kv.ts)
 *
 * What belongs to a session is in the session's folder, with which it is deleted:
 *
 *     plugins/<name>.json   how the plugin stands
 *     findings.ndjson       what plugins and km found (services/findings.ts)
 */
import { join } from "node:path";

export function pluginsFolder(stateFolder: string): string {
  return join(stateFolder, "plugins");
}

export function pluginFolder(stateFolder: string, name: string): string {
  return join(pluginsFolder(stateFolder), name);
}

export function pluginHome(folder: string): string {
  return join(folder, "home");
}

export function pluginLogFile(folder: string): string {
  return join(folder, "log.ndjson");
}

export function olderPluginLogFile(folder: string): string {
  return join(folder, "log.1.ndjson");
}

export function keyValueFile(folder: string): string {
  return join(folder, "kv.sqlite");
}

export function sessionPluginsFolder(sessionFolder: string): string {
  return join(sessionFolder, "plugins");
}

export function pluginStatusFile(sessionFolder: string, name: string): string {
  return join(sessionPluginsFolder(sessionFolder), `${name}.json`);
}

export function findingsFile(sessionFolder: string): string {
  return join(sessionFolder, "findings.ndjson");
}

/** The newest status of a plugin in any session, for when there is none to look at. */
export function lastStatusFile(folder: string): string {
  return join(folder, "status.json");
}

export function unrecordedSessionsFolder(stateFolder: string): string {
  return join(stateFolder, "unrecorded");
}

/**
 * What stands for the folder of a session that is not recorded; removed at its end.
 *
 * @param name tells apart also those that were given the same id
 */
export function unrecordedSessionFolder(stateFolder: string, name: string): string {
  return join(unrecordedSessionsFolder(stateFolder), name);
}
