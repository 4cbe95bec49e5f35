/**
 * `Referee`: decides on the main thread what the gate could not, with files, other processes and people. The plugins that
 * may hold messages back are asked about what all else lets pass; a person is asked last of all, so that what is approved is
 * what is forwarded.
 */
import { messageOf } from "../errors.ts";
import { pause } from "../process/pause.ts";
import type { Deferral, Facts, HeldMessage, Question, Verdict } from "../stream/verdict.ts";
import { printable } from "../terminal.ts";
import type { Approval, ApprovalDesk, Outcome } from "./approvals/desk.ts";
import type { Finding } from "./findings/finding.ts";
import type { AcceptanceWatch } from "./pins/acceptance-watch.ts";
import type { DefinitionsReferee } from "./pins/definitions-referee.ts";
import type { ListListeners } from "./pins/list-listeners.ts";
import type { CompiledPolicy } from "./policy/compiled.ts";
import { toolActions } from "./policy/strictest.ts";
import type { LargeResults } from "./results/large-results.ts";

export interface RefereeOptions {
  policy: CompiledPolicy;
  /** Its command with secrets masked. */
  server: { name: string; command: string[]; cwd: string };
  /** Undefined where the user has no home. */
  folders: { data: string; state: string } | undefined;
  /** Masks secrets in JSON. */
  mask(json: string): string;
  /** Whether what is kept longer than the session may hold arguments. */
  keepsArguments: boolean;
  /** Undefined as long as the session has none. */
  session(): string | undefined;
  /** Undefined where none may hold messages back. */
  plugins: AskedPlugins | undefined;
  /** A line for the person who runs km; must not wait for anybody to read it, nor be too many. */
  say(line: string): void;
  /** That tools are not as they were accepted, by this answer. */
  report(findings: Finding[], answer: string): void;
  /** How the client is told that it should ask for the tools anew. */
  listeners: Pick<ListListeners, "notifications">;
}

export interface AskedPlugins {
  methods: true | string[];
  /** Never rejects, and has a deadline of its own. */
  decide(held: HeldMessage): Promise<Verdict>;
}

export interface RefereedSession {
  insertToClient(line: string): void;
  learn(facts: Facts): void;
  dropped: AbortSignal;
}

/** How long files may take. */
const FILES_MS = 10_000;
/** The same where nothing is held back whatever they say. */
const WARNING_MS = 2_000;
const NOBODY: Verdict = { action: "block", by: "km", reason: "the client does not wait for it any more" };

export class Referee {
  readonly #options: RefereeOptions;
  readonly #actions: ReturnType<typeof toolActions>;
  readonly #say: (line: string) => void;
  #desk: Promise<ApprovalDesk> | undefined;
  #definitions: Promise<DefinitionsReferee> | undefined;
  #watch: AcceptanceWatch | undefined;
  #results: Promise<LargeResults> | undefined;
  #opened: LargeResults | undefined;
  readonly #said = new Set<string>();
  #isOver = false;

  constructor(options: RefereeOptions) {
    this.#options = options;
    this.#actions = toolActions(options.policy);
    this.#say = options.say;
  }

  /** What earlier sessions left to know of the tools. Never rejects, and resolves in time. */
  async facts(): Promise<Facts | undefined> {
    try {
      const reading = this.#openDefinitions().then((definitions) => definitions?.facts());
      return await inTime(reading, this.#blocksTools ? FILES_MS : WARNING_MS);
    } catch {
      return undefined; // said when the server lists its tools
    }
  }

  /** Resolves in time whatever happens. */
  async decide(held: HeldMessage, { question }: Deferral, session: RefereedSession): Promise<Verdict> {
    try {
      return await this.#decide(held, question, session);
    } catch (error) {
      this.#say(`Could not decide about ${subject(held)}: ${messageOf(error)}`);
      return afterFailure(question);
    }
  }

  /** The session is over. */
  close(): void {
    this.#isOver = true;
    this.#watch?.end();
    this.#opened?.close();
  }

  async #decide(held: HeldMessage, question: Question, session: RefereedSession): Promise<Verdict> {
    switch (question.kind) {
      case "plugins":
        return await this.#askPlugins(held);
      case "approval":
        return await this.#approval(held, question, session);
      case "definitions":
        return held.request === undefined
          ? await this.#callOfAccepted(held, session)
          : await inTime(this.#listing(held, session));
      case "list":
        return await inTime(this.#allowed(held, { action: "pass" }));
      case "large result":
        return await inTime(this.#largeResult(held, question.max_tokens));
      case "read on": {
        const verdict = await inTime(this.#openResults().then((results) => results?.readOn(held)));
        return verdict === undefined || verdict.action === "pass" ? await this.#askPlugins(held) : verdict;
      }
    }
  }

  async #approval(held: HeldMessage, question: Approval, session: RefereedSession): Promise<Verdict> {
    const verdict = await this.#callOfAccepted(held, session);
    if (verdict.action === "block" || verdict.action === "answer") return verdict;
    const asked = verdict.action === "modify" ? { ...held, text: verdict.text } : held;
    const outcome = await this.#askPerson(asked, question, session);
    if (outcome.kind === "approved" && verdict.action === "modify") {
      return { ...verdict, reason: `approved by ${outcome.by}` };
    }
    return verdictOn(outcome, question, verdict);
  }

  /** A definition that was accepted meanwhile, by another process too, counts at once. */
  async #callOfAccepted(held: HeldMessage, session: RefereedSession): Promise<Verdict> {
    if (held.method === "tools/call" && this.#blocksTools) {
      const verdict = await inTime(this.#judge(held, session));
      if (verdict.action === "block") return verdict;
    }
    return await this.#askPlugins(held);
  }

  async #askPlugins(held: HeldMessage): Promise<Verdict> {
    const { plugins } = this.#options;
    if (plugins === undefined || held.request !== undefined) return { action: "pass" };
    const isTheirs = plugins.methods === true || plugins.methods.includes(held.method);
    return isTheirs ? await plugins.decide(held) : { action: "pass" };
  }

  async #askPerson(held: HeldMessage, question: Approval, session: RefereedSession): Promise<Outcome> {
    const { exactCall } = await import("./approvals/exact-call.ts");
    const { serverIdentity } = await import("./pins/server-identity.ts");
    const call = exactCall(serverIdentity(this.#options.server), held);
    if (call === undefined) {
      return {
        kind: "denied",
        by: `policy: ${question.rule}`,
        reason: "readers may differ on what it says, so nobody can approve it",
      };
    }
    const desk = await this.#openDesk();
    if (desk === undefined)
      return { kind: "unavailable", why: "there is no folder for approvals: the user has no home" };
    const { hintAtWaiting } = await import("./approvals/waiting-hint.ts");
    let end = (): void => undefined;
    const outcome = await desk.ask(call, question, session.dropped, ({ id }) => {
      this.#say(`${subject(held)} waits for approval (rule ${question.rule}): km approve ${id}`);
      if (held.direction !== "request") return;
      end = hintAtWaiting(held.text, `Waiting for approval: km approve ${id}`, session.insertToClient);
    });
    end();
    if (outcome.kind === "unavailable") this.#say(`Nobody can be asked about ${subject(held)}: ${outcome.why}`);
    return outcome;
  }

  async #listing(held: HeldMessage, session: RefereedSession): Promise<Verdict> {
    const verdict = await this.#allowed(held, await this.#judgeListing(held, session));
    const results = verdict.action === "pass" || verdict.action === "modify" ? await this.#openResults() : undefined;
    if (results === undefined) return verdict;
    const text = verdict.action === "modify" ? verdict.text : held.text;
    const offered = results.offer(text, held.request);
    if (offered === text) return verdict;
    return verdict.action === "modify" ? { ...verdict, text: offered } : { action: "modify", by: "km", text: offered };
  }

  /** Behind what was compared with the accepted definitions: they are of the server, and not of one client's view of it. */
  async #allowed(held: HeldMessage, verdict: Verdict): Promise<Verdict> {
    const { policy, server } = this.#options;
    if (!policy.uses.lists || (verdict.action !== "pass" && verdict.action !== "modify")) return verdict;
    const { allowedList, isListMethod } = await import("./policy/allowed-list.ts");
    if (!isListMethod(held.method)) return verdict;
    const text = verdict.action === "modify" ? verdict.text : held.text;
    const allowed = allowedList(text, held.method, policy, server.name);
    if ("unclear" in allowed) {
      return { action: "block", by: "policy: lists", reason: `cannot tell what is listed: ${allowed.unclear}` };
    }
    if (allowed.text === undefined) return verdict;
    const reason = `${allowed.count} left out that the policy denies`;
    return { action: "modify", by: "policy: lists", text: allowed.text, reason };
  }

  /** Where definitions pass whatever they are, they do not wait long for what is only to be said of them. */
  async #judgeListing(held: HeldMessage, session: RefereedSession): Promise<Verdict> {
    const judging = this.#judge(held, session);
    if (this.#blocksTools) {
      const verdict = await judging;
      await this.#watchAcceptance(held, session);
      return verdict;
    }
    const late = pause(WARNING_MS).then((): Verdict => {
      this.#sayOnce(
        "What was accepted of the tools is not read in time: they pass before km knows whether they changed",
      );
      return { action: "pass" };
    });
    return await Promise.race([judging, late]);
  }

  /** What was accepted meanwhile counts at once, and the client shall ask for the tools anew. */
  async #watchAcceptance(listing: HeldMessage, session: RefereedSession): Promise<void> {
    const definitions = await this.#openDefinitions();
    if (definitions === undefined || !definitions.leavesOut || this.#isOver) return;
    const { AcceptanceWatch: Watch } = await import("./pins/acceptance-watch.ts");
    this.#watch?.end();
    this.#watch = new Watch(definitions, (facts) => {
      session.learn(facts);
      this.#options.listeners.notifications(listing.request ?? "").forEach(session.insertToClient);
    });
    this.#watch.begin();
  }

  async #judge(held: HeldMessage, { learn }: RefereedSession): Promise<Verdict> {
    const definitions = await this.#openDefinitions();
    if (definitions === undefined) {
      if (!this.#options.policy.uses.definitions || !this.#blocksTools) return { action: "pass" };
      throw new Error("km has no folder to tell from whether its definitions were accepted");
    }
    const { verdict, facts, say, findings } = await definitions.judge(held);
    if (facts !== undefined) learn(facts);
    say.forEach(this.#say);
    if (findings.length > 0) this.#options.report(findings, held.text);
    return verdict;
  }

  async #largeResult(held: HeldMessage, mostTokens: number): Promise<Verdict> {
    const cut = await this.#openResults().then((results) => results?.cut(held, mostTokens));
    cut?.say.forEach(this.#say);
    return cut?.verdict ?? { action: "pass" };
  }

  async #openDesk(): Promise<ApprovalDesk | undefined> {
    const { folders, mask, session, keepsArguments } = this.#options;
    if (folders === undefined) return undefined;
    const open = async (): Promise<ApprovalDesk> => {
      const { ApprovalDesk: Desk } = await import("./approvals/desk.ts");
      const { approvalsFolder } = await import("./approvals/pending-call.ts");
      const folder = approvalsFolder(folders.state);
      return new Desk({ folder, mask, session, keepsArguments, say: this.#say });
    };
    return await (this.#desk ??= open());
  }

  async #openDefinitions(): Promise<DefinitionsReferee | undefined> {
    const { folders, server, policy } = this.#options;
    if (folders === undefined || !policy.uses.definitions) return undefined;
    this.#definitions ??= import("./pins/definitions-referee.ts").then(
      (pins) => new pins.DefinitionsReferee({ dataFolder: folders.data, server, actions: this.#actions }),
    );
    return await this.#definitions;
  }

  async #openResults(): Promise<LargeResults | undefined> {
    const { folders, policy } = this.#options;
    if (!policy.uses.results) return undefined;
    if (folders === undefined) {
      this.#sayOnce("Large results pass whole: the user has no home, so the rest of them could not be kept");
      return undefined;
    }
    const open = async (): Promise<LargeResults> => {
      const { LargeResults: Results } = await import("./results/large-results.ts");
      return (this.#opened = new Results({ stateFolder: folders.state }));
    };
    return await (this.#results ??= open());
  }

  get #blocksTools(): boolean {
    return Object.values(this.#actions).includes("block");
  }

  #sayOnce(line: string): void {
    if (!this.#said.has(line)) this.#say(line);
    this.#said.add(line);
  }
}

function verdictOn(outcome: Outcome, question: Approval, otherwise: Verdict): Verdict {
  const by = `policy: ${question.rule}`;
  const why = question.reason === "" ? "" : `${question.reason.replace(/\.$/, "")}. `;
  switch (outcome.kind) {
    case "approved":
      return { action: "approve", by: outcome.by, waited_ms: outcome.waitedMs };
    case "denied":
      return { action: "block", by: outcome.by, reason: outcome.reason ?? `${why}The user was asked, and denied it` };
    case "dropped":
      return NOBODY;
    case "expired":
    case "unavailable": {
      if (question.default === "pass") return otherwise;
      const left = outcome.kind === "expired" ? "nobody answered in time" : `nobody could be asked: ${outcome.why}`;
      const reason = `${why}It needs the approval of the user, and ${left}. Tell the user; a call made again is asked about again (km approve)`;
      return { action: "block", by, reason };
    }
  }
}

/** What is for safety fails closed; a result that is too long is let through. */
function afterFailure(question: Question): Verdict {
  const passes = question.kind === "large result" || (question.kind === "approval" && question.default === "pass");
  return passes ? { action: "pass" } : { action: "block", by: "km", reason: "it could not be decided about it" };
}

async function inTime<T>(deciding: Promise<T>, mostMs = FILES_MS): Promise<T> {
  const late = pause(mostMs).then(() => {
    throw new Error("its files are not read in time");
  });
  return await Promise.race([deciding, late]);
}

function subject({ method, tool }: HeldMessage): string {
  const what = printable(tool === undefined ? method : `${method} ${tool}`);
  return what.length > 100 ? `${what.slice(0, 100)}…` : what;
}
