/** Which of a release's archives is the one for this machine. */
import { isTarget, type Target } from "../platforms.ts";

/** Set by the build for the musl targets. */
declare const KM_MUSL: boolean | undefined;

/**
 * @param translated this program was built for x64 and runs on Apple silicon by Rosetta
 * @returns undefined for a platform without releases
 */
export function releaseTarget(
  platform: NodeJS.Platform,
  arch: string,
  musl: boolean,
  translated: boolean,
): Target | undefined {
  const os = platform === "win32" ? "windows" : platform;
  const name = `${os}-${translated ? "arm64" : arch}${os === "linux" && musl ? "-musl" : ""}`;
  return isTarget(name) ? name : undefined;
}

/** The native one under Rosetta too: the next km has no need to be translated. */
export function ownTarget(): Target | undefined {
  const musl = typeof KM_MUSL !== "undefined" && KM_MUSL;
  return releaseTarget(process.platform, process.arch, musl, isTranslated());
}

function isTranslated(): boolean {
  if (process.platform !== "darwin" || process.arch !== "x64") return false;
  const { stdout } = Bun.spawnSync(["/usr/sbin/sysctl", "-in", "sysctl.proc_translated"], { stderr: "ignore" });
  return stdout.toString().trim() === "1";
}
