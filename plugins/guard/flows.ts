/** `Flows`: looks at each call for data of other servers, as soon as these have published what they read. */
import { boundKey } from "#findings";
import { isObject, type PluginEvent } from "#plugin-sdk";
import { findFlows, type Flow } from "./cross-server.ts";
import { Fingerprinter, type Prints } from "./fingerprint.ts";
import { sendsOutward } from "./outward.ts";
import { type Found, withKey } from "./session-findings.ts";
import { SharedPrints, sharedSalt } from "./shared-prints.ts";

interface Call {
  eventId: string;
  tool: string;
  at: number;
  isOutward: boolean;
  prints: Prints;
}

/** What is found of an earlier event. */
export interface FlowFound {
  eventId: string;
  found: Found;
}

/** So long the plugin beside another server may take to publish what was read there. */
const PATIENCE_MS = 10_000;
/** Later ones take their place: so many calls with this much in each are looked at again every second. */
const MOST_WAITING = 100;

/** A resource is called by its address, which may hold all of it. */
const LONGEST_NAME = 200;

export class Flows {
  readonly #server: string;
  readonly #shared: SharedPrints;
  readonly #fingerprinter: Fingerprinter;
  /** Looked at, and to be looked at again. */
  #waiting: { call: Call; until: number }[] = [];
  #fresh: Call[] = [];

  /** @throws a system error where the folder cannot be used */
  constructor(server: string, session: string, folder: string) {
    this.#server = server;
    this.#shared = new SharedPrints(folder, server, session);
    this.#fingerprinter = new Fingerprinter(sharedSalt(folder));
  }

  /** @param definition of the tool, where it was listed */
  add(event: PluginEvent, definition: Record<string, unknown> | undefined): void {
    const { type, direction, method, tool = "", target = "", message } = event;
    if (!isObject(message)) return;
    const about = {
      server: this.#server,
      tool: (tool || target).slice(0, LONGEST_NAME),
      at: timeOf(event.timestamp),
    };
    if (type === "request" && direction === "request") {
      if (method !== "tools/call" && method !== "prompts/get" && method !== "resources/read") return;
      const params = isObject(message["params"]) ? message["params"] : {};
      const given = method === "resources/read" ? params["uri"] : params["arguments"];
      const prints = this.#fingerprinter.print(given, "said");
      if (prints.passages.length + prints.identifiers.length === 0) return;
      this.#shared.add({ ...about, kind: "said" }, prints);
      const isOutward = sendsOutward(tool, definition, given);
      if (method === "tools/call") this.#fresh.push({ ...about, eventId: event.id, isOutward, prints });
    } else if (type === "response" && direction === "response" && isReading(method)) {
      const prints = this.#fingerprinter.print(message["result"], "read");
      if (prints.passages.length + prints.identifiers.length === 0) return;
      this.#shared.add({ ...about, kind: "read" }, prints);
    }
  }

  /** Whether there is something to compare later. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Publishes what was added, and compares the calls among it.
   *
   * @throws a system error where the folder cannot be used
   */
  compare(now = Date.now()): FlowFound[] {
    this.#shared.publish();
    const calls = this.#fresh;
    this.#fresh = [];
    this.#waiting = [...this.#waiting, ...calls.map((call) => ({ call, until: now + PATIENCE_MS }))].slice(
      -MOST_WAITING,
    );
    return this.#flowsOf(calls);
  }

  /** Compares the last calls with what was published meanwhile. */
  compareAgain(now = Date.now()): FlowFound[] {
    const calls = this.#waiting.map(({ call }) => call);
    this.#waiting = this.#waiting.filter(({ until }) => until > now);
    return this.#flowsOf(calls);
  }

  #flowsOf(calls: readonly Call[]): FlowFound[] {
    if (calls.length === 0) return [];
    this.#shared.refresh();
    const sessions = this.#shared.sessions();
    if (!sessions.some(({ server }) => server !== this.#server)) return [];
    return calls.flatMap((call) => {
      const flows = findFlows(this.#server, call.prints, call.at, sessions);
      return flows.map((flow) => ({ eventId: call.eventId, found: this.#finding(call, flow) }));
    });
  }

  removeOld(): void {
    this.#shared.removeOld();
  }

  #finding({ tool, isOutward }: Call, flow: Flow): Found {
    const counts = [counted(flow.passages, "passage"), counted(flow.identifiers, "identifier")].filter(Boolean);
    const subject = `call ${tool}`;
    const from = `${flow.server} (${flow.tool})`;
    const finding = withKey({
      rule: "cross-server-flow",
      severity: isOutward ? "high" : "medium",
      title: `Is given data that was read from another server, ${flow.server}`,
      place: "arguments",
      evidence: `From ${from} to ${this.#server} (${tool})`,
      owasp: "MCP10",
    });
    const evidence = `${finding.evidence}: ${counts.join(" and ")}, read ${Math.round(flow.age_ms)} ms before`;
    return { ...finding, evidence, subject, key: boundKey(this.#server, subject, finding.key) };
  }
}

const READINGS = new Set(["tools/call", "resources/read", "prompts/get"]);

function isReading(method: string | undefined): boolean {
  return method !== undefined && READINGS.has(method);
}

/** In milliseconds since 1970, with the microseconds behind the point. */
function timeOf(timestamp: string): number {
  return Date.parse(timestamp) + Number(/\.\d{3}(\d{3})Z$/.exec(timestamp)?.[1] ?? 0) / 1000;
}

function counted(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${what}${count === 1 ? "" : "s"}`;
}
