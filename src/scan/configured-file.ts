/** `configuredFiles`: the clients' configuration files with their servers, and where everything stands in them. */
import { type Client, CLIENTS } from "../clients/clients.ts";
import { type LocatedCommand, type LocatedServer, locateServers } from "../clients/locate-servers.ts";
import { type Places } from "../clients/locations.ts";
import { readClientFile } from "../clients/read-client-file.ts";
import { withoutMark } from "../clients/read-servers.ts";
import type { ServerEntry } from "../clients/shape.ts";
import { type ClientProblem, surveyClients } from "../clients/survey.ts";
import type { MapNode, Span, TextNode } from "../clients/text-tree.ts";
import { messageOf } from "../errors.ts";

export interface ConfiguredFile {
  client: Client;
  path: string;
  /** A project's file is shared with others. */
  scope: "user" | "project";
  /** Undefined for an empty one. */
  root: TextNode | undefined;
  servers: ConfiguredServer[];
  /** Offset of the beginning of each line. */
  lineStarts: number[];
  /** Names that stand twice, and the like. */
  problems: ClientProblem[];
}

export interface ConfiguredServer {
  name: string;
  kind: ServerEntry["kind"];
  /** The client does not start it. */
  disabled: boolean;
  wrapped: boolean;
  /** The server's own command, behind km where it is wrapped. */
  command: string[];
  /** Where each of these words stands; none where it is no text of its own. */
  words: Span[];
  /** What the entry holds beside program and arguments. */
  node: MapNode;
  offset: number;
}

export interface Unread {
  /** A file, or what else could not be looked at. */
  what: string;
  /** One sentence. */
  reason: string;
  /** Whose file it is. */
  client?: string;
}

export function unreadText({ what, reason }: Unread): string {
  return reason.includes(what) ? reason : `${what}: ${reason}`;
}

/** Files that cannot be read come back apart. Never throws for the state of a file. */
export async function configuredFiles(
  places: Places,
  clients: readonly Client[] = CLIENTS,
): Promise<{ files: ConfiguredFile[]; unread: Unread[] }> {
  const files: ConfiguredFile[] = [];
  const unread: Unread[] = [];
  for (const { client: id, path, scope, problems } of await surveyClients(places, clients)) {
    const client = clients.find((one) => one.id === id);
    const whole = problems.find(({ kind }) => kind === "unusable" || kind === "forbidden");
    if (whole !== undefined) unread.push({ what: path, reason: whole.text, client: id });
    if (whole !== undefined || client === undefined) continue;
    try {
      files.push(readFile(client, path, scope, problems));
    } catch (error) {
      unread.push({ what: path, reason: messageOf(error), client: id }); // it changed meanwhile
    }
  }
  return { files, unread };
}

function readFile(
  client: Client,
  path: string,
  scope: ConfiguredFile["scope"],
  problems: ClientProblem[],
): ConfiguredFile {
  const { rest } = withoutMark(readClientFile(path).text);
  const { documents, servers } = locateServers(rest, client.shape, path);
  const lineStarts = [0];
  for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return { client, path, scope, root: documents[0], servers: servers.map(serverOf), lineStarts, problems };
}

function serverOf({ entry, node, command }: LocatedServer): ConfiguredServer {
  const { name, kind, disabled, wrapped } = entry;
  const own = wrapped?.original ?? entry.command;
  const words = command === undefined ? [] : wordsOf(command);
  return {
    name,
    kind,
    disabled,
    wrapped: wrapped !== undefined,
    command: own,
    words: words.slice(Math.max(0, words.length - own.length)),
    node,
    offset: node.start,
  };
}

function wordsOf(command: LocatedCommand): TextNode[] {
  if (command.form === "words") return command.list.items;
  return [command.program, ...(command.args?.kind === "list" ? command.args.items : [])];
}
