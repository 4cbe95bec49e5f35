/** What plugins and km found in a session: `findings.ndjson` in its folder, one finding a line. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { systemCode } from "../../errors.ts";
import { KEY as BOUND_KEY } from "../../guard/accepted/bound-key.ts";
import type { Redactor } from "../../guard/redaction/redact.ts";
import { printable } from "../../terminal.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import { findingsFile } from "../layout.ts";
import type { FindingParams, Severity } from "../protocol.ts";
import { cleanText } from "./clean-text.ts";
import { LineWriter } from "./line-writer.ts";

export interface Finding {
  /** UTC, ISO 8601. */
  time: string;
  /** Its name; `km` for what km found itself. */
  plugin: string;
  severity: Severity;
  /** Stable, for programs. */
  code: string;
  title: string;
  /** Of the event that it is about. */
  seq?: number;
  /** Name of the tool that it is about. */
  tool?: string;
  evidence?: string;
  /** Where in the message, as a path. */
  place?: string;
  /** Of the OWASP MCP Top 10, such as `MCP03`. */
  owasp?: string;
  /** The same for the same finding. */
  key?: string;
}

/** Whether it is in the file: now, since before, or not, because there are too many or it could not be written. */
export type Recorded = "written" | "known" | "lost";

/** From the worst to the least. */
export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

const MAX_FINDINGS = 10_000;
const MAX_CODE = 100;
const MAX_TITLE = 200;
const MAX_TOOL = 500;
const MAX_EVIDENCE = 2048;
const MAX_PLACE = 500;
const KEY = /^[\w.:-]{1,64}$/;
const OWASP = /^[A-Z]{1,8}\d{2}(:\d{4})?$/;

/** The findings of one session, as one process writes them. Never throws. */
export class FindingLog {
  readonly #file: string;
  readonly #redactor: Redactor;
  #open: { fd: number; writer: LineWriter } | undefined;
  /** By plugin: none can use up the room of another. */
  readonly #written = new Map<string, number>();
  /** Of each plugin, with its name. */
  readonly #keys = new Set<string>();

  constructor(sessionFolder: string, redactor: Redactor) {
    this.#file = findingsFile(sessionFolder);
    this.#redactor = redactor;
  }

  append(finding: Finding): Recorded {
    try {
      // Kept open: into a session that is deleted meanwhile nothing is written, so that its folder can go.
      this.#open ??= this.#begin();
      const key = keyOf(finding);
      if (key !== undefined && this.#keys.has(key)) return "known";
      const before = this.#written.get(finding.plugin) ?? 0;
      this.#written.set(finding.plugin, before + 1);
      if (before < MAX_FINDINGS) {
        this.#open.writer.write(encode(this.#cleaned(finding)));
        if (key !== undefined) this.#keys.add(key);
        return "written";
      }
      if (before === MAX_FINDINGS) this.#open.writer.write(encode(lastFinding(finding)));
    } catch {
      // The next one is tried again.
    }
    return "lost";
  }

  close(): void {
    if (this.#open === undefined) return;
    try {
      closeSync(this.#open.fd);
    } catch {
      // Nothing can be done about it: what was written is written.
    }
    this.#open = undefined;
  }

  /** Goes on behind what an earlier host of the session wrote. */
  #begin(): { fd: number; writer: LineWriter } {
    const fd = openSync(this.#file, "a", 0o600);
    for (const line of readFileSync(this.#file, "utf8").split("\n")) {
      const finding = decode(line);
      if (finding === undefined) continue;
      this.#written.set(finding.plugin, (this.#written.get(finding.plugin) ?? 0) + 1);
      const key = keyOf(finding);
      if (key !== undefined) this.#keys.add(key);
    }
    return { fd, writer: new LineWriter(fd) };
  }

  #cleaned(finding: Finding): Finding {
    const { time, plugin, severity, code, title, seq, tool, evidence, place, owasp, key } = finding;
    return {
      time,
      plugin,
      severity,
      code: code.slice(0, MAX_CODE),
      title: cleanText(title, MAX_TITLE, this.#redactor),
      ...(seq === undefined ? {} : { seq }),
      ...(tool === undefined ? {} : { tool: cleanText(tool, MAX_TOOL, this.#redactor) }),
      ...(evidence === undefined ? {} : { evidence: cleanText(evidence, MAX_EVIDENCE, this.#redactor) }),
      ...(place === undefined ? {} : { place: cleanText(place, MAX_PLACE, this.#redactor) }),
      ...(owasp === undefined ? {} : { owasp }),
      ...(key === undefined ? {} : { key }),
    };
  }
}

function keyOf({ plugin, key }: Finding): string | undefined {
  return key === undefined ? undefined : `${plugin} ${key}`;
}

/** Escapes too what JSON leaves alone but a terminal obeys: people will look at the file. */
function encode(finding: Finding): string {
  return `${printable(JSON.stringify(finding))}\n`;
}

function lastFinding({ time, plugin }: Finding): Finding {
  const title = `Further findings are not recorded: a plugin has at most ${MAX_FINDINGS}`;
  return { time, plugin, severity: "info", code: "TOO_MANY_FINDINGS", title };
}

/**
 * @param params of a `km/finding`, as the plugin sent them
 * @param session its id: the event of another one is none of this session
 * @returns the finding, or why it is none, for the plugin's log
 */
export function findingFrom(params: unknown, plugin: string, session: string, now: Date): Finding | string {
  const given: { [K in keyof FindingParams]?: unknown } = isObject(params) ? params : {};
  const { severity, code, title, event_id, tool, evidence, place, owasp, key } = given;
  const known = SEVERITIES.find((one) => one === severity);
  if (known === undefined) return `Cannot record a finding: its severity is none of ${SEVERITIES.join(", ")}`;
  if (typeof code !== "string" || code === "") return "Cannot record a finding: it has no code";
  if (typeof title !== "string" || title === "") return `Cannot record finding ${code}: it has no title`;
  const id = typeof event_id === "string" ? event_id : "";
  const seq = id.startsWith(`${session}/`) ? Number(id.slice(session.length + 1)) : Number.NaN;
  return {
    time: now.toISOString(),
    plugin,
    severity: known,
    code,
    title,
    ...(Number.isSafeInteger(seq) && seq > 0 ? { seq } : {}),
    ...(typeof tool === "string" && tool !== "" ? { tool } : {}),
    ...(typeof evidence === "string" ? { evidence } : {}),
    ...(typeof place === "string" ? { place } : {}),
    ...(typeof owasp === "string" && OWASP.test(owasp) ? { owasp } : {}),
    ...(typeof key === "string" && KEY.test(key) ? { key } : {}),
  };
}

/**
 * In the order in which they were found, each once: a plugin that was started again may have seen an event twice, and km
 * may have found the same as a plugin. What a full disk or a crash cut short is skipped.
 *
 * @throws a system error where the file is there and cannot be read
 */
export async function readFindings(sessionFolder: string): Promise<Finding[]> {
  const text = await readFile(findingsFile(sessionFolder), "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  });
  const findings = new Map<string, Finding>();
  for (const [index, line] of text.split("\n").entries()) {
    const finding = decode(line);
    if (finding === undefined) continue;
    const identity = identityOf(finding) ?? String(index);
    if (!findings.has(identity)) findings.set(identity, finding);
  }
  return [...findings.values()];
}

/** The same for the same finding; undefined where nothing tells. */
function identityOf(finding: Finding): string | undefined {
  const { time: _, ...content } = finding;
  const { key, seq } = finding;
  if (key !== undefined && BOUND_KEY.test(key)) return key;
  return seq === undefined ? undefined : JSON.stringify(content);
}

function decode(line: string): Finding | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFinding(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFinding(value: unknown): value is Finding {
  const names = ["time", "plugin", "severity", "code", "title"];
  return isObject(value) && names.every((name) => typeof value[name] === "string");
}
