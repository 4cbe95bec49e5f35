/** `healthTargets`: which servers `km health` is asked about. */
import { surroundings } from "../context.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import { maskCommand } from "../guard/redaction/mask-command.ts";
import type { HealthTarget } from "../health/target.ts";
import type { Authorizer } from "../http/authorizer.ts";
import type { Remote } from "../http/remote.ts";
import { shownUrl } from "../http/shown-url.ts";
import { serverEnvironment } from "../proxy/spawn.ts";
import { findServer } from "../servers/find-server.ts";
import type { Server } from "../servers/server.ts";
import { shownStart } from "../servers/shown-server.ts";
import { startOf } from "../servers/start-of.ts";
import { printable } from "../terminal.ts";
import { say } from "./say.ts";
import { sayProblems } from "./servers/list-remarks.ts";
import { openServers, referenceSources } from "./servers/open-servers.ts";

export interface HealthArgs {
  name: string[];
  all: boolean;
  tag: string[];
  clients: boolean;
  url: string | undefined;
  header: string[];
}

export interface HealthTargets {
  targets: HealthTarget[];
  /** False where the registry has mistakes, so that some may be missing: of these it was told. */
  isComplete: boolean;
}

/** @throws KmError USAGE for contradictions; SRV_003 where there is no such server, CFG_001 to CFG_003 as the registry */
export async function healthTargets(args: HealthArgs, rest: string[]): Promise<HealthTargets> {
  checkArgs(args, rest);
  if (args.url !== undefined) return { targets: [await addressTarget(args.url, args.header)], isComplete: true };
  if (rest.length > 0) return { targets: [commandTarget(rest)], isComplete: true };
  const registry = await openServers();
  const { servers } = registry;
  const { targets: ofClients, left } = args.clients
    ? await findClientTargets(new Set(servers.map(({ name }) => name)))
    : { targets: [], left: [] };
  if (args.name.length > 0) {
    const known = new Map(ofClients.map((target) => [target.name, target]));
    const targets = [...new Set(args.name)].map(
      (name) => known.get(name) ?? registeredTarget(findServer(registry, name)),
    );
    return { targets, isComplete: true };
  }
  sayProblems(registry.problems);
  for (const one of left) say(printable(one));
  const chosen = servers.filter(({ tags }) => args.tag.every((tag) => tags.includes(tag)));
  const isComplete = registry.problems.every(({ severity }) => severity !== "error");
  return { targets: [...chosen.map(registeredTarget), ...ofClients], isComplete };
}

function checkArgs({ name, all, tag, clients, url, header }: HealthArgs, rest: string[]): void {
  const isChosen = name.length > 0 || all || tag.length > 0 || clients;
  if (url !== undefined && rest.length > 0) throw new KmError("USAGE", "Either --url or a command behind --, not both");
  if ((url !== undefined || rest.length > 0) && isChosen) {
    const given = url === undefined ? "A command behind --" : "Flag --url";
    throw new KmError("USAGE", `${given} excludes names, --all, --tag and --clients`);
  }
  if (header.length > 0 && url === undefined) {
    throw new KmError("USAGE", "Flag --header belongs to --url, which is missing");
  }
  if (name.length > 0 && (all || tag.length > 0)) throw new KmError("USAGE", "Names exclude --all and --tag");
  if (clients && tag.length > 0) throw new KmError("USAGE", "Flag --tag excludes --clients: these have no tags");
}

function registeredTarget(server: Server): HealthTarget {
  const { name, start } = server;
  return {
    name,
    from: "registry",
    transport: start.kind === "command" ? "stdio" : "http",
    address: shownStart(start, createRedactor()),
    async resolve() {
      // Nobody is asked for a passphrase by a check.
      const found = await startOf(server, referenceSources(false));
      if (found.kind === "remote") return { ...found, authorizer: await authorizerFor(found.remote, name) };
      const { command, cwd = process.cwd(), env } = found;
      return { kind: "command", server: { command, cwd, env: { ...serverEnvironment(process.env, []), ...env } } };
    },
  };
}

async function addressTarget(url: string, headers: string[]): Promise<HealthTarget> {
  const { remoteOf } = await import("./remote-server.ts");
  const remote = remoteOf(url, "auto", headers);
  return {
    name: new URL(remote.url).host,
    from: "command-line",
    transport: "http",
    address: shownUrl(remote.url),
    resolve: async () => ({ kind: "remote", remote, authorizer: await authorizerFor(remote) }),
  };
}

function commandTarget(command: string[]): HealthTarget {
  const { cwd } = surroundings();
  const server = { command, cwd, env: serverEnvironment(process.env, []) };
  return {
    name: echoed((command[0] ?? "").split(/[/\\]/).at(-1) ?? ""),
    from: "command-line",
    transport: "stdio",
    address: maskCommand(command, createRedactor()).join(" "),
    resolve: () => Promise.resolve({ kind: "command", server }),
  };
}

async function findClientTargets(taken: ReadonlySet<string>) {
  const { clientTargets } = await import("../health/client-targets.ts");
  const { env, cwd, home = "" } = surroundings();
  return await clientTargets({ platform: process.platform, env, home, cwd }, taken, (remote) => authorizerFor(remote));
}

/** A check never begins a login. */
async function authorizerFor(remote: Remote, name?: string): Promise<Authorizer> {
  const { authorizerOf } = await import("../oauth/authorizer-of.ts");
  const { loginPlaces } = await import("./servers/login-places.ts");
  const places = loginPlaces({ ...(name === undefined ? {} : { name }), ask: "never", mayAsk: false, say: () => {} });
  return authorizerOf(remote, places);
}
