/** `Guard`: reports what the rules find in a session, each once, and data that goes from one server to another. */
import { type PluginContext, type PluginEvent, type Severity } from "#plugin-sdk";
import type { Configuration } from "./configuration.ts";
import { type FlowFound, Flows } from "./flows.ts";
import { KnownToolsFile } from "./known-tools-file.ts";
import { type Found, SessionFindings } from "./session-findings.ts";

const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];
/** That were reported: km itself takes the first of a key, so the oldest may be forgotten. */
const MOST_KEYS = 20_000;
/** From so many bytes on it may take a while to look through a message. */
const LARGE = 256 << 10;
const COMPARE_MS = 1000;
/** At the end of a session, which nobody waits for any more. */
const LAST_MS = 2000;
const STEP_MS = 200;

export class Guard {
  readonly #km: PluginContext<Configuration>;
  readonly #findings: SessionFindings;
  readonly #knownTools: KnownToolsFile | undefined;
  readonly #reported = new Set<string>();
  readonly #off: ReadonlySet<string>;
  #flows: Flows | undefined;
  #timer: Timer | undefined;
  #isListChanged = false;
  #isOver = false;

  /** @param folder that the processes of the plugin share */
  constructor(km: PluginContext<Configuration>, folder: string) {
    const { configuration, session } = km;
    this.#km = km;
    this.#off = new Set(configuration.off);
    this.#knownTools = this.#tried("keep what tools there are", () => new KnownToolsFile(folder, session.id));
    this.#findings = new SessionFindings({
      name: session.name,
      cwd: session.cwd,
      roots: configuration.roots,
      resultBytes: configuration.result_bytes,
      known: this.#knownTools?.read(),
    });
    if (!configuration.cross_server || this.#off.has("cross-server-flow")) return;
    this.#flows = this.#tried("compare with other servers", () => new Flows(session.name, session.id, folder));
  }

  take(event: PluginEvent): void {
    if (event.bytes > LARGE) this.#km.progress();
    for (const found of this.#findings.inspect(event)) this.#report(found, event.id);
    if (event.method === "tools/list" && event.type === "response") this.#isListChanged = true;
    this.#flows?.add(event, event.tool === undefined ? undefined : this.#findings.tools.definition(event.tool));
    if (event.type === "server_stop") this.#isOver = true;
  }

  /**
   * What must not be lost is written before the events are acknowledged. The last of a session waits, since the plugin
   * beside the server from which something came may have begun later.
   */
  async flush(): Promise<void> {
    const file = this.#knownTools;
    if (this.#isOver) this.#tried("remove what tools there were", () => file?.remove());
    else if (this.#isListChanged) {
      this.#tried("keep what tools there are", () => file?.write(this.#findings.tools.known()));
    }
    this.#isListChanged = false;
    this.#reportFlows((flows) => flows.compare());
    const until = performance.now() + LAST_MS;
    while (this.#isOver && this.#flows?.isWaiting === true && performance.now() < until) {
      await Bun.sleep(STEP_MS);
      this.#reportFlows((flows) => flows.compareAgain());
    }
    if (!this.#isOver) this.#compareLater();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#reportFlows((flows) => [...flows.compare(), ...flows.compareAgain()]);
    this.#tried("remove old fingerprints", () => this.#flows?.removeOld());
  }

  /** As long as the plugin beside another server may be behind. */
  #compareLater(): void {
    if (this.#flows?.isWaiting !== true || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#reportFlows((flows) => flows.compareAgain());
      this.#compareLater();
    }, COMPARE_MS);
  }

  #reportFlows(find: (flows: Flows) => FlowFound[]): void {
    const flows = this.#flows;
    const found = flows === undefined ? [] : this.#tried("compare with other servers", () => find(flows));
    for (const { eventId, found: flow } of found ?? []) this.#report(flow, eventId);
  }

  #report({ rule, severity, title, place, evidence, owasp, key, subject }: Found, eventId: string): void {
    if (this.#off.has(rule) || this.#reported.has(key)) return;
    if (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(this.#km.configuration.severity)) return;
    const [oldest] = this.#reported;
    if (oldest !== undefined && this.#reported.size >= MOST_KEYS) this.#reported.delete(oldest);
    this.#reported.add(key);
    const name = subject.slice(subject.indexOf(" ") + 1);
    const isTool = /^(?:tool|call) /.test(subject);
    this.#km.finding({
      severity,
      code: rule,
      title: `${name}: ${title}`,
      event_id: eventId,
      ...(isTool && { tool: name }),
      evidence,
      place,
      owasp,
      key,
    });
  }

  /** What fails of it is in the log, and everything else goes on. */
  #tried<T>(what: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#km.log.warn(`Cannot ${what}: ${String(error)}`);
      return undefined;
    }
  }
}
