/** `serverTarget`: which server a command line means: one of the registry, one at an address, or a command behind `--`. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Args } from "../command.ts";
import type { ServerTarget } from "../connect/open-server.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import type { Authorizer } from "../http/authorizer.ts";
import type { Remote } from "../http/remote.ts";
import { isInteractive } from "../terminal.ts";
import { LEGACY, MODERN, type Protocol } from "../mcp/handshake.ts";
import { say } from "./say.ts";
import type { serverFlags } from "./server-flags.ts";

export type ServerArgs = Args<typeof serverFlags>;

export interface NamedTarget {
  /** As people know it. */
  name: string;
  target: ServerTarget;
  /** The words behind those that say which server it is. */
  words: string[];
}

/**
 * @param words positional; the first names a server of the registry, unless another is given
 * @param rest behind `--`
 * @throws KmError USAGE for none, or two; what the registry throws
 */
export async function serverTarget(words: string[], rest: string[], args: ServerArgs): Promise<NamedTarget> {
  const { url, header, transport, env, record } = args;
  if (url !== undefined && rest.length > 0) throw new KmError("USAGE", "Either --url or a command behind --, not both");
  if (url === undefined && (header.length > 0 || transport !== undefined)) {
    throw new KmError("USAGE", "Flags --header and --transport belong to --url, which is missing");
  }
  if (rest.length === 0 && env.length > 0) {
    throw new KmError("USAGE", "Flag --env belongs to a command behind --, which is missing");
  }
  if (rest.length > 0) {
    const { serverName } = await import("../proxy/server-name.ts");
    const name = serverName(rest);
    if (record)
      return {
        name,
        words,
        target: await recorded(
          env.flatMap((one) => ["--env", one]),
          rest,
        ),
      };
    return { name, words, target: await commandTarget(rest, env) };
  }
  if (url !== undefined) return { words, ...(await addressTarget(url, args)) };
  const [name, ...others] = words;
  if (name === undefined) {
    throw new KmError("USAGE", "No server is named", {
      hint: "Give the name of one (km servers list), --url https://host/mcp, or its command behind two dashes.",
    });
  }
  if (record) return { name, words: others, target: await recorded(["--use", name], []) };
  return { name, words: others, target: await namedTarget(name) };
}

/** Folders as the server is told of them; undefined where it is told of none. */
export function rootsOf({ root }: Pick<ServerArgs, "root">): string[] | undefined {
  return root.length === 0 ? undefined : root.map((folder) => pathToFileURL(resolve(folder)).href);
}

/** @throws KmError USAGE for a revision that km does not know */
export function protocolOf({ protocol }: Pick<ServerArgs, "protocol">): Protocol {
  const found = PROTOCOLS.find((one) => one === (protocol ?? "auto"));
  if (found !== undefined) return found;
  throw new KmError("USAGE", `No such revision of MCP: ${echoed(protocol ?? "")}`, {
    hint: `Allowed: ${PROTOCOLS.join(", ")}.`,
  });
}

const PROTOCOLS: readonly Protocol[] = ["auto", MODERN, ...LEGACY];

async function commandTarget(
  command: string[],
  env: string[],
  cwd = process.cwd(),
  variables: Record<string, string> = {},
): Promise<ServerTarget> {
  const { serverEnvironment } = await import("../proxy/spawn.ts");
  const environment = { ...serverEnvironment(process.env, env), ...variables };
  return { kind: "command", server: { command, cwd, env: environment } };
}

async function namedTarget(name: string): Promise<ServerTarget> {
  const { startNamed } = await import("./servers/open-servers.ts");
  const start = await startNamed(name, isInteractive());
  if (start.kind === "command") return await commandTarget(start.command, [], start.cwd, start.env);
  return { kind: "remote", remote: start.remote, authorizer: await authorizerFor(start.remote, name) };
}

async function addressTarget(url: string, args: ServerArgs): Promise<Pick<NamedTarget, "name" | "target">> {
  const { remoteOf } = await import("./remote-server.ts");
  const remote = remoteOf(url, args.transport ?? "auto", args.header);
  const { host } = new URL(remote.url);
  if (args.record) {
    const transport = args.transport === undefined ? [] : ["--transport", args.transport];
    const { addressOrder } = await import("./address-order.ts");
    const { flags, ...order } = addressOrder({ url, headers: args.header });
    return { name: host, target: await recorded([...flags, ...transport], [], order) };
  }
  return { name: host, target: { kind: "remote", remote, authorizer: await authorizerFor(remote) } };
}

/** As a session: recorded, and under the policies in force. */
async function recorded(
  flags: string[],
  command: string[],
  order?: { opening: string; env: Record<string, string> },
): Promise<ServerTarget> {
  const { selfCommand } = await import("../self.ts");
  const words = ["monitor", ...flags, ...(command.length === 0 ? [] : ["--", ...command])];
  // It is km that gets the environment, and hands on what the server shall have.
  const { KM_URL: _url, KM_HEADERS: _headers, ...env } = { ...process.env, ...order?.env };
  const given = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return {
    kind: "command",
    server: {
      command: selfCommand(words),
      cwd: process.cwd(),
      env: Object.fromEntries(given),
      opening: order?.opening,
    },
  };
}

async function authorizerFor(remote: Remote, name?: string): Promise<Authorizer> {
  const { authorizerOf } = await import("../oauth/authorizer-of.ts");
  const { loginPlaces } = await import("./servers/login-places.ts");
  const ask = isInteractive() ? "browser" : "never";
  return authorizerOf(
    remote,
    loginPlaces({ ...(name === undefined ? {} : { name }), ask, mayAsk: isInteractive(), say }),
  );
}
