/** `km wrap` and `km unwrap`: shows what would change in the clients' files, asks, changes them, says what was done. */
import { KmError, messageOf } from "../errors.ts";
import type { Redactor } from "../guard/redaction/redact.ts";
import { realPath } from "../real-path.ts";
import { removeTemporaries } from "../replace-file.ts";
import { printable } from "../terminal.ts";
import { applyPlan } from "./apply.ts";
import { chooseFiles, wantedClients, type Wish } from "./choose-files.ts";
import { type Client, CLIENTS } from "./clients.ts";
import { type DiffLine, unifiedDiff } from "./diff.ts";
import type { Change } from "./edit-servers.ts";
import { isKmName, monitoringKm } from "./km-name.ts";
import { type Places, tildePath, withTildePath } from "./locations.ts";
import { maskedText } from "./mask-text.ts";
import { type Plan, planChange } from "./plan.ts";
import { tidyJournals } from "./tidy-journals.ts";
import { type ClientFile, isMissing, surveyClients } from "./survey.ts";
import { counted } from "../counted.ts";

export interface ChangeOptions extends Wish {
  kind: "wrap" | "unwrap";
  all: boolean;
  dryRun: boolean;
  yes: boolean;
}

export interface Surroundings {
  places: Places;
  stateFolder: string;
  /** What is put in front of servers; called only to wrap. */
  km(): string;
  redactor: Redactor;
  /** Whether someone is there to answer. */
  isInteractive: boolean;
  /** The diff. */
  show(lines: DiffLine[]): Promise<void>;
  /** A line of anything else. */
  say(text: string): void;
  ask(question: string): Promise<boolean>;
}

/** What is to be done to one file: servers are wrapped and others pointed to this km in two steps. */
interface Job {
  file: ClientFile;
  client: Client;
  steps: { change: Change; plan: Plan }[];
}

/**
 * @returns the exit code: 1 where a file or a server could not be changed, or the answer was no
 * @throws KmError USAGE where it is not said what to change and nobody can be asked, CLT_001, CLT_003, CLT_004
 */
export async function changeClients(options: ChangeOptions, around: Surroundings): Promise<number> {
  const { kind, clients, all, dryRun, yes } = options;
  if (all && clients.length > 0) {
    throw new KmError("USAGE", "Both --all and names of clients are given", { hint: "Leave one of them out." });
  }
  const found = await surveyClients(around.places, wantedClients(clients));
  const oneByOne = !all && clients.length === 0;
  if (oneByOne && !dryRun && (!around.isInteractive || yes)) throw notSaid(kind, found);
  if (kind === "unwrap" && !dryRun && options.servers.length === 0) await tidyJournals(around.stateFolder);
  const { chosen, left } = chooseFiles(found, options);
  if (!dryRun) for (const { path } of chosen) tidyBeside(path);
  sayLeft(kind, left, around);
  const km = kind === "wrap" ? around.km() : "";
  const { jobs, failed } = await planJobs(distinct(chosen), km, options, around);
  if (jobs.length === 0) {
    if (found.length === 0) around.say("No client was found");
    else if (!failed) around.say(kind === "wrap" ? "Nothing is left to wrap" : "Nothing is wrapped");
    return failed ? 1 : 0;
  }
  if (oneByOne && !dryRun) return (await changeOneByOne(jobs, options, around)) && !failed ? 0 : 1;
  for (const job of jobs) await showJob(job, around);
  if (dryRun) return failed ? 1 : 0;
  if (!yes) {
    if (!around.isInteractive) {
      throw new KmError("USAGE", "Cannot ask whether to change the files: no terminal", {
        hint: "Give --yes to change them without being asked.",
      });
    }
    if (!(await around.ask(question(jobs)))) {
      around.say("Nothing was changed");
      return 1;
    }
  }
  let succeeded = !failed;
  for (const job of jobs) succeeded = (await carryOut(job, options, around)) && succeeded;
  return succeeded ? 0 : 1;
}

/** What a killed run left beside a file goes also where there is nothing to change in it. */
function tidyBeside(file: string): void {
  try {
    removeTemporaries(realPath(file));
  } catch {
    return; // a folder of somebody else's: changing the file says what is wrong with it
  }
}

function notSaid(kind: string, found: ClientFile[]): KmError {
  const ids = [...new Set(found.map(({ client }) => client))];
  const names = ids.length === 0 ? "No client was found." : `Found: ${ids.join(", ")}.`;
  return new KmError("USAGE", `No client is named to ${kind}`, { hint: `Name clients, or give --all. ${names}` });
}

/** Only files in which there is something to do. */
function sayLeft(kind: ChangeOptions["kind"], left: ClientFile[], { say, places }: Surroundings): void {
  for (const { path, servers } of left) {
    const some = servers.some(({ kind: sort, command, wrapped }) =>
      kind === "wrap"
        ? sort === "stdio" && wrapped === undefined && !isKmName(command[0] ?? "")
        : wrapped !== undefined,
    );
    if (!some) continue;
    const why =
      kind === "wrap" ? "others share it, and km's path may be another one on their machine" : "others share it";
    say(
      `Left out: ${printable(tildePath(path, places))} belongs to the project. With --project it is changed too; ${why}`,
    );
  }
}

/** A link may lead from one client's file to another's. */
function distinct(files: ClientFile[]): ClientFile[] {
  const byTarget = new Map<string, ClientFile>();
  for (const file of files) {
    const target = realPath(file.path);
    if (!byTarget.has(target)) byTarget.set(target, file);
  }
  return [...byTarget.values()];
}

async function planJobs(
  files: ClientFile[],
  km: string,
  options: ChangeOptions,
  around: Surroundings,
): Promise<{ jobs: Job[]; failed: boolean }> {
  const jobs: Job[] = [];
  let failed = false;
  for (const file of files) {
    const name = printable(tildePath(file.path, around.places));
    const client = CLIENTS.find(({ id }) => id === file.client);
    if (client === undefined) continue;
    try {
      const job: Job = { file, client, steps: [] };
      for (const change of changesOf(file, km, options, around.places)) {
        const plan = await planChange(file.path, client.shape, change, around.stateFolder);
        if (plan.changed.length > 0) job.steps.push({ change, plan });
        for (const { name: server, reason } of plan.refused) {
          failed = true;
          around.say(`Cannot ${options.kind} ${printable(server)} in ${name}: ${printable(reason)}`);
        }
      }
      sayUntouched(file, options, around);
      if (job.steps.length > 0) jobs.push(job);
    } catch (error) {
      if (!(error instanceof KmError)) throw error;
      failed = true;
      around.say(printable(withTildePath(error.message, file.path, around.places)));
    }
  }
  return { jobs, failed };
}

function changesOf({ servers }: ClientFile, km: string, options: ChangeOptions, places: Places): Change[] {
  const { kind, servers: names } = options;
  const wanted = names.length === 0 ? {} : { servers: names };
  if (kind === "unwrap") return [{ kind, ...wanted }];
  const gone = servers.flatMap(({ wrapped }) => (wrapped && isMissing(wrapped.km, places) ? wrapped.km : []));
  return [
    { kind, km, ...wanted },
    ...(gone.length === 0 ? [] : [{ kind: "repoint", km, ...wanted, from: gone } as const]),
  ];
}

function isNamed(name: string, names: string[]): boolean {
  return names.length === 0 || names.includes(name);
}

function sayUntouched(
  { path, servers }: ClientFile,
  { kind, servers: names }: ChangeOptions,
  around: Surroundings,
): void {
  const file = printable(tildePath(path, around.places));
  const wanted = servers.filter(({ name }) => isNamed(name, names));
  const list = (some: typeof servers) => some.map(({ name }) => printable(name)).join(", ");
  const remote = wanted.filter((server) => server.kind === "remote");
  if (kind === "wrap") {
    const already = wanted.filter(({ wrapped }) => wrapped !== undefined && !isMissing(wrapped.km, around.places));
    if (already.length > 0) around.say(`${file}: wrapped already: ${list(already)}`);
    const own = wanted.filter(({ command, wrapped }) => wrapped === undefined && isKmName(command[0] ?? ""));
    const through = own.filter(({ command }) => monitoringKm(command) !== undefined);
    if (through.length > 0) around.say(`${file}: left alone: ${list(through)}; km runs it already`);
    const itself = own.filter((server) => !through.includes(server));
    if (itself.length > 0) around.say(`${file}: left alone: ${list(itself)}; that is km itself`);
    if (remote.length > 0) {
      around.say(`${file}: left alone: ${list(remote)}; only servers that the client starts can be wrapped`);
    }
  } else if (names.length > 0) {
    const free = wanted.filter(({ wrapped }) => wrapped === undefined);
    if (free.length > 0) around.say(`${file}: not wrapped: ${list(free)}`);
  }
}

async function showJob({ file, client, steps }: Job, { places, redactor, show }: Surroundings): Promise<void> {
  for (const { plan } of steps) {
    const [before, after] = [plan.before, plan.after].map((text) => maskedText(text, client.shape, redactor));
    await show(unifiedDiff(tildePath(file.path, places), before ?? "", after ?? ""));
  }
}

function question(jobs: Job[]): string {
  const servers = jobs.reduce((sum, { steps }) => sum + changedIn(steps), 0);
  return `Change ${counted(servers, "server")} in ${counted(jobs.length, "file")}?`;
}

function changedIn(steps: Job["steps"]): number {
  return steps.reduce((sum, { plan }) => sum + plan.changed.length, 0);
}

/** @returns whether what was agreed to could be done */
async function changeOneByOne(jobs: Job[], options: ChangeOptions, around: Surroundings): Promise<boolean> {
  let succeeded = true;
  let agreed = 0;
  for (const job of jobs) {
    await showJob(job, around);
    const path = printable(tildePath(job.file.path, around.places));
    if (!(await around.ask(`Change ${counted(changedIn(job.steps), "server")} of ${job.client.title} in ${path}?`)))
      continue;
    agreed++;
    succeeded = (await carryOut(job, options, around)) && succeeded;
  }
  if (agreed === 0) around.say("Nothing was changed");
  return succeeded && agreed > 0;
}

async function carryOut({ file, client, steps }: Job, { kind }: ChangeOptions, around: Surroundings): Promise<boolean> {
  const name = printable(tildePath(file.path, around.places));
  try {
    let isDone = false;
    for (const [index, { change, plan }] of steps.entries()) {
      // The second step is for the text that the first one left.
      const current = index === 0 ? plan : await planChange(file.path, client.shape, change, around.stateFolder);
      const { changed } = await applyPlan(around.stateFolder, current);
      if (changed.length === 0) continue;
      isDone = true;
      const servers = `${counted(changed.length, "server")} in ${name}`;
      if (change.kind === "repoint") around.say(`Pointed ${servers} to this km: the one they named is gone`);
      else around.say(`${kind === "wrap" ? "Wrapped" : "Unwrapped"} ${servers}`);
    }
    around.say(isDone ? `    ${client.reload}` : `${name}: somebody else has done that already`);
    return true;
  } catch (error) {
    const message = error instanceof KmError ? error.message : `Cannot change ${name}: ${messageOf(error)}`;
    around.say(printable(withTildePath(message, file.path, around.places)));
    if (error instanceof KmError && error.hint !== undefined) around.say(`    ${error.hint}`);
    return false;
  }
}
