/** How much memory a process uses. */

/** @returns resident bytes; undefined where there is no such process, or the system does not tell */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    switch (process.platform) {
      case "linux":
        return bytesInStatus(await Bun.file(`/proc/${pid}/status`).text());
      case "win32":
        return bytesInTasklist(await outputOf(["tasklist", "/fi", `PID eq ${pid}`, "/fo", "csv", "/nh"]));
      default:
        return bytesInPs(await outputOf(["ps", "-o", "rss=", "-p", `${pid}`]));
    }
  } catch {
    return undefined;
  }
}

/** `VmRSS:     28016 kB`, which a zombie does not have. */
export function bytesInStatus(status: string): number | undefined {
  return kibibytes(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]);
}

/** `  28016`, in KiB. */
export function bytesInPs(output: string): number | undefined {
  return kibibytes(/^\s*(\d+)\s*$/.exec(output)?.[1]);
}

/**
 * `"km.exe","4711","Console","1","28,016 K"`: the last column, whose digits are grouped as the user's language has it. For
 * no such process it prints a sentence.
 */
export function bytesInTasklist(output: string): number | undefined {
  const last = /"([^"]*)"\s*$/.exec(output.trim())?.[1] ?? "";
  return kibibytes(/^\d[\d\s.,'’]* \D+$/.test(last) ? last.replace(/\D/g, "") : undefined);
}

function kibibytes(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits) * 1024;
}

async function outputOf(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore", windowsHide: true });
  return await child.stdout.text();
}
