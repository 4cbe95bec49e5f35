/** `checkClients`: whether clients can start what stands in their configuration files, km above all. */
import { applyPlan } from "../clients/apply.ts";
import { CLIENTS } from "../clients/clients.ts";
import { kmPath } from "../clients/km-path.ts";
import { monitoringKm } from "../clients/km-name.ts";
import { type Places, tildePath } from "../clients/locations.ts";
import { planChange } from "../clients/plan.ts";
import { type ClientFile, type ClientProblem, isMissing, shownName, surveyClients } from "../clients/survey.ts";
import { KmError } from "../errors.ts";
import { shellWord } from "../shell-word.ts";
import type { Finding, Surroundings } from "./check.ts";
import { shapeProblems } from "./client-shapes.ts";
import { counted } from "../counted.ts";

export async function checkClients({ platform, env, home, cwd, paths }: Surroundings): Promise<Finding[]> {
  const places: Places = { platform, env, home: home ?? "", cwd };
  const files = await surveyClients(places);
  if (files.length === 0) {
    const detail = "no configuration file of a client was found";
    return [{ id: "clients", status: "ok", title: "clients", detail }];
  }
  return files.flatMap((file) => fileFindings(file, places, paths?.state));
}

/** What to do about those of one server but `km-gone`, which can be mended. */
const REMEDIES: Record<Exclude<ClientProblem["kind"], "km-gone" | "unusable" | "forbidden">, string> = {
  duplicate: "Remove or rename all but one: most clients take only one of them.",
  incomplete: "Complete the entry, or remove it.",
  "program-missing": "Install the program, or correct the entry.",
};

function fileFindings(file: ClientFile, places: Places, stateFolder: string | undefined): Finding[] {
  const { title, servers, problems, path } = file;
  const name = tildePath(path, places);
  const findings: Finding[] = [];
  if (!problems.some(({ kind }) => kind === "unusable" || kind === "forbidden")) {
    const wrapped = servers.filter(({ command }) => monitoringKm(command) !== undefined).length;
    const count = counted(servers.length, "server");
    findings.push({ id: "clients.file", status: "ok", title, detail: `${name}: ${count}, ${wrapped} through km` });
    for (const text of shapeProblems(file)) {
      const remedy = "Correct the file: the client cannot use this, nor can km.";
      findings.push({ id: "clients.shape", status: "warning", title, detail: `${name}: ${text}`, remedy });
    }
  }
  if (problems.some(({ kind }) => kind === "km-gone")) findings.push(goneFinding(file, name, places, stateFolder));
  for (const { kind, text } of problems) {
    if (kind === "km-gone") continue;
    // The text about a whole file names it.
    if (kind === "unusable" || kind === "forbidden") {
      const remedy =
        kind === "forbidden"
          ? `Make it readable for you: chmod u+r ${shellWord(path)}, and u+rx for the folders above it.`
          : "Correct the file: until then km can do nothing with it, nor perhaps the client.";
      findings.push({ id: "clients.unusable", status: "failure", title, detail: text, remedy });
      continue;
    }
    const remedy = REMEDIES[kind];
    findings.push({ id: "clients.problem", status: "warning", title, detail: `${name}: ${text}`, remedy });
  }
  return findings;
}

function goneFinding(file: ClientFile, name: string, places: Places, stateFolder: string | undefined): Finding {
  const gone = file.servers.flatMap((server) =>
    server.wrapped !== undefined && isMissing(server.wrapped.km, places)
      ? [{ name: server.name, km: server.wrapped.km }]
      : [],
  );
  const kms = [...new Set(gone.map(({ km }) => km))];
  const base: Finding = {
    id: "clients.km-gone",
    status: "failure",
    title: file.title,
    detail: `${name}: ${gone.map((one) => shownName(one.name)).join(", ")} cannot start: the km there is gone: ${kms.join(", ")}`,
  };
  if (file.scope === "project" || stateFolder === undefined) {
    // On the machines of others who share the file, that km may well be there.
    return { ...base, remedy: `Run: km wrap ${file.client}${file.scope === "project" ? " --project" : ""}` };
  }
  const fix = async () => await repoint(file, kms, stateFolder);
  return { ...base, remedy: `Run: km doctor --fix, or: km wrap ${file.client}`, fix };
}

async function repoint({ client: id, path }: ClientFile, from: string[], stateFolder: string): Promise<string> {
  const client = CLIENTS.find((one) => one.id === id);
  if (client === undefined) throw new Error(`no client ${id}`);
  const km = kmPath();
  const plan = await planChange(path, client.shape, { kind: "repoint", km, from }, stateFolder);
  const { changed, refused } = await applyPlan(stateFolder, plan);
  const [first] = refused;
  if (changed.length === 0 && first !== undefined)
    throw new KmError("CLT_003", `${shownName(first.name)}: ${first.reason}`);
  return `${changed.map(({ name }) => shownName(name)).join(", ")} in ${path} now starts ${km}. ${client.reload}`;
}
