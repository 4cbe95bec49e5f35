/** Starts the server process: its own process group, the environment of the client less what is Bun's or km's own. */
import { existsSync } from "node:fs";
import { KmError, messageOf, systemCode } from "../errors.ts";
import { ignoringSignals } from "./inherited-signals.ts";
import type { ServerCommand, ServerExit } from "./pump.ts";
import { startWatched } from "../process/watchdog.ts";
import { windowsCommand } from "./spawn-windows.ts";
import { withoutWithheld } from "../withheld-variables.ts";

/**
 * @param stdio descriptors that become the server's stdin, stdout and stderr, or "pipe"
 * @throws KmError SRV_001 with the exit code a shell would give: 127 not found, 126 not executable
 */
export function spawnServer<T extends number | "pipe">(server: ServerCommand, stdio: [T, T, T]) {
  const { promise: exited, resolve } = Promise.withResolvers<ServerExit>();
  const windows = process.platform === "win32";
  try {
    const { started: child, watchdog } = startWatched(() =>
      Bun.spawn({
        ...(windows ? windowsCommand(server) : { cmd: posixCommand(server) }),
        cwd: server.cwd,
        env: server.env,
        stdio,
        // A group of its own: it can be signalled and ended as a whole, and a terminal's Ctrl-C reaches it once, from us.
        detached: !windows,
        windowsHide: true,
        onExit: (exitedChild, code) => resolve({ code, signal: exitedChild.signalCode }),
      }),
    );
    // Where it is not our own pipe, which the pump writes to.
    if (server.opening !== undefined && typeof child.stdin === "object") tell(child.stdin, server.opening);
    return { child, pid: child.pid, exited, watchdog };
  } catch (error) {
    throw startError(server, error);
  }
}

/** What is written later comes behind it. One that has ended already says so otherwise. */
function tell(input: Bun.FileSink, opening: string): void {
  void (async () => await input.write(opening))().catch(() => undefined);
}

/** A command that cannot be found is started as it is, for the error. */
function posixCommand({ command, cwd, env, ignoredSignals = [] }: ServerCommand): string[] {
  if (ignoredSignals.length === 0) return command;
  const found = Bun.which(command[0] ?? "", { cwd, PATH: env["PATH"] ?? "" });
  return found === null ? command : ignoringSignals(command, ignoredSignals);
}

function startError({ command: [program = ""], cwd }: ServerCommand, cause: unknown): KmError {
  const cannot = "Cannot start the server:";
  switch (systemCode(cause)) {
    case "ENOENT":
      if (!existsSync(cwd)) {
        return new KmError("SRV_001", `${cannot} no such folder: ${cwd}`, { exitCode: 126, cause });
      }
      return new KmError("SRV_001", `${cannot} command not found: ${program}`, {
        hint: "Give its full path: clients often start programs with a shorter PATH than your shell has.",
        exitCode: 127,
        cause,
      });
    case "ENOTDIR":
      return new KmError("SRV_001", `${cannot} not a folder on the way to ${program}`, {
        hint: "Check the path of the command.",
        exitCode: 126,
        cause,
      });
    case "EMFILE":
    case "ENFILE":
      return new KmError("SRV_001", `${cannot} too many open files`, {
        hint: "Raise the limit (ulimit -n) or end other programs.",
        exitCode: 126,
        cause,
      });
    case "EACCES":
    case "ENOEXEC":
    case "EISDIR":
      return new KmError("SRV_001", `${cannot} not executable: ${program}`, {
        hint: "Check its permissions (chmod +x) and, for a script, its first line (#!).",
        exitCode: 126,
        cause,
      });
    default:
      return new KmError("SRV_001", `${cannot} ${program}: ${messageOf(cause)}`, { exitCode: 126, cause });
  }
}

/** The client's environment as the server shall see it; what is withheld it gets by `--env` alone. */
export function serverEnvironment(env: NodeJS.ProcessEnv, additions: string[]): Record<string, string> {
  const result = withoutWithheld(env);
  for (const addition of additions) {
    const equals = addition.indexOf("=");
    if (equals < 1) throw new KmError("USAGE", `Flag --env needs NAME=VALUE, not "${addition}"`);
    result[addition.slice(0, equals)] = addition.slice(equals + 1);
  }
  return result;
}
