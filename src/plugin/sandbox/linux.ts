/** The host's side of the sandbox on Linux: what the system offers, and the command that confines itself. */
import { accessSync, closeSync, constants, openSync, realpathSync } from "node:fs";
import { dirname, sep } from "node:path";
import { ptr } from "bun:ffi";
import { messageOf } from "../../errors.ts";
import { selfCommand } from "../../self.ts";
import type { Confinement } from "./confinement.ts";
import { landlockVersion } from "./landlock.ts";
import { type Kernel, openKernel } from "./linux-call.ts";
import { architecture } from "./linux-call-numbers.ts";
import type { Sandboxed, SandboxPolicy } from "./policy.ts";
import { interpreted } from "./script.ts";

/** @throws KmError PLG_RUN_002, or a system error when the plugin may not be executed */
export function confinedOnLinux(command: string[], policy: SandboxPolicy): Sandboxed {
  const landlock = available();
  if (typeof landlock === "string") return { command, level: 1, reason: landlock };
  accessSync(policy.executable, constants.X_OK);
  const script = interpreted(command, process.env["PATH"] ?? "");
  const { filesystem, stateFolder } = policy;
  const granted = Array.isArray(filesystem) ? ownPaths(filesystem, stateFolder) : [];
  for (const path of granted) createFile(path);
  const confinement: Confinement = {
    parent: process.pid,
    landlock,
    readable: [policy.folder, ...script.readable],
    executable: script.executable,
    writable: [stateFolder, ...granted],
    everyFile: filesystem === true,
    system: policy.system,
    dataLimit: 2 * policy.memoryLimit + DATA_RESERVED,
  };
  const words = ["__sandbox-exec", JSON.stringify(confinement), "--", ...script.command];
  return { command: selfCommand(words), level: 2 };
}

/**
 * Bun reserves more than it uses, and less where the limit is low. With twice the memory that is allowed and this much
 * on top, a plugin reaches what is allowed before it reaches the limit, and goes little beyond.
 */
const DATA_RESERVED = 512 << 20;

const SECCOMP_GET_ACTION_AVAIL = 2;
const SECCOMP_RET_ERRNO = 0x0005_0000;

let found: number | string | undefined;

/** The version of Landlock's interface, or what is missing. Asks without changing anything. */
function available(): number | string {
  return (found ??= look());
}

function look(): number | string {
  if (architecture() === undefined) return `km has no sandbox for ${process.arch}`;
  let kernel: Kernel;
  try {
    kernel = openKernel();
  } catch (error) {
    return `the C library cannot be called: ${messageOf(error)}`;
  }
  const landlock = landlockVersion(kernel);
  if (landlock < 1) return "this kernel has no Landlock, or it is switched off (Linux 5.13 or later has it)";
  const action = new Uint32Array(new ArrayBuffer(4)).fill(SECCOMP_RET_ERRNO);
  const filters = kernel.call("seccomp", SECCOMP_GET_ACTION_AVAIL, 0, ptr(action));
  return filters === 0 ? landlock : "this kernel has no seccomp filters";
}

/**
 * Leaves out what leads through a folder that the plugin can change: it is permitted already, or a link that the plugin
 * left there at an earlier start to have more permitted.
 */
function ownPaths(paths: string[], stateFolder: string): string[] {
  return paths.filter((path) => {
    const others = [stateFolder, ...paths.filter((other) => other !== path)].map(resolved);
    return !ancestors(path).some((ancestor) => others.some((other) => isWithin(resolved(ancestor), other)));
  });
}

/** A path that is not there cannot be permitted: whoever grants a log file that is yet to be written means this. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    return; // it is there already, or its folder is not: then the plugin will be told
  }
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestors(parent)];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
