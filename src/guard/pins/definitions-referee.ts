/**
 * `DefinitionsReferee`: lets tools through that are as they were accepted, and does with the others what the policy says.
 * For answers to `tools/list`, and for calls to tools that were not accepted when the gate last heard of them.
 */
import { KmError, messageOf } from "../../errors.ts";
import type { Facts, HeldMessage, Verdict } from "../../stream/verdict.ts";
import { printable } from "../../terminal.ts";
import type { Finding } from "../findings/finding.ts";
import { withChanges } from "../json-places.ts";
import { definitionFinding } from "./definition-finding.ts";
import { factsOf } from "./facts-of.ts";
import { ListingPages } from "./listing-pages.ts";
import { changePins, listPins, pinsVersion, readPins } from "./pin-store.ts";
import { type Pins, type Standing, standingOf } from "./pins.ts";
import { recordListing } from "./record-listing.ts";
import { type ServerIdentity, serverIdentity, serverKey } from "./server-identity.ts";
import type { ToolDefinition } from "./tool-definition.ts";
import { cursorOf, readToolsList, type ToolsList, withoutTools } from "./tools-list.ts";

type ToolAction = "allow" | "warn" | "block";

export interface DefinitionsOptions {
  dataFolder: string;
  /** As in `SessionInfo`: with its secrets masked. */
  server: { name: string; command: readonly string[]; cwd: string };
  actions: { new: ToolAction; changed: ToolAction };
  now?: () => Date;
}

export interface Judgement {
  verdict: Verdict;
  /** Undefined where nothing was learnt. */
  facts?: Facts;
  /** Lines for stderr, without `km: `. */
  say: string[];
  findings: Finding[];
}

type Recorded = ReturnType<typeof recordListing>;

/** So many names of tools stand in a line. */
const MOST_NAMES = 5;

export class DefinitionsReferee {
  readonly #dataFolder: string;
  readonly #server: ServerIdentity;
  readonly #actions: DefinitionsOptions["actions"];
  readonly #now: () => Date;
  readonly #pages = new ListingPages();
  /** What was said already: each change is said once in a session. */
  readonly #said = new Set<string>();
  /** What could not be written. */
  #unsaved: Pins | undefined;
  /** The listing before. */
  #before: Promise<unknown> = Promise.resolve();
  /** What the client was not told of, by name: the hash of the definition. */
  readonly #leftOut = new Map<string, string>();

  constructor({ dataFolder, server, actions, now = () => new Date() }: DefinitionsOptions) {
    this.#dataFolder = dataFolder;
    this.#server = serverIdentity(server);
    this.#actions = actions;
    this.#now = now;
  }

  /** What earlier sessions left to know, before anything is listed. @throws KmError PIN_001 */
  async facts(): Promise<Facts | undefined> {
    const pins = await readPins(this.#dataFolder, this.#server);
    return pins && factsOf(pins);
  }

  /** Whether the client would see more tools if it asked for them when these are accepted. */
  get leavesOut(): boolean {
    return this.#leftOut.size > 0;
  }

  /** Another text when something may have been accepted since. */
  async version(): Promise<string | undefined> {
    return await pinsVersion(this.#dataFolder, this.#server);
  }

  /**
   * What there is to know since something that was left out is accepted, each once; undefined where nothing is.
   *
   * @throws KmError PIN_001
   */
  async acceptedSince(): Promise<Facts | undefined> {
    const pins = await readPins(this.#dataFolder, this.#server);
    const accepted = pins?.tools.filter((tool) => this.#leftOut.get(tool.name) === tool.accepted?.hash) ?? [];
    for (const { name } of accepted) this.#leftOut.delete(name);
    return pins === undefined || accepted.length === 0 ? undefined : factsOf(pins);
  }

  /** Never rejects. Listings are judged in the order in which they come: what the first of them has is accepted. */
  async judge(held: HeldMessage): Promise<Judgement> {
    if (held.method === "tools/call") return await this.#judged(() => this.#judgeCall(held.tool));
    const judging = this.#before.then(() => this.#judged(() => this.#judgeListing(held)));
    this.#before = judging;
    return await judging;
  }

  async #judged(judge: () => Promise<Judgement>): Promise<Judgement> {
    try {
      return await judge();
    } catch (error) {
      return this.#undecided(messageOf(error), error instanceof KmError ? error.hint : undefined);
    }
  }

  /** What was accepted meanwhile, by another process too, counts from the next call on. */
  async #judgeCall(name: string | undefined): Promise<Judgement> {
    const pins = this.#unsaved ?? (await readPins(this.#dataFolder, this.#server));
    const tool = pins?.tools.find((one) => one.name === name);
    // Where nothing of the server is known yet, all of it is to be accepted at first sight.
    const standing = tool === undefined ? (pins === undefined ? "accepted" : "new") : standingOf(tool);
    const facts = pins && { facts: factsOf(pins) };
    if (standing === "accepted" || this.#actions[standing] !== "block") {
      return { verdict: { action: "pass" }, ...facts, say: [], findings: [] };
    }
    const why = standing === "new" ? "is new and was not accepted yet" : "is not as it was accepted any more";
    const reason = `The tool ${JSON.stringify(name)} ${why}. The user can look at it with: km tools diff, and accept it with: km tools accept`;
    return { verdict: { action: "block", by: `policy: tools.${standing}`, reason }, ...facts, say: [], findings: [] };
  }

  async #judgeListing(held: HeldMessage): Promise<Judgement> {
    const list = readToolsList(held.text);
    if (list.kind === "none") return { verdict: { action: "pass" }, say: [], findings: [] };
    if (list.kind === "unclear") {
      return this.#undecided(`Cannot tell which tools ${this.#server.name} lists: ${list.why}`, undefined);
    }
    const tools = list.tools.flatMap(({ definition }) => definition ?? []);
    const cursor = cursorOf(held.request);
    const { nextCursor } = list;
    const whole = this.#pages.add({ cursor, nextCursor, names: tools.map(({ name }) => name) });
    const isLaterPage = cursor !== undefined;
    const listing = { server: this.#server, tools, isLaterPage, hasMore: nextCursor !== undefined, whole };
    const acceptance = { new: this.#actions.new === "allow", changed: this.#actions.changed === "allow" };
    const say: string[] = [];
    const recorded = await this.#record((before) => recordListing(before, listing, acceptance, this.#now()), say);
    if (recorded.isFirstSight && !isLaterPage) await this.#sayRelated(say);
    if (recorded.isEndless)
      this.#sayOnce(
        say,
        `There is no end to the tools of ${printable(this.#server.name)}: not all are accepted as first seen`,
      );
    const { pins, standings } = recorded;
    const findings = this.#report(pins, tools, standings, say);
    const facts = factsOf(pins, tools);
    return { verdict: this.#listingVerdict(held.text, list, tools, standings), facts, say, findings };
  }

  /** Where it cannot be written, the session goes on with what it knows itself. */
  async #record(change: (before: Pins | undefined) => Recorded, say: string[]): Promise<Recorded> {
    let recorded: Recorded | undefined;
    try {
      const kept = await changePins(this.#dataFolder, this.#server, (stored) => {
        return (recorded = change(stored ?? this.#unsaved));
      });
      this.#unsaved = undefined;
      return kept;
    } catch (error) {
      recorded ??= change(this.#unsaved ?? (await readPins(this.#dataFolder, this.#server))); // throws where that is damaged
      this.#unsaved = recorded.pins;
      this.#sayOnce(say, `${messageOf(error)}. It is known in this session only.`);
      return recorded;
    }
  }

  #listingVerdict(
    text: string,
    list: ToolsList & { kind: "tools" },
    tools: readonly ToolDefinition[],
    standings: readonly Standing[],
  ): Verdict {
    const standingOfTool = new Map(tools.map((tool, index) => [tool, standings[index] ?? "new"]));
    const isRemoved = list.tools.map(({ definition }) => {
      // What is no tool to km may be one to a lenient client.
      const standing = definition === undefined ? "new" : (standingOfTool.get(definition) ?? "new");
      const isBlocked = standing !== "accepted" && this.#actions[standing] === "block";
      if (definition !== undefined && isBlocked) this.#leftOut.set(definition.name, definition.hash);
      else if (definition !== undefined) this.#leftOut.delete(definition.name);
      return isBlocked;
    });
    const count = isRemoved.filter(Boolean).length;
    if (count === 0) return { action: "pass" };
    const changed = standings.includes("changed") && this.#actions.changed === "block";
    return {
      action: "modify",
      by: `policy: tools.${changed ? "changed" : "new"}`,
      text: withChanges(
        text,
        withoutTools(text, list, (index) => isRemoved[index] ?? false),
      ),
      reason: `${count} of ${list.tools.length} definitions left out until accepted: km tools diff, km tools accept`,
    };
  }

  #report(pins: Pins, tools: readonly ToolDefinition[], standings: readonly Standing[], say: string[]): Finding[] {
    const findings: Finding[] = [];
    const pinned = new Map(pins.tools.map((tool) => [tool.name, tool]));
    for (const standing of ["changed", "new"] as const) {
      const fresh = tools.filter((tool, index) => standings[index] === standing && this.#isUnsaid(tool));
      for (const { name, hash, text } of fresh) {
        const listed = { hash, definition: text, at: pins.listed_at ?? "" };
        findings.push(definitionFinding(this.#server.name, name, standing, pinned.get(name)?.accepted, listed));
      }
      if (fresh.length > 0 && this.#actions[standing] !== "allow") say.push(this.#sentence(standing, fresh));
    }
    return findings;
  }

  #isUnsaid({ name, hash }: ToolDefinition): boolean {
    const key = JSON.stringify([name, hash]);
    return !this.#said.has(key) && this.#said.add(key).size > 0;
  }

  #sentence(standing: "new" | "changed", tools: readonly ToolDefinition[]): string {
    const names = tools.slice(0, MOST_NAMES).map(({ name }) => printable(name).slice(0, 80));
    const more = tools.length > MOST_NAMES ? ` and ${tools.length - MOST_NAMES} more` : "";
    const server = printable(this.#server.name);
    const what =
      standing === "new"
        ? `${server} has tools that were not accepted yet`
        : `${server} says something else of tools than when they were accepted`;
    const then = this.#actions[standing] === "block" ? ". They are left out, and calls to them blocked" : "";
    return `${what}: ${names.join(", ")}${more}${then}. See km tools diff, km tools accept`;
  }

  /** Whoever can change the command of a server must not get its tools accepted anew without a word. */
  async #sayRelated(say: string[]): Promise<void> {
    const key = serverKey(this.#server);
    const others = (await listPins(this.#dataFolder)).filter(({ server }) => serverKey(server) !== key);
    const name = printable(this.#server.name);
    if (others.some(({ server }) => server.name === this.#server.name)) {
      say.push(
        `${name} is started by another command than before: its tools are accepted as first seen. See km tools list`,
      );
    } else if (others.some(({ server }) => server.command.join("\0") === this.#server.command.join("\0"))) {
      say.push(`${name} was known by another name: its tools are accepted as first seen. See km tools list`);
    }
  }

  /** Where tools are to be blocked, none passes unseen. */
  #undecided(why: string, hint: string | undefined): Judgement {
    const say: string[] = [];
    this.#sayOnce(say, hint === undefined ? why : `${why}. ${hint}`);
    const blocking = (["changed", "new"] as const).find((standing) => this.#actions[standing] === "block");
    const verdict: Verdict =
      blocking === undefined
        ? { action: "pass" }
        : { action: "block", by: `policy: tools.${blocking}`, reason: hint === undefined ? why : `${why}. ${hint}` };
    return { verdict, say, findings: [] };
  }

  #sayOnce(say: string[], text: string): void {
    if (!this.#said.has(text)) say.push(text);
    this.#said.add(text);
  }
}
