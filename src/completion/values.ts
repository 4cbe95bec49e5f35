/**
 * `valuesFor`: what a flag or an argument may name on this machine. Every source is read when it is asked for, within
 * bounds, and silent: whatever is wrong here must not be printed into somebody's prompt.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Completer, Entry, Group } from "../command.ts";
import { paths, surroundings } from "../context.ts";
import { SESSION_ID } from "../journal/layout.ts";
import type { SessionInfo } from "../stream/event.ts";
import type { Candidate, Position } from "./complete.ts";

/** More could not be looked through, neither by km in time nor by people. */
const MOST_SESSIONS = 100;

type Source = (position: Position) => Promise<Candidate[]> | Candidate[];

export async function valuesFor(completer: Completer, position: Position): Promise<Candidate[]> {
  try {
    return await SOURCES[completer](position);
  } catch {
    return [];
  }
}

const SOURCES: Record<Completer, Source> = {
  session: sessions,
  event: async (position) => (await sessions(position)).map((one) => ({ ...one, value: `${one.value}/` })),
  query: async (position) => [...(await valuesFor("session", position)), ...(await filters(position))],
  filter: filters,
  server: servers,
  "client-server": clientServers,
  service: services,
  "registered-server": registeredServers,
  "server-secret": serverSecrets,
  client: clients,
  plugin: plugins,
  "installed-plugin": () => installedPlugins(["file", "api"]),
  "api-plugin": () => installedPlugins(["api"]),
  "trusted-key": trustedKeys,
  target: async () => (await import("../platforms.ts")).TARGETS.map((value) => ({ value })),
  tier: tiers,
  "config-key": configKeys,
  "config-value": configValues,
  help: helpSubjects,
  shell: async () => (await import("./script.ts")).SHELLS.map((value) => ({ value })),
  file: () => [],
  folder: () => [],
};

async function services(): Promise<Candidate[]> {
  const { SERVICES } = await import("../services/services.ts");
  const named = Object.entries(SERVICES).map(([value, { title }]) => ({ value, description: title }));
  return [...named, { value: "all", description: "All of them" }];
}

/** The newest first, by the short id that `km sessions` shows; whole ids for who began to type one. */
async function sessions({ current }: Position): Promise<Candidate[]> {
  const infos = await newestSessions();
  const { shortId } = await import("../stream/session-id.ts");
  const { localDateTime } = await import("../log/local-time.ts");
  const described = infos.map(({ session_id: id, name, started_at: started }) => ({
    id,
    description: `${name}, ${localDateTime(started)}`,
  }));
  const latest = infos.length === 0 ? [] : [{ value: "last", description: "The latest session" }];
  const short = described.map(({ id, description }) => ({ value: shortId(id), description }));
  const whole = described.map(({ id, description }) => ({ value: id, description }));
  return [
    ...latest,
    ...serverNames(infos),
    ...short,
    ...(current === "" ? [] : whole.filter(({ value }) => shortId(value) !== value)),
  ];
}

async function servers(): Promise<Candidate[]> {
  return serverNames(await newestSessions());
}

function serverNames(infos: SessionInfo[]): Candidate[] {
  const names = [...new Set(infos.map(({ name }) => name))];
  return names.sort().map((value) => ({ value, description: "A server's latest session" }));
}

/** Ids begin with the time unless they were given by hand; those come behind the others. */
async function newestSessions(): Promise<SessionInfo[]> {
  const { sessionsFolder } = await import("../journal/layout.ts");
  const { readSessionInfo } = await import("../journal/info.ts");
  const { newestFirst } = await import("../journal/sessions.ts");
  const folder = sessionsFolder(paths().data);
  const names = (await readdir(folder))
    .filter((name) => SESSION_ID.test(name))
    .sort()
    .reverse();
  const byTime = (name: string): boolean => /^\d{8}-\d{6}-/.test(name);
  const chosen = [...names.filter(byTime), ...names.filter((name) => !byTime(name))].slice(0, MOST_SESSIONS);
  const infos = await Promise.all(chosen.map((name) => readSessionInfo(join(folder, name)).catch(() => undefined)));
  return infos.filter((info) => info !== undefined).sort(newestFirst);
}

/** Fields, and behind a field the values that can be listed. */
async function filters({ current }: Position): Promise<Candidate[]> {
  const { filterFields } = await import("../stream/filter-fields.ts");
  const field = /^(\w+):/.exec(current)?.[1];
  if (field === undefined) {
    return Object.entries(filterFields).map(([name, { description }]) => ({ value: `${name}:`, description }));
  }
  const values = Object.hasOwn(filterFields, field) ? filterFields[field]?.values : undefined;
  return (values ?? []).map((value) => ({ value: `${field}:${value}` }));
}

/** Each once. */
async function clients({ before }: Position): Promise<Candidate[]> {
  const { CLIENTS } = await import("../clients/clients.ts");
  return CLIENTS.filter(({ id }) => !before.includes(id)).map(({ id, title }) => ({ value: id, description: title }));
}

/** Of the clients that are named, or of all. */
async function clientServers({ before }: Position): Promise<Candidate[]> {
  const { surveyClients } = await import("../clients/survey.ts");
  const { wantedClients } = await import("../clients/choose-files.ts");
  const { env, cwd, home = "" } = surroundings();
  const files = await surveyClients({ platform: process.platform, env, home, cwd }, wantedClients(before));
  return files.flatMap(({ servers, title }) => servers.map(({ name }) => ({ value: name, description: title })));
}

async function registeredServers(): Promise<Candidate[]> {
  const { readServersFile, serversFile } = await import("../servers/read-servers-file.ts");
  const { home, paths: folders } = surroundings();
  const { servers } = await readServersFile(serversFile(folders.config), { home });
  return servers.map(({ name, tags }) => ({ value: name, description: tags.join(" ") }));
}

/** Those that servers refer to: to list what is kept, somebody might have to be asked for a passphrase. */
async function serverSecrets(): Promise<Candidate[]> {
  const { readServersFile, serversFile } = await import("../servers/read-servers-file.ts");
  const { secretsOf } = await import("../servers/secrets-of.ts");
  const { home, paths: folders } = surroundings();
  const { servers } = await readServersFile(serversFile(folders.config), { home });
  return servers.flatMap((server) => secretsOf(server).map((value) => ({ value, description: server.name })));
}

/** Those that are there, and those that ran. */
async function plugins(): Promise<Candidate[]> {
  const { discoverPlugins } = await import("../plugin/discovery/discover.ts");
  const { pluginsFolder } = await import("../plugin/layout.ts");
  const { home, cwd, paths: folders } = surroundings();
  const found = await discoverPlugins({ home, cwd, configFolder: folders.config, extra: [], disabled: [] });
  const ran = await readdir(pluginsFolder(folders.state)).catch(() => []);
  const names = found.flatMap((one) => {
    if (one.state === "unreadable") return [];
    return [one.state === "ready" ? one.plugin.manifest.name : one.name];
  });
  return [...new Set([...names, ...ran])].sort().map((value) => ({ value }));
}

async function installedPlugins(sources: string[]): Promise<Candidate[]> {
  const { kmFolder } = await import("../plugin/installed/places.ts");
  const { readRegistry } = await import("../plugin/installed/registry.ts");
  const { plugins: registered } = readRegistry(kmFolder(surroundings().home ?? ""));
  return Object.entries(registered)
    .filter(([, { source }]) => sources.includes(source))
    .map(([value, { version }]) => ({ value, description: version }));
}

/** An id that begins with a dash would be taken for a flag. */
async function trustedKeys(): Promise<Candidate[]> {
  const { kmFolder } = await import("../plugin/installed/places.ts");
  const { readTrustedKeys } = await import("../plugin/installed/trusted-keys.ts");
  return readTrustedKeys(kmFolder(surroundings().home ?? ""))
    .filter(({ kid }) => !kid.startsWith("-"))
    .map(({ kid, label }) => ({ value: kid, description: label }));
}

async function tiers(): Promise<Candidate[]> {
  const { tierName, TIERS } = await import("../tiers.ts");
  return TIERS.map((tier) => ({ value: tierName(tier) }));
}

async function configKeys(): Promise<Candidate[]> {
  const { defaultConfig, getValue, KEYS } = await import("../config/keys.ts");
  const { formatValue } = await import("../config/format.ts");
  const defaults = defaultConfig();
  return [...KEYS.keys()].map((key) => ({
    value: key,
    description: `default: ${formatValue(key, getValue(defaults, key))}`,
  }));
}

/** Where the values can be listed, the refusal of a wrong one lists them. */
async function configValues({ before: [key = ""] }: Position): Promise<Candidate[]> {
  const { isKey } = await import("../config/keys.ts");
  const { checkValue } = await import("../config/schema.ts");
  if (!isKey(key)) return [];
  const refusal = checkValue(key, null);
  const [, list] = refusal.ok ? [] : (/^Allowed: (\w+(?:, \w+)+)\.$/.exec(refusal.hint) ?? []);
  return (list?.split(", ") ?? []).map((value) => ({ value }));
}

/** The words of commands, one after the other, or a topic. */
async function helpSubjects({ program, before }: Position): Promise<Candidate[]> {
  let group: Group | undefined = program;
  for (const word of before) {
    const entry: Entry | undefined = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (entry === undefined || "load" in entry) return [];
    group = entry;
  }
  const commands = Object.entries(group.commands).filter(([, { hidden }]) => !hidden);
  const { TOPICS } = await import("../help/topics.ts");
  const topics =
    before.length > 0 ? [] : Object.entries(TOPICS).filter(([name]) => !Object.hasOwn(group.commands, name));
  return [...commands, ...topics].map(([value, { description }]) => ({ value, description }));
}
