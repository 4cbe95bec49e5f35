/** `readServers`: the text of `servers.yaml` to servers, and everything that is wrong with it, each with its place. */
import * as v from "valibot";
import { closest } from "../closest.ts";
import { type Located, locate } from "../config/locate.ts";
import { type ConfigProblem, describe } from "../config/problem.ts";
import { messageOf } from "../errors.ts";
import { isMapping } from "../is-mapping.ts";
import { compileServer, type ServerProblem } from "./compile-server.ts";
import { ENVELOPE, SERVER, type WrittenServer } from "./schema.ts";
import { nameProblem } from "./server-name.ts";
import type { Server } from "./server.ts";
import { serverWarnings } from "./server-warnings.ts";

export interface Registry {
  file: string;
  /** All that are written, in the order of the file. */
  names: string[];
  /** On which line each of them begins. */
  lines: Map<string, number>;
  /** Those that can be used. */
  servers: Server[];
  /** These as they are written. */
  written: Map<string, WrittenServer>;
  problems: RegistryProblem[];
}

/** One with an error is not among the servers. Without a `server` it is of the whole file. */
export type RegistryProblem = ConfigProblem & { server?: string };

export interface ReadOptions {
  home: string | undefined;
  /** Also find what changes nothing: secrets that stand there as they are, addresses that anyone can listen to. */
  thorough?: boolean;
}

/** Nobody reads more. */
const MOST_PROBLEMS = 1000;

type Steps = (string | number)[];
type Told = Pick<RegistryProblem, "code" | "message" | "hint" | "server"> & { severity?: "warning" };

/** Never throws for what the text contains. */
export function readServers(file: string, text: string, { home, thorough = false }: ReadOptions): Registry {
  const registry: Registry = { file, names: [], lines: new Map(), servers: [], written: new Map(), problems: [] };
  const wrong = new Set<string>();
  let located: Located;
  let root: unknown;
  const add = (problem: Told, position: { line: number; column: number }): void => {
    if (problem.server !== undefined && problem.severity === undefined) wrong.add(problem.server);
    if (registry.problems.length < MOST_PROBLEMS)
      registry.problems.push({ file, severity: "error", ...problem, ...position });
  };
  const unreadable = (why: string, position = { line: 1, column: 1 }, hint?: string): Registry => {
    add({ code: "CFG_001", message: `Not readable as YAML: ${why}`, ...(hint !== undefined && { hint }) }, position);
    return registry;
  };
  try {
    located = locate(text.replace(/^\ufeff/, ""));
    if (located.syntaxError === undefined) root = located.value();
  } catch (error) {
    return unreadable(error instanceof RangeError ? "nested too deeply" : messageOf(error));
  }
  if (located.syntaxError !== undefined) {
    const { message, ...position } = located.syntaxError;
    return unreadable(message, position, "Check quotes, brackets and indentation around this place.");
  }
  const envelope = v.safeParse(ENVELOPE, root ?? { version: 1 }, { abortPipeEarly: true });
  for (const issue of envelope.issues ?? []) addIssue(issue, []);
  const servers = isMapping(root) && isMapping(root["servers"]) ? root["servers"] : {};
  if (envelope.issues?.some(({ path }) => path?.[0].key === "version")) return inOrder(registry);

  registry.names = Object.keys(servers);
  const places = registry.names.map((name) => ({ name, ...located.find(["servers", name], "key") }));
  for (const { name, line } of places) registry.lines.set(name, line);
  const inText = places.toSorted((a, b) => a.line - b.line || a.column - b.column);
  for (const { name, ...position } of located.duplicates) {
    const server = inText.findLast(
      (one) => one.line < position.line || (one.line === position.line && one.column <= position.column),
    );
    const owner = Object.hasOwn(servers, name) && server === undefined ? name : server?.name;
    add(
      { code: "CFG_001", message: `The key ${describe(name)} stands twice`, ...(owner && { server: owner }) },
      position,
    );
  }
  for (const { message, ...position } of located.warnings) {
    add({ code: "CFG_001", message, hint: "A text that begins with ! needs quotes." }, position);
  }
  const inOneCase = new Map<string, string>();
  for (const { name, line, column } of places) {
    const problem = nameProblem(name);
    const other = inOneCase.get(name.toLowerCase());
    inOneCase.set(name.toLowerCase(), name);
    const told = { code: "CFG_002", server: name } as const;
    if (problem !== undefined) {
      add(
        { ...told, message: `A server cannot be called ${describe(name)}`, hint: `Allowed: ${problem}.` },
        { line, column },
      );
    } else if (other !== undefined) {
      const message = `The name ${describe(name)} is ${describe(other)} in other letters`;
      add({ ...told, message, hint: "Names must differ by more." }, { line, column });
    }
    readServer(name, servers[name]);
  }
  checkFallbacks();
  return inOrder(registry);

  function readServer(name: string, value: unknown): void {
    const base = ["servers", name];
    const parsed = v.safeParse(SERVER, value ?? {}, { abortPipeEarly: true });
    for (const issue of parsed.issues ?? []) addIssue(issue, base, name);
    if (!parsed.success) return;
    const compiled = compileServer(name, parsed.output, home);
    if ("problems" in compiled) for (const problem of compiled.problems) addProblem(name, base, problem);
    if (thorough) for (const warning of serverWarnings(name, parsed.output)) addProblem(name, base, warning, "warning");
    if ("problems" in compiled || wrong.has(name)) return;
    registry.servers.push(compiled.server);
    registry.written.set(name, parsed.output);
  }

  function addProblem(server: string, base: Steps, { path, part, message, hint }: ServerProblem, severity?: "warning") {
    const steps = [...base, ...path];
    const told: Told = {
      code: "CFG_002",
      server,
      message: `${nameOf(steps)} ${message}`,
      ...(hint !== undefined && { hint }),
    };
    add({ ...told, ...(severity !== undefined && { severity }) }, located.find(steps, part));
  }

  function checkFallbacks(): void {
    for (const { name, fallback } of registry.servers) {
      fallback.forEach((other, index) => {
        if (Object.hasOwn(servers, other) && other !== name) return;
        const near = closest(
          other,
          Object.keys(servers).filter((one) => one !== name),
        );
        const message = other === name ? "is the server itself" : `names no server: ${describe(other)}`;
        const hint = near === undefined ? undefined : `Did you mean ${near}?`;
        const problem = {
          path: ["fallback", index],
          part: "value",
          message,
          ...(hint !== undefined && { hint }),
        } as const;
        addProblem(name, ["servers", name], { ...problem, path: [...problem.path] });
      });
    }
    registry.servers = registry.servers.filter(({ name }) => !wrong.has(name));
  }

  function addIssue(issue: v.BaseIssue<unknown>, base: Steps, server?: string): void {
    const items = issue.path ?? [];
    const path = [...base, ...items.map(({ key }) => (typeof key === "number" ? key : String(key)))];
    const of = server === undefined ? {} : { server };
    const [key, last] = [nameOf(path), path.at(-1)];
    if (issue.type === "strict_object" && issue.expected === "never") {
      const near = closest(String(last).slice(0, 64), issue.message.split(", "));
      const hint = near === undefined ? `Allowed: ${issue.message}.` : `Did you mean ${near}?`;
      const where = path.length > 1 ? ` in ${nameOf(path.slice(0, -1))}` : "";
      add(
        { code: "CFG_003", ...of, message: `Unknown key ${describe(last)}${where}`, hint },
        located.find(path, "key"),
      );
      return;
    }
    const value = items.length === 0 ? (server === undefined ? root : servers[server]) : items.at(-1)?.value;
    const isMissing = items.length > 0 && value === undefined;
    const message = isMissing ? `${key} is missing` : `${key === "" ? "The file" : key} cannot be ${describe(value)}`;
    const hint = isMissing && key === "version" ? "Begin the file with version: 1." : `Allowed: ${issue.message}.`;
    add({ code: "CFG_002", ...of, message, hint }, located.find(path, "value"));
  }
}

/** `servers.files.args[1]` */
function nameOf(path: Steps): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === "number") return `${name}[${step}]`;
    const shown = /^[\w.-]+$/.test(step) ? step : describe(step);
    return name === "" ? shown : `${name}.${shown}`;
  }, "");
}

function inOrder(registry: Registry): Registry {
  registry.problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return registry;
}
