/** `installationFacts`: what can be seen of how this km was installed. Nothing is changed and no network is used. */
import { existsSync } from "node:fs";
import type { Environment } from "../config/paths.ts";
import { realPath } from "../real-path.ts";
import { selfCommand } from "../self.ts";
import type { InstallationFacts } from "./installation.ts";
import { type Receipt, readReceipts } from "./receipt.ts";

const PATIENCE_MS = 3000;

export async function installationFacts(
  env: Environment,
  stateFolder: string,
  releases: string,
): Promise<InstallationFacts> {
  const executable = realPath(process.execPath);
  const compiled = selfCommand([]).length === 1;
  return {
    platform: process.platform,
    env,
    executable,
    compiled,
    receipt: compiled ? receiptOf(executable, readReceipts(stateFolder)) : undefined,
    owner: compiled ? await packageOwner(executable) : undefined,
    container: existsSync("/.dockerenv") || existsSync("/run/.containerenv"),
    releases,
  };
}

/** A link in the path that was installed to, such as /tmp on macOS, is not in the real one. */
function receiptOf(executable: string, receipts: Receipt[]): InstallationFacts["receipt"] {
  const same = (path: string) => comparable(realPath(path)) === comparable(executable);
  for (const receipt of receipts) {
    const path = [...receipt.installed.keys()].find(same);
    if (path !== undefined) return { receipt, path };
  }
  return undefined;
}

function comparable(path: string): string {
  return process.platform === "win32" ? path.toLowerCase() : path;
}

/** Where the system's package manager put it, if it did. */
export async function packageOwner(executable: string): Promise<InstallationFacts["owner"]> {
  if (process.platform !== "linux" || !executable.startsWith("/usr/")) return undefined;
  // "km: /usr/bin/km", with the architecture in "km:amd64: ..." where several may be installed.
  const dpkg = /^([^\s:,]+)/.exec(await answerOf(["dpkg-query", "-S", executable]))?.[1];
  if (dpkg !== undefined) return { manager: "dpkg", name: dpkg };
  const rpm = (await answerOf(["rpm", "-qf", "--qf", "%{NAME}\n", executable])).split("\n")[0];
  return rpm ? { manager: "rpm", name: rpm } : undefined;
}

/** What it prints; nothing where it is missing, fails or hangs. */
async function answerOf([program = "", ...args]: string[]): Promise<string> {
  const path = Bun.which(program);
  if (path === null) return "";
  const child = Bun.spawn([path, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, LC_ALL: "C" },
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  const [text, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  return exitCode === 0 ? text : "";
}
