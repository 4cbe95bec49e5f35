/** `knownServers`: each server with its tools, as it was last heard or recorded listing them, and how they stand. */
import { KmError } from "../../errors.ts";
import { standingAgainst } from "../../guard/pins/compare-definitions.ts";
import { listPins } from "../../guard/pins/pin-store.ts";
import {
  type Accepted,
  type PinnedTool,
  type Pins,
  type Sighting,
  sightingOf,
  standingOf,
} from "../../guard/pins/pins.ts";
import { type ServerIdentity, serverKey } from "../../guard/pins/server-identity.ts";
import { type RecordedListing, recordedListings, type RecordedTool } from "./recorded-listings.ts";

/** `masked`: recorded with something in it masked, so that it cannot be told. `gone`: accepted, and not listed any more. */
export type Status = "accepted" | "new" | "changed" | "masked" | "gone";

export interface KnownTool {
  name: string;
  status: Status;
  accepted: Accepted | undefined;
  /** What the server says now; undefined where it does not list the tool any more. */
  listed: Sighting | undefined;
}

export interface KnownServer {
  key: string;
  server: ServerIdentity;
  tools: KnownTool[];
  /** Whether something of it was ever accepted. */
  isPinned: boolean;
  /** When it last listed its tools. */
  at: string | undefined;
  /** The session in whose recording that stands; undefined where km heard it while a policy watched the tools. */
  session: string | undefined;
  /** All pages of the listing are known. */
  isWhole: boolean;
}

/**
 * @param word a server's name, its key or the beginning of that; all servers unless given
 * @throws KmError PIN_002 where there is none
 */
export async function knownServers(
  dataFolder: string,
  word: string | undefined,
  onProblem: (problem: KmError) => void,
): Promise<KnownServer[]> {
  const isMeant = (server: ServerIdentity): boolean =>
    word === undefined || server.name === word || (word.length >= 4 && serverKey(server).startsWith(word));
  const pinned = new Map(
    (
      await listPins(dataFolder, (problem) => {
        // What is damaged must not look as if nothing had been accepted.
        throw problem;
      })
    ).map((pins) => [serverKey(pins.server), pins]),
  );
  const { listings, unrecorded } = await recordedListings(dataFolder, onProblem, isMeant);
  const keys = new Set([...pinned.keys(), ...listings.keys()]);
  const servers = [...keys].flatMap((key) => knownServer(key, pinned.get(key), listings.get(key)));
  const meant = servers
    .filter(({ server }) => isMeant(server))
    .sort((a, b) => (a.server.name < b.server.name ? -1 : 1));
  if (word !== undefined && meant.length === 0) throw unknownServer(word, [...unrecorded.values()].some(isMeant));
  return meant;
}

/** Of one tool, or of all of them. */
export function toolsOf(servers: readonly KnownServer[], name: string | undefined): KnownTool[] {
  const tools = servers.flatMap((one) => one.tools).filter((tool) => name === undefined || tool.name === name);
  if (name !== undefined && tools.length === 0) throw unknownTool(name);
  return tools;
}

export function unknownTool(name: string): KmError {
  return new KmError("PIN_002", `Cannot find a tool ${JSON.stringify(name)} there`, { hint: "See km tools list." });
}

/** Whether the tool is not, or not known to be, what was accepted. */
export function isInQuestion({ status }: KnownTool): boolean {
  return status === "new" || status === "changed" || status === "masked";
}

function knownServer(key: string, pins: Pins | undefined, listing: RecordedListing | undefined): KnownServer[] {
  const heard = pins?.listed_at;
  if (pins !== undefined && (listing === undefined || (heard !== undefined && heard >= listing.at))) {
    const tools = pins.tools.map(fromPins);
    return [{ key, server: pins.server, tools, isPinned: true, at: heard, session: undefined, isWhole: true }];
  }
  if (listing === undefined) return [];
  const { server, session, at, names } = listing;
  const tools = fromRecording(pins, listing);
  return [{ key, server, tools, isPinned: pins !== undefined, at, session, isWhole: names !== undefined }];
}

function fromPins(tool: PinnedTool): KnownTool {
  const { name, accepted, listed, gone } = tool;
  if (gone !== undefined) return { name, status: "gone", accepted, listed: undefined };
  return { name, status: standingOf(tool), accepted, listed: listed ?? accepted };
}

function fromRecording(pins: Pins | undefined, { at, tools, names }: RecordedListing): KnownTool[] {
  const pinned = new Map(pins?.tools.map((tool) => [tool.name, tool]));
  const listed = tools.map(({ definition, isMasked }: RecordedTool): KnownTool => {
    const { name } = definition;
    const known = pinned.get(name);
    const standing = standingAgainst(known, definition);
    const status = isMasked && standing !== "accepted" ? "masked" : standing;
    return { name, status, accepted: known?.accepted, listed: sightingOf(definition, at) };
  });
  const missing = [...pinned.values()].filter(({ name }) => !tools.some((tool) => tool.definition.name === name));
  const rest = missing.map((tool): KnownTool => {
    return names === undefined
      ? fromPins(tool)
      : { name: tool.name, status: "gone", accepted: tool.accepted, listed: undefined };
  });
  return [...listed, ...rest.filter(({ accepted }) => accepted !== undefined)];
}

function unknownServer(word: string, isUnrecorded: boolean): KmError {
  return isUnrecorded
    ? new KmError("PIN_002", `Cannot tell what tools ${JSON.stringify(word)} has: its listing was not recorded`, {
        hint: "Sessions recorded with journal.payloads metadata or off have no definitions, and one in which no client asked has none. With a policy, km keeps them itself: see docs/tools.md.",
      })
    : new KmError("PIN_002", `Cannot find a server ${JSON.stringify(word)}`, {
        hint: "Give the name of one that was recorded: km sessions.",
      });
}
