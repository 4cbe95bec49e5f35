/** `CompiledPolicy`: policies as the engine takes them. Plain data, so that they can be handed to another thread. */
import type { ApprovalScope } from "../../stream/verdict.ts";
import type { Severity } from "../findings/finding.ts";

export interface CompiledPolicy {
  /** All of them are asked, and the strictest answer counts. In the order system, user, project, role. */
  levels: CompiledLevel[];
  /** What the engine needs besides itself, so that nothing else is loaded. */
  uses: PolicyUses;
}

export interface PolicyUses {
  /** Rules about findings in arguments and results. */
  findings: boolean;
  /** The rules by which km masks secrets in what it records. */
  secrets: boolean;
  /** What is known of the tools' definitions: annotations, and whether they are new or changed. */
  definitions: boolean;
  /** Results that are handed out in parts. */
  results: boolean;
  /** Lists without what is denied. */
  lists: boolean;
}

export interface CompiledLevel {
  /** `role`: what `km proxy` lets the client do that it speaks for. */
  source: "system" | "user" | "project" | "role";
  file: string;
  /** `observe`: nothing of this level is enforced. */
  mode: "enforce" | "observe";
  default: Decision;
  rules: CompiledRule[];
  /** How it is asked where no rule says so: for the default. */
  ask: Asking;
  /** Undefined where results have no bound. */
  max_tokens: number | undefined;
  tools: { new: ToolAction; changed: ToolAction };
  /** `allowed`: what is denied whatever the arguments is left out of lists. */
  lists: "whole" | "allowed";
}

/** From the least strict to the strictest. */
export type Decision = "allow" | "ask" | "deny";
export type ToolAction = "allow" | "warn" | "block";

export interface CompiledRule {
  name: string;
  reason: string | undefined;
  /** What happens to a message of which cannot be told whether the conditions are met. */
  on_error: "block" | "pass";
  when: Conditions;
  effect: Consequence;
}

export type Consequence =
  | { action: "allow" | "deny" }
  | { action: "ask"; ask: Asking }
  | { action: "redact"; arguments: Masking | undefined; result: Masking | undefined }
  | { action: "limit"; limit: Limit };

export interface Asking {
  timeout_ms: number;
  on_timeout: "pass" | "block";
  remember: ApprovalScope;
}

/** What is masked. */
export interface Masking {
  /** Whatever looks like a secret. */
  secrets: boolean;
  /** Whole values. */
  paths: ValuePath[];
  /** Sources of regular expressions. */
  patterns: string[];
}

export interface Limit {
  /** At most so many calls in the window; undefined for any number. */
  calls: number | undefined;
  /** At most so many bytes of requests and their answers in the window. */
  bytes: number | undefined;
  window_ms: number;
  /** Of each result, in place of the level's; null for none. */
  max_tokens: number | null | undefined;
}

/** All of them must be met. */
export interface Conditions {
  server: NamePatterns | undefined;
  tool: NamePatterns | undefined;
  method: NamePatterns | undefined;
  prompt: NamePatterns | undefined;
  /** Of URIs. */
  resource: NamePatterns | undefined;
  arguments: ArgumentCondition[];
  /** By the name of the hint. */
  annotations: Record<string, boolean | string> | undefined;
  definition: ("new" | "changed")[] | undefined;
  time: TimeCondition | undefined;
  findings: FindingsCondition | undefined;
}

/** Globs: a name must match one of the first (any, where there is none) and none of the second. */
export interface NamePatterns {
  any: string[];
  none: string[];
}

/** Globs of members' names and positions in lists, from the outside in; `**` is any number of any of them. */
export type ValuePath = string[];

export interface ArgumentCondition {
  path: ValuePath;
  /** All of them must be met by the same value. */
  tests: ValueTest[];
}

export type ValueTest =
  | { test: "present"; present: boolean }
  | { test: "one of"; values: Scalar[] }
  | { test: "matches"; pattern: string }
  | { test: "inside" | "outside"; folders: Folder[]; base: PathBase }
  | { test: "host"; hosts: NamePatterns; ranges: AddressRange[] }
  | { test: "private address"; isPrivate: boolean }
  | { test: "above" | "below"; bound: number }
  | { test: "longer than"; length: number }
  | { test: "not"; tests: ValueTest[] };

export type Scalar = string | number | boolean | null;

/** The parts of an absolute path, the root or drive first. */
export type Folder = string[];

/** How paths are read here. */
export interface PathBase {
  /** What a path that is not absolute begins at. */
  cwd: string;
  home: string | undefined;
  windows: boolean;
  /** Whether the file system takes `A` for `a`. */
  anyCase: boolean;
}

/** The bytes of an address, 4 or 16, of which the first bits must agree. */
export interface AddressRange {
  bytes: number[];
  bits: number;
}

export interface TimeCondition {
  /** Minutes of the day, the end not included; it lies before the start where midnight is between them. */
  hours: { from: number; to: number }[];
  /** 0 is Sunday; empty for every day. */
  days: number[];
  /** Of the IANA database; undefined for this machine's. */
  zone: string | undefined;
}

export interface FindingsCondition {
  least: Severity;
  in: ("arguments" | "result")[];
  /** Globs of the ids of rules. */
  rules: NamePatterns | undefined;
}
