/**
 * `temporaryName`: what a file is called until it takes its place. The name says which process writes it, so that it can be told
 * from one whose writer was killed.
 */
import { hostname } from "node:os";
import { readlinkSync } from "node:fs";
import { isAlive } from "../../../process/is-alive.ts";
import { processUsage } from "../../../process/usage-linux.ts";

const NAME = /^\.km-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}\.tmp$/;

/** On systems that do not tell when a process was started. */
const UNKNOWN = "0";

export function temporaryName(): string {
  const start = processUsage(process.pid)?.startKey ?? UNKNOWN;
  return `.km-${machine()}-${process.pid}-${start}-${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/** Whether it is a name that km alone gives: what has one may be removed. */
export function isTemporary(name: string): boolean {
  return NAME.test(name);
}

/** Whether that is the name of something whose writer is gone. What another machine has written is never said to be. */
export function isAbandoned(name: string): boolean {
  const [, of, pid, start] = NAME.exec(name) ?? [];
  if (of !== machine()) return false;
  const id = Number(pid);
  if (!isAlive(id)) return true;
  const found = processUsage(id);
  if (found === undefined || start === UNKNOWN) return false;
  return found.startKey !== start || found.state === "Z" || found.state === "X";
}

/** The number means another process on another machine, and in another container. */
function machine(): string {
  return Bun.hash(`${hostname()} ${namespace()}`).toString(16).padStart(16, "0").slice(0, 8);
}

function namespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return ""; // a system that has none
  }
}
