/** What a check of `km doctor` is, and what it finds. */
import type { Environment, Paths } from "../config/paths.ts";

export type Status = "ok" | "warning" | "failure";

/** All that a check may look at besides the files it names. */
export interface Surroundings {
  platform: NodeJS.Platform;
  arch: string;
  env: Environment;
  cwd: string;
  home: string | undefined;
  /** Undefined where km cannot tell its folders; the check of the configuration says why. */
  paths: Paths | undefined;
  /** The program that runs: km, or Bun where km runs from its sources. */
  executable: string;
  compiled: boolean;
}

export interface Finding {
  /** Stable, for programs: `binary.path`. Several findings of a check may share it. */
  id: string;
  status: Status;
  /** What was looked at. */
  title: string;
  /** The state found. */
  detail: string;
  /** What to do; only where something should be done. */
  remedy?: string;
  /** Does it. Resolves with what was done, throws where that failed. */
  fix?: () => Promise<string>;
}

export interface Check {
  id: string;
  group: string;
  title: string;
  /** 3000 unless given. */
  patienceMs?: number;
  /** @param signal aborted when nobody waits for the result any more */
  run(surroundings: Surroundings, signal: AbortSignal): Promise<Finding[]>;
}

export interface Result extends Finding {
  group: string;
}
