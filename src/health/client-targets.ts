/** `clientTargets`: the servers in the configuration files of MCP clients, each once, as its client would reach it. */
import { clientsNamed } from "../clients/clients.ts";
import { isKmName } from "../clients/km-name.ts";
import type { Places } from "../clients/locations.ts";
import { maskWords } from "../clients/mask-words.ts";
import { readClientFile } from "../clients/read-client-file.ts";
import { type ServerDefinition, serverDefinitions } from "../clients/server-definitions.ts";
import { type ClientFile, surveyClients } from "../clients/survey.ts";
import type { ServerTarget } from "../connect/open-server.ts";
import { KmError } from "../errors.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import type { Authorizer } from "../http/authorizer.ts";
import type { Remote } from "../http/remote.ts";
import { shownUrl } from "../http/shown-url.ts";
import { serverEnvironment } from "../proxy/spawn.ts";
import { expandReferences } from "../scan/expand-references.ts";
import { defaultAuth, remoteTo } from "../servers/server.ts";
import type { HealthTarget } from "./target.ts";

export interface ClientTargets {
  targets: HealthTarget[];
  /** What was not looked at, a sentence each. */
  left: string[];
}

/**
 * Of the user's own files alone: what stands in a project's was written by others, and would be started.
 *
 * @param taken names that others have; a server whose name is taken is called after its client too
 */
export async function clientTargets(
  places: Places,
  taken: ReadonlySet<string>,
  authorizerFor: (remote: Remote) => Promise<Authorizer>,
): Promise<ClientTargets> {
  const found = new Map<string, HealthTarget>();
  const names = new Set(taken);
  const left: string[] = [];
  for (const file of await surveyClients(places)) {
    if (file.scope === "project") {
      if (file.servers.length > 0) left.push(`${file.path} is a project's: its servers are not started`);
      continue;
    }
    for (const { kind, text } of file.problems) if (kind === "unusable" || kind === "forbidden") left.push(text);
    for (const definition of definitionsIn(file)) {
      const key = JSON.stringify({ ...definition, name: "" });
      if (found.has(key)) continue;
      const name = freeName(definition.name, file.client, names);
      names.add(name);
      found.set(key, targetOf(name, definition, places, authorizerFor));
    }
  }
  return { targets: [...found.values()], left };
}

/** Without those that the client does not start, that are none, and km itself. */
function definitionsIn({ client, path, servers }: ClientFile): ServerDefinition[] {
  const [shape] = clientsNamed(client).map((one) => one.shape);
  if (shape === undefined || servers.length === 0) return [];
  return serverDefinitions(readClientFile(path).text, shape, path).filter(({ command: [program], url }, index) => {
    if (servers[index]?.disabled === true) return false;
    return program === undefined ? url !== undefined : !isKmName(program);
  });
}

function freeName(name: string, client: string, taken: ReadonlySet<string>): string {
  const candidates = [name, `${name} (${client})`];
  for (let count = 2; ; count++) {
    const free = candidates.find((one) => !taken.has(one));
    if (free !== undefined) return free;
    candidates.push(`${name} (${client} ${count})`);
  }
}

function targetOf(
  name: string,
  definition: ServerDefinition,
  places: Places,
  authorizerFor: (remote: Remote) => Promise<Authorizer>,
): HealthTarget {
  const { command, url } = definition;
  return {
    name,
    from: "clients",
    transport: url === undefined ? "stdio" : "http",
    address: url === undefined ? maskWords(command, createRedactor()).join(" ") : safeUrl(url),
    resolve: () => startOf(name, definition, places, authorizerFor),
  };
}

function safeUrl(url: string): string {
  return URL.canParse(url) ? shownUrl(url) : "(no address)";
}

/** @throws KmError SRV_004 where only the client knows what a reference stands for */
async function startOf(
  name: string,
  { command, cwd, env, url, transport, headers, tokenVariable }: ServerDefinition,
  { env: variables, home, cwd: here }: Places,
  authorizerFor: (remote: Remote) => Promise<Authorizer>,
): Promise<ServerTarget> {
  const text = (written: string): string => {
    const expanded = expandReferences(written, { env: variables, home, folder: home });
    if ("text" in expanded) return expanded.text;
    throw new KmError("SRV_004", `Cannot resolve ${expanded.unknown} of ${name}: only its client knows it`);
  };
  const texts = (written: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(written).map(([key, value]) => [key, text(value)]));
  if (url === undefined) {
    const environment = { ...serverEnvironment(variables, []), ...texts(env) };
    const folder = cwd === undefined || cwd === "" ? home || here : text(cwd);
    return { kind: "command", server: { command: command.map(text), cwd: folder, env: environment } };
  }
  const given = texts(headers);
  const token = tokenVariable === undefined ? undefined : variables[tokenVariable];
  const auth = token === undefined ? defaultAuth(given) : ({ type: "bearer", token } as const);
  const remote = remoteTo(text(url), { headers: given, transport, auth });
  return { kind: "remote", remote, authorizer: await authorizerFor(remote) };
}
