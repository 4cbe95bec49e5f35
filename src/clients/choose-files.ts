/** Which of the files that were found a command is about, from what was typed. */
import { closest } from "../closest.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { type Client, CLIENTS, clientsNamed } from "./clients.ts";
import type { ClientFile } from "./survey.ts";

export interface Wish {
  /** Names of clients; none for all. */
  clients: string[];
  /** Names of servers; none for all. */
  servers: string[];
  /** Also the files of the project. */
  project: boolean;
}

export interface Choice {
  chosen: ClientFile[];
  /** Files of the project that would have been chosen. */
  left: ClientFile[];
}

/** @throws KmError CLT_001 for a name that no client has */
export function wantedClients(names: string[]): readonly Client[] {
  if (names.length === 0) return CLIENTS;
  const wanted = new Set(names.flatMap((name) => known(name)));
  return CLIENTS.filter((client) => wanted.has(client));
}

function known(name: string): Client[] {
  const clients = clientsNamed(name);
  if (clients.length > 0) return clients;
  const nearest = closest(
    name.toLowerCase(),
    CLIENTS.flatMap(({ id, aliases = [] }) => [id, ...aliases]),
  );
  throw new KmError("CLT_001", `No such client: ${echoed(name)}`, {
    hint: nearest === undefined ? `Known are ${CLIENTS.map(({ id }) => id).join(", ")}.` : `Did you mean ${nearest}?`,
  });
}

/**
 * @param found the files of the clients that are wanted
 * @throws KmError CLT_001 where there is no file, CLT_004 for a server that stands in none of them
 */
export function chooseFiles(found: ClientFile[], { clients, servers, project }: Wish): Choice {
  for (const name of clients) {
    const named = clientsNamed(name);
    if (found.some(({ client }) => named.some(({ id }) => id === client))) continue;
    throw new KmError("CLT_001", `No configuration file of ${named.map(({ title }) => title).join(" or ")} was found`, {
      hint: "km clients lists the files that were found.",
    });
  }
  const isWanted = ({ name }: { name: string }) => servers.length === 0 || servers.includes(name);
  const isChosen = ({ scope }: ClientFile) => project || scope === "user";
  for (const name of servers) checkServer(name, found, isChosen);
  const wanted = found.filter((file) => servers.length === 0 || file.servers.some(isWanted));
  return { chosen: wanted.filter(isChosen), left: wanted.filter((file) => !isChosen(file)) };
}

function checkServer(name: string, found: ClientFile[], isChosen: (file: ClientFile) => boolean): void {
  const holders = found.filter(({ servers }) => servers.some((server) => server.name === name));
  if (holders.some(isChosen)) return;
  const [elsewhere] = holders;
  if (elsewhere !== undefined) {
    throw new KmError("CLT_004", `The server ${echoed(name)} stands only in a file of the project: ${elsewhere.path}`, {
      hint: "Add --project to change that file.",
    });
  }
  const names = found.flatMap(({ servers }) => servers.map((server) => server.name));
  const nearest = closest(name, names);
  // It may stand in a file that cannot be read.
  const unread = found.flatMap(({ problems }) => problems).find(({ kind }) => kind === "unusable")?.text;
  const usual = unread ?? "km clients lists the files that were found.";
  throw new KmError("CLT_004", `No such server: ${echoed(name)}`, {
    hint: nearest === undefined ? usual : `Did you mean ${nearest}?`,
  });
}
