/** `sourceTime`: the one time that a release carries, so that making it again gives the same bytes. */
import { ROOT } from "./root.ts";

/** Archives for DOS, which zip files are, know no earlier year. */
const EARLIEST = Date.UTC(1980, 0, 1) / 1000;

/** SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), else the time of the commit. */
export function sourceTime(): Date {
  const seconds = Number(process.env["SOURCE_DATE_EPOCH"] ?? commitTime() ?? EARLIEST);
  if (!Number.isSafeInteger(seconds)) throw new Error("SOURCE_DATE_EPOCH is not a number of seconds");
  return new Date(Math.max(seconds, EARLIEST) * 1000);
}

function commitTime(): string | undefined {
  if (Bun.which("git") === null) return undefined;
  const { stdout, success } = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: ROOT, stderr: "ignore" });
  return success ? stdout.toString().trim() || undefined : undefined;
}
