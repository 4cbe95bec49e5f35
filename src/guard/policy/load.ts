/** Loads the policies in force: the system's, the user's, and those of trusted projects. */
import { readText } from "../../config/load.ts";
import { type ConfigProblem, formatProblem } from "../../config/problem.ts";
import { KmError } from "../../errors.ts";
import type { CompiledLevel, CompiledPolicy, PathBase } from "./compiled.ts";
import { findPolicies, type PolicyFile, type PolicyPlaces, projectOf } from "./find-policies.ts";
import { readPolicy } from "./read-policy.ts";
import { usesOf } from "./uses.ts";

export interface PolicyOptions extends PolicyPlaces {
  platform: NodeJS.Platform;
  /** Whether the policy of the project in this folder counts. */
  isTrusted: (folder: string) => boolean;
  /** The folder in which the server runs; default: `cwd`. */
  serverCwd?: string;
}

export interface LoadedPolicy {
  policy: CompiledPolicy;
  /** What a person should know: a project's policy that does not count, since its folder is not trusted. */
  warnings: string[];
}

export interface ReadPolicies {
  levels: CompiledLevel[];
  problems: ConfigProblem[];
  /** About policies that are used all the same. */
  warnings: ConfigProblem[];
  /** Of projects that are not trusted. */
  ignored: PolicyFile[];
}

const USAGE = 2;

/**
 * @returns undefined where there is no policy that counts, and nothing to say
 * @throws KmError as `policyOf`
 */
export function loadPolicy(options: PolicyOptions): LoadedPolicy | undefined {
  const { levels, ignored } = policyOf(options, findPolicies(options));
  const warnings = ignored.map(({ file }) => `${file} does not count: look at it, then km policy trust`);
  if (levels.length === 0 && warnings.length === 0) return undefined;
  return { policy: { levels, uses: usesOf(levels) }, warnings };
}

/** @throws KmError CFG_001, CFG_002 or CFG_003 with the exit code 2 where one is wrong in any way: none is used then */
export function policyOf(options: PolicyOptions, files: PolicyFile[]): Omit<ReadPolicies, "problems" | "warnings"> {
  const { problems, levels, ignored } = readPolicies(options, files);
  const [first] = problems;
  if (first === undefined) return { levels, ignored };
  const more = problems.length > 1 ? `${problems.length - 1} more: see km policy check.` : undefined;
  const hint = [first.hint, more].filter((part) => part !== undefined).join(" ");
  throw new KmError(first.code, formatProblem(first), { exitCode: USAGE, ...(hint === "" ? {} : { hint }) });
}

/** All that is wrong, and not only the first of it. */
export function readPolicies(options: PolicyOptions, files: PolicyFile[]): ReadPolicies {
  const read: ReadPolicies = { levels: [], problems: [], warnings: [], ignored: [] };
  for (const place of files) {
    if (place.source === "project" && !options.isTrusted(projectOf(place.file))) {
      read.ignored.push(place);
      continue;
    }
    const text = place.text ?? readText(place.file);
    const missing: ConfigProblem = { code: "CFG_001", severity: "error", file: place.file, message: "No such file" };
    if (typeof text !== "string") {
      read.problems.push(text ?? { ...missing, hint: "It was named by --policy or KM_POLICY." });
      continue;
    }
    const level = readPolicy(text, place, pathBase(options));
    if ("problems" in level) read.problems.push(...level.problems);
    else {
      read.levels.push(level.level);
      read.warnings.push(...level.warnings);
    }
  }
  return read;
}

export function pathBase({ cwd, serverCwd, home, platform }: Omit<PolicyOptions, "isTrusted">): PathBase {
  const windows = platform === "win32";
  return { cwd: serverCwd ?? cwd, home, windows, anyCase: windows || platform === "darwin" };
}
