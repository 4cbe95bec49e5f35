/** Adds servers to `servers.yaml` and removes them: every other byte of the file stays, and its comments do. */
import { readText } from "../config/load.ts";
import { removeInYaml, setInYaml } from "../config/edit.ts";
import { formatProblem } from "../config/problem.ts";
import { rewriteFile } from "../config/rewrite.ts";
import { KmError } from "../errors.ts";
import { readServers, type RegistryProblem } from "./read-servers.ts";
import type { WrittenServer } from "./schema.ts";

/** What a new file begins with. */
export const NEW_FILE = `# MCP servers that km knows by name: km servers list, km monitor --use NAME. All about this file: km help servers.
version: 1

servers:
`;

export interface ChangedServer {
  name: string;
  server: WrittenServer;
}

/**
 * All of them, or none.
 *
 * @throws KmError SRV_003 where there is one of that name, CFG_002 for what may not stand there, CFG_001 for a file that
 * cannot be read, CFG_004 for one that cannot be changed
 */
export async function addServers(file: string, added: ChangedServer[], home: string | undefined): Promise<void> {
  await rewriteFile(file, () => {
    const before = textOf(file);
    const names = namesIn(file, before, home);
    let text = before === "" ? NEW_FILE : before;
    for (const { name, server } of added) {
      if (names.has(name)) {
        throw new KmError("SRV_003", `Cannot add ${name}: there is a server of that name`, {
          hint: `Change it with km servers edit ${name}, or remove it first.`,
        });
      }
      const edited = setInYaml(text, ["servers", name], server, "block");
      if (edited === undefined) throw unchangeable(file, `add ${name} to`);
      text = edited;
    }
    const own = new Set(added.map(({ name }) => name));
    const problem = problemOf(file, text, home, (one) => own.has(one));
    if (problem !== undefined) throw new KmError(problem.code, `Cannot add: ${problem.message}`, hintOf(problem));
    return Promise.resolve(text);
  });
}

/** @throws KmError SRV_003 where there is none of that name; otherwise as `addServers` */
export async function removeServers(file: string, removed: string[], home: string | undefined): Promise<void> {
  await rewriteFile(file, () => {
    let text = textOf(file);
    const names = namesIn(file, text, home);
    for (const name of removed) {
      if (!names.has(name)) throw new KmError("SRV_003", `No such server: ${name}`, { hint: "See km servers list." });
      const edited = removeInYaml(text, ["servers", name]);
      if (edited === undefined) throw unchangeable(file, `remove ${name} from`);
      text = edited;
    }
    return Promise.resolve(text);
  });
}

/** @throws KmError CFG_001 */
export function textOf(file: string): string {
  const text = readText(file) ?? "";
  if (typeof text === "string") return text;
  throw new KmError(text.code, formatProblem(text), hintOf(text));
}

/** Those that are written, whether they can be used or not. */
function namesIn(file: string, text: string, home: string | undefined): Set<string> {
  const { names, problems } = readServers(file, text, { home });
  // What is wrong with the whole of it cannot be left as it is.
  const problem = problems.find(({ server }) => server === undefined);
  if (problem !== undefined && problem.severity === "error" && text !== "")
    throw new KmError(problem.code, formatProblem(problem), hintOf(problem));
  return new Set(names);
}

function problemOf(file: string, text: string, home: string | undefined, isMeant: (name: string) => boolean) {
  const { problems } = readServers(file, text, { home });
  return problems.find(({ severity, server }) => severity === "error" && (server === undefined || isMeant(server)));
}

function hintOf({ hint }: Pick<RegistryProblem, "hint">): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

function unchangeable(file: string, what: string): KmError {
  return new KmError("CFG_004", `Cannot ${what} ${file} without touching the rest of it`, {
    hint: "Change it in an editor: km servers edit.",
  });
}
