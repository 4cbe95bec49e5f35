/**
 * `readSettings`: what the services are told: by services.yaml, over that by the variables `KM_<SERVICE>_<KEY>`, over that by
 * flags. Everything is checked by the schemas of the chosen services; what belongs to others is passed over.
 */
import * as v from "valibot";
import { dirname, resolve } from "node:path";
import { errorFrom } from "../../config/problem.ts";
import { readChecked } from "../../config/read-checked.ts";
import { parseDuration, parsePerTime, parseSize, type PerTime } from "../../config/units.ts";
import { KmError } from "../../errors.ts";
import { parseNames } from "../../guard/policy/written.ts";
import type { NamePatterns } from "../../guard/policy/compiled.ts";
import { isMapping } from "../../is-mapping.ts";
import type { AnyService } from "../services.ts";
import type { Access } from "../tool.ts";
import { type Override, withOverrides } from "./overrides.ts";
import { writtenSchema } from "./written.ts";

export interface HostSettings {
  allow: ReadonlySet<Access>;
  toolsets: ReadonlySet<string>;
  /** By their full names; undefined for all. */
  tools: NamePatterns | undefined;
  mostBytes: number;
  timeoutMs: number;
  cacheBytes: number;
  /** Calls at a time. */
  most: { service: number; caller: number };
  /** HTTP requests in a time, where no file for `--access` says another limit. */
  requests: PerTime | undefined;
  /** Undefined where nothing is written down. */
  audit: AuditSettings | undefined;
}

export interface AuditSettings {
  file: string;
  maxBytes: number;
  keep: number;
  hasArguments: boolean;
  isRequired: boolean;
}

export interface Settings {
  host: HostSettings;
  /** What each service's `open` is given, by name. */
  services: Map<string, unknown>;
}

export interface SettingsSources {
  file: string;
  /** Undefined where there is no file. */
  text: string | undefined;
  overrides: readonly Override[];
}

/**
 * @param chosen those that are served
 * @param names of all that there are
 * @throws KmError CFG_001 to CFG_003 for the first thing that is wrong
 */
export function readSettings(
  chosen: readonly AnyService[],
  names: readonly string[],
  { file, text, overrides }: SettingsSources,
): Settings {
  const parts = Object.fromEntries(chosen.map(({ name, config }) => [name, v.optional(config)]));
  const others = Object.fromEntries(names.map((name) => [name, v.optional(v.unknown())]));
  const schema = writtenSchema({ ...others, ...parts });
  const read = readChecked(file, text ?? "", schema, (written) => written);
  if ("problems" in read) throw errorFrom(read.problems) ?? new KmError("CFG_001", `Cannot use ${file}`);
  const whole = withOverrides(read.value, schema, overrides);
  const { allow = [], toolsets = ["core"], limits = {}, services: written = {} } = whole;
  const services = new Map<string, unknown>();
  for (const { name, config } of chosen) {
    const own = isMapping(written) ? written[name] : undefined;
    // Checked already, but for the defaults of a service of which nothing is written.
    services.set(name, own ?? v.parse(config, {}));
  }
  return {
    host: {
      allow: new Set<Access>(["read", ...allow]),
      toolsets: new Set(toolsets),
      tools: whole.tools === undefined ? undefined : namesIn(whole.tools, file),
      mostBytes: parseSize(String(limits.answer ?? "64kb")) ?? 0,
      timeoutMs: parseDuration(limits.timeout ?? "60s") ?? 0,
      cacheBytes: parseSize(String(limits.cache ?? "32mb")) ?? 0,
      most: { service: limits.service_calls ?? 32, caller: limits.caller_calls ?? 16 },
      requests: parsePerTime(limits.requests ?? "6000/1m"),
      audit: whole.audit && auditOf(whole.audit, file),
    },
    services,
  };
}

function namesIn(written: string | string[], file: string): NamePatterns {
  const names = parseNames(written);
  if (names === undefined) throw new KmError("CFG_002", `${file}: tools has an empty name`);
  return names;
}

interface WrittenAudit {
  file: string;
  max_size?: string | number | undefined;
  keep?: number | undefined;
  arguments?: boolean | undefined;
  required?: boolean | undefined;
}

function auditOf(written: WrittenAudit, file: string): AuditSettings {
  return {
    file: resolve(dirname(file), written.file),
    maxBytes: parseSize(String(written.max_size ?? "10mb")) ?? 0,
    keep: written.keep ?? 5,
    hasArguments: written.arguments ?? true,
    isRequired: written.required ?? false,
  };
}
