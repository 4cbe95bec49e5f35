/** `servedSettings`: which services `km serve` was told to serve, and what they are told, read as it stands now. */
import { join, resolve } from "node:path";
import { closest } from "../closest.ts";
import type { Flags } from "../command.ts";
import { readText } from "../config/load.ts";
import { paths } from "../context.ts";
import { KmError } from "../errors.ts";
import { type Override, overridesIn } from "../services/config/overrides.ts";
import { readSettings, type Settings } from "../services/config/settings.ts";
import { HOST_KEYS } from "../services/config/written.ts";
import type { ServiceFlag } from "../services/service.ts";
import { type AnyService, SERVICES } from "../services/services.ts";
import type { Access, ServiceTool } from "../services/tool.ts";

export interface SettingsArgs {
  allow: string[];
  toolsets?: string | undefined;
  set: string[];
  config?: string | undefined;
  /** Of the services' own flags, as `serviceFlags` has them. */
  [flag: string]: unknown;
}

/** @throws KmError USAGE for a name that none has */
export async function chosenServices(names: readonly string[]): Promise<AnyService[]> {
  const known = Object.keys(SERVICES);
  const wanted = names.includes("all") ? known : [...new Set(names)];
  return await Promise.all(
    wanted.map(async (name) => {
      const entry = Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined;
      if (entry !== undefined) return (await entry.load()).default;
      const near = closest(name, [...known, "all"]);
      throw new KmError("USAGE", `There is no service ${JSON.stringify(name)}`, {
        hint: near === undefined ? `There are: ${known.join(", ")}; or all.` : `Did you mean ${near}?`,
      });
    }),
  );
}

/** The short ways of the services that are named among the words, as flags of the command. */
export async function serviceFlags(words: readonly string[]): Promise<Flags> {
  const known = Object.keys(SERVICES);
  const services = await chosenServices(words.includes("all") ? known : words.filter((word) => known.includes(word)));
  const flags: Flags = {};
  for (const [name, owners] of ownersOf(services)) {
    const [first] = owners;
    if (first === undefined) continue;
    const { valueHint, description } = first.flag;
    // Where several have it, `run` says so: as a flag that is not known it would be a riddle.
    flags[name] = { type: "string", repeat: true, valueHint, description: `${first.service.title}: ${description}` };
  }
  return flags;
}

export function settingsFile({ config }: Pick<SettingsArgs, "config">): string {
  return config === undefined ? join(paths().config, "services.yaml") : resolve(config);
}

/**
 * @param warn told of what was ignored
 * @throws KmError USAGE for flags; CFG_001 to CFG_003 for the file, the variables and the flags' values
 */
export async function servedSettings(
  services: readonly AnyService[],
  args: SettingsArgs,
  warn: (text: string) => void,
): Promise<Settings> {
  const file = settingsFile(args);
  const text = readText(file);
  if (text !== undefined && typeof text !== "string") {
    throw new KmError(text.code, `${file}: ${text.message}`, text.hint === undefined ? {} : { hint: text.hint });
  }
  if (text === undefined && args.config !== undefined) throw new KmError("CFG_001", `There is no file ${file}`);
  const configs = new Map(services.map(({ name, config }) => [name, config]));
  const overrides = [...overridesIn(process.env, configs, warn), ...overridesOf(services, args)];
  const settings = readSettings(services, Object.keys(SERVICES), { file, text, overrides });
  await checkToolsets(services, settings.host.toolsets);
  for (const access of settings.host.allow) {
    const toolsets = toolsetsWithout(services, settings.host.toolsets, access);
    if (toolsets !== undefined) warn(`allow ${access} adds no tool: those are in the toolsets ${toolsets.join(", ")}`);
  }
  return settings;
}

/** One of a service that is not served is none too many: the file may be for several runs of km. */
async function checkToolsets(services: readonly AnyService[], wanted: ReadonlySet<string>): Promise<void> {
  const own = toolsetsOf(services);
  if (wanted.isSubsetOf(own)) return;
  const unknown = wanted.difference(own.union(toolsetsOf(await chosenServices(["all"]))));
  const [first] = unknown;
  if (first === undefined) return;
  const near = closest(first, [...own]);
  throw new KmError("CFG_002", `toolsets: there is none called ${JSON.stringify(first)}`, {
    hint: near === undefined ? `There are: ${[...own].join(", ")}.` : `Did you mean ${near}?`,
  });
}

/** Where there are tools of such an access, if none of them is in a toolset that is wanted. */
function toolsetsWithout(
  services: readonly AnyService[],
  wanted: ReadonlySet<string>,
  access: Access,
): string[] | undefined {
  const tools = services.flatMap((service): readonly ServiceTool<unknown>[] => service.tools);
  const toolsets = new Set(tools.filter((tool) => tool.access === access).map(({ toolset }) => toolset));
  const isSome = wanted.has("all") || !toolsets.isDisjointFrom(wanted);
  return isSome || toolsets.size === 0 ? undefined : [...toolsets];
}

function toolsetsOf(services: readonly AnyService[]): Set<string> {
  return new Set(["all", ...services.flatMap(({ tools }) => tools.map(({ toolset }) => toolset))]);
}

function overridesOf(services: readonly AnyService[], args: SettingsArgs): Override[] {
  const overrides = args.set.map((text): Override => {
    const [, key = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key === "") throw new KmError("USAGE", `Flag --set is not key=value: "${text}"`);
    const path = key.split(".");
    return { source: `--set ${key}`, path: HOST_KEYS.includes(path[0] ?? "") ? path : ["services", ...path], value };
  });
  for (const [name, owners] of ownersOf(services)) {
    const value = args[name];
    if (!Array.isArray(value) || value.length === 0) continue;
    const [owner, other] = owners;
    if (owner === undefined) continue;
    if (other !== undefined) {
      const names = owners.map(({ service }) => service.name);
      throw new KmError("USAGE", `Flag --${name} could be meant for ${names.join(" or ")}`, {
        hint: `Say for which: --set ${names[0]}.${owner.flag.key}=...`,
      });
    }
    const { service, flag } = owner;
    if (value.length > 1 && flag.repeat !== true) throw new KmError("USAGE", `Flag --${name} is given twice`);
    overrides.push({
      source: `--${name}`,
      path: ["services", service.name, ...flag.key.split(".")],
      value: flag.repeat === true ? value.map(String) : String(value[0]),
    });
  }
  const lists = { allow: args.allow.flatMap((one) => one.split(",")), toolsets: args.toolsets?.split(",") ?? [] };
  for (const [key, value] of Object.entries(lists)) {
    if (value.length > 0) overrides.push({ source: `--${key}`, path: [key], value: value.map((one) => one.trim()) });
  }
  return overrides;
}

interface FlagOwner {
  service: AnyService;
  flag: ServiceFlag;
}

function ownersOf(services: readonly AnyService[]): Map<string, FlagOwner[]> {
  const owners = new Map<string, FlagOwner[]>();
  for (const service of services) {
    for (const [name, flag] of Object.entries(service.flags ?? {})) {
      owners.set(name, [...(owners.get(name) ?? []), { service, flag }]);
    }
  }
  return owners;
}
