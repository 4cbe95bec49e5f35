/** `readServers`: the text of `servers.yaml` to servers, and everything that is wrong with it, each with its place. */
import * as v from "valibot";
import { closest } from "../closest.ts";
import { inOrder, issueProblem, placeName, type Steps } from "../config/issue-problem.ts";
import { locatedYaml } from "../config/located-yaml.ts";
import { type ConfigProblem, describe } from "../config/problem.ts";
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

type Told = Omit<RegistryProblem, "file" | "severity"> & { severity?: "warning" };

/** Never throws for what the text contains. */
export function readServers(file: string, text: string, { home, thorough = false }: ReadOptions): Registry {
  const registry: Registry = { file, names: [], lines: new Map(), servers: [], written: new Map(), problems: [] };
  const wrong = new Set<string>();
  const add = (problem: Told): void => {
    if (problem.server !== undefined && problem.severity === undefined) wrong.add(problem.server);
    if (registry.problems.length < MOST_PROBLEMS) registry.problems.push({ file, severity: "error", ...problem });
  };
  const read = locatedYaml(text);
  if ("problem" in read) {
    add(read.problem);
    return registry;
  }
  const { located, written: root } = read;
  const envelope = v.safeParse(ENVELOPE, root ?? { version: 1 }, { abortPipeEarly: true });
  for (const issue of envelope.issues ?? []) {
    const problem = issueProblem(issue, read);
    const isBegin = problem.key === "version" && problem.message === "version is missing";
    add(isBegin ? { ...problem, hint: "Begin the file with version: 1." } : problem);
  }
  const servers = isMapping(root) && isMapping(root["servers"]) ? root["servers"] : {};
  if (envelope.issues?.some(({ path }) => path?.[0].key === "version")) return ordered();

  registry.names = Object.keys(servers);
  const places = registry.names.map((name) => ({ name, ...located.find(["servers", name], "key") }));
  for (const { name, line } of places) registry.lines.set(name, line);
  const inText = places.toSorted((a, b) => a.line - b.line || a.column - b.column);
  for (const { name, ...position } of located.duplicates) {
    const server = inText.findLast(
      (one) => one.line < position.line || (one.line === position.line && one.column <= position.column),
    );
    const owner = Object.hasOwn(servers, name) && server === undefined ? name : server?.name;
    const message = `The key ${describe(name)} stands twice`;
    add({ code: "CFG_001", ...position, message, ...(owner && { server: owner }) });
  }
  for (const { message, ...position } of located.warnings) {
    add({ code: "CFG_001", ...position, message, hint: "A text that begins with ! needs quotes." });
  }
  const inOneCase = new Map<string, string>();
  for (const { name, line, column } of places) {
    const problem = nameProblem(name);
    const other = inOneCase.get(name.toLowerCase());
    inOneCase.set(name.toLowerCase(), name);
    const told = { code: "CFG_002", server: name, line, column } as const;
    if (problem !== undefined) {
      add({ ...told, message: `A server cannot be called ${describe(name)}`, hint: `Allowed: ${problem}.` });
    } else if (other !== undefined) {
      const message = `The name ${describe(name)} is ${describe(other)} in other letters`;
      add({ ...told, message, hint: "Names must differ by more." });
    }
    readServer(name, servers[name]);
  }
  checkFallbacks();
  return ordered();

  function readServer(name: string, value: unknown): void {
    const base = ["servers", name];
    const parsed = v.safeParse(SERVER, value ?? {}, { abortPipeEarly: true });
    for (const issue of parsed.issues ?? []) {
      add({ ...issueProblem(issue, { located, written: value, base }), server: name });
    }
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
    const key = placeName(steps);
    add({
      code: "CFG_002",
      server,
      ...located.find(steps, part),
      key,
      message: `${key} ${message}`,
      ...(hint !== undefined && { hint }),
      ...(severity !== undefined && { severity }),
    });
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

  function ordered(): Registry {
    return { ...registry, problems: inOrder(registry.problems) };
  }
}
