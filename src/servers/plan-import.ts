/** `planImport`: which servers of clients' files become servers of the registry, and by what names. */
import type { Redactor } from "../guard/redaction/redact.ts";
import { type Imported, type ImportedDefinition, importedServer } from "./imported-server.ts";
import { readServers } from "./read-servers.ts";
import type { WrittenServer } from "./schema.ts";
import { usableName } from "./server-name.ts";

/** Of a name that has its client's behind it: names are no longer than 64 characters. */
const MOST_BEFORE_CLIENT = 40;

export interface FoundServer extends ImportedDefinition {
  name: string;
  /** Of the client, as it is typed and as it is called. */
  client: string;
  title: string;
}

export interface PlannedServer extends Imported {
  name: string;
  titles: string[];
}

export interface ImportPlan {
  added: PlannedServer[];
  /** Why others are not: a sentence each. */
  left: string[];
}

/** @param known the servers that are in the registry, as they are written */
export function planImport(
  found: FoundServer[],
  known: ReadonlyMap<string, WrittenServer | undefined>,
  redactor: Redactor,
): ImportPlan {
  const plan: ImportPlan = { added: [], left: [] };
  for (const one of found) {
    const usable = usableName(one.name);
    if (usable === undefined) {
      plan.left.push(`${JSON.stringify(one.name)} of ${one.title}: nothing of its name can be one here`);
      continue;
    }
    placeServer(usable, one, known, plan, redactor);
  }
  return plan;
}

/** By its own name; where another server has that, with its client's behind it, unless it is there by such a name already. */
function placeServer(
  usable: string,
  one: FoundServer,
  known: ReadonlyMap<string, WrittenServer | undefined>,
  plan: ImportPlan,
  redactor: Redactor,
): void {
  const names = [...known.keys(), ...plan.added.map(({ name }) => name)];
  const named = (wanted: string): string[] => names.filter((name) => name.toLowerCase() === wanted.toLowerCase());
  const prefix = `${usable.slice(0, MOST_BEFORE_CLIENT)}-`;
  const free = [usable, prefix + one.client].find((name) => named(name).length === 0);
  // Where its own name is free, another one that is the same is another all the same.
  const taken =
    free === usable
      ? []
      : [...named(usable), ...names.filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase()))];
  for (const name of taken) {
    const imported = importedServer(name, one, redactor);
    if (imported === undefined) break;
    if (isSame(known.get(name), imported.server)) {
      plan.left.push(`${one.name} of ${one.title}: it is there already, as ${name}`);
      return;
    }
    const same = plan.added.find((other) => other.name === name);
    if (same !== undefined && isSame(same.server, imported.server) && Bun.deepEquals(same.secrets, imported.secrets)) {
      if (!same.titles.includes(one.title)) same.titles.push(one.title);
      return;
    }
  }
  if (free === undefined) plan.left.push(`${one.name} of ${one.title}: there are other servers of that name`);
  else add(free, one, plan, redactor);
}

function add(name: string, one: FoundServer, plan: ImportPlan, redactor: Redactor): void {
  const imported = importedServer(name, one, redactor);
  if (imported === undefined) {
    plan.left.push(`${one.name} of ${one.title}: it has neither a command nor an address`);
    return;
  }
  const problem = problemOf(name, imported.server);
  const renamed = name === one.name ? [] : [`is called ${JSON.stringify(one.name)} by ${one.title}`];
  const notes = [...renamed, ...imported.notes];
  if (problem === undefined) plan.added.push({ ...imported, notes, name, titles: [one.title] });
  else plan.left.push(`${one.name} of ${one.title}: ${problem}`);
}

function isSame(a: WrittenServer | undefined, b: WrittenServer): boolean {
  if (a === undefined) return false;
  // What somebody added to it here makes it no other server.
  const { tags: _tags, limits: _limits, fallback: _fallback, tls: _tls, ...essence } = a;
  const { command = [], args = [], ...others } = essence;
  const { command: otherCommand = [], args: otherArgs = [], ...rest } = b;
  return Bun.deepEquals([command, args].flat(), [otherCommand, otherArgs].flat()) && Bun.deepEquals(others, rest);
}

/** What km would not take, such as a relative folder. */
function problemOf(name: string, server: WrittenServer): string | undefined {
  const text = JSON.stringify({ version: 1, servers: { [name]: server } });
  return readServers("", text, { home: undefined }).problems.find(({ severity }) => severity === "error")?.message;
}
