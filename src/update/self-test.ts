/** `testExecutable`: whether a new km runs on this machine, and can monitor a session, before it is trusted with any. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { KmError, messageOf } from "../errors.ts";
import { signalGroup } from "../process/process-group.ts";

export interface SelfTest {
  executable: string;
  /** What it must say it is. */
  version: string;
  /** For what it writes; made if need be, and left to the caller to remove. */
  folder: string;
  signal: AbortSignal;
  /** For each of its runs. */
  patienceMs?: number;
}

interface Run {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const PATIENCE_MS = 20_000;
const MOST_BYTES = 64 * 1024;
const REQUEST = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';
const UNCHANGED = "The km that was there is still in place.";

/** @throws KmError UPD_003 with what it did instead; the reason of `signal` when it is aborted */
export async function testExecutable(test: SelfTest): Promise<void> {
  const version = await testVersion(test);
  const { server, answer } = echoServer() ?? { server: [test.executable, "--version"], answer: version };
  const run = await runNew(test, ["monitor", "--name", "km-update", "--", ...server], REQUEST);
  if (run.exitCode !== 0 || run.stdout !== answer) throw failed("monitor a session", run);
  const sessions = join(test.folder, "data/sessions");
  if (entriesOf(sessions).length === 0) throw failed("record a session", run);
}

/**
 * The part that is quick enough to be repeated in the final place.
 *
 * @returns all that it said
 */
export async function testVersion(test: SelfTest): Promise<string> {
  const run = await runNew(test, ["--version"], "");
  if (run.exitCode !== 0) throw failed("run", run);
  const said = run.stdout.split("\n")[0] ?? "";
  if (said !== `km ${test.version}` && !said.startsWith(`km ${test.version} `)) {
    throw new KmError("UPD_003", `The new km says it is ${JSON.stringify(said.slice(0, 100))}, not ${test.version}`, {
      hint: UNCHANGED,
    });
  }
  return run.stdout;
}

/** Answers each line with itself. Undefined where there is none, as on Windows: then the new km is its own server. */
function echoServer(): { server: string[]; answer: string } | undefined {
  const cat = process.platform === "win32" ? null : Bun.which("cat", { PATH: process.env["PATH"] ?? "" });
  return cat === null ? undefined : { server: [cat], answer: REQUEST };
}

async function runNew(
  { executable, folder, signal, patienceMs = PATIENCE_MS }: SelfTest,
  words: string[],
  input: string,
): Promise<Run> {
  signal.throwIfAborted();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let child;
  try {
    child = Bun.spawn([executable, ...words], {
      cwd: folder,
      env: privateEnvironment(folder),
      stdio: [Buffer.from(input), "pipe", "pipe"],
      detached: true, // its own group, so that all of it can be ended
    });
  } catch (error) {
    throw new KmError("UPD_003", `The new km cannot be started: ${messageOf(error)}`, {
      hint: UNCHANGED,
      cause: error,
    });
  }
  const { pid } = child;
  const end = () => signalGroup(pid, "SIGKILL");
  let late = false;
  let isEndless = false;
  const endless = () => {
    isEndless = true;
    end();
  };
  const timer = setTimeout(() => {
    late = true;
    end();
  }, patienceMs);
  signal.addEventListener("abort", end);
  try {
    const output = Promise.all([textOf(child.stdout, endless), textOf(child.stderr, endless)]);
    const exitCode = await child.exited;
    end(); // what it left running would hold its output open
    const [stdout, stderr] = await output;
    signal.throwIfAborted();
    if (late) {
      throw new KmError("UPD_003", `The new km did not end within ${patienceMs / 1000} s: km ${words[0]}`, {
        hint: UNCHANGED,
      });
    }
    if (isEndless) {
      throw new KmError("UPD_003", `The new km prints without end: km ${words[0]}`, { hint: UNCHANGED });
    }
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

/** @param endless called once it is more than a km would say; the rest is not read */
async function textOf(output: ReadableStream<Uint8Array>, endless: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of output) {
    chunks.push(chunk);
    if ((size += chunk.length) > MOST_BYTES) {
      endless();
      break;
    }
  }
  return Buffer.concat(chunks).toString();
}

/** Nothing of the user's is read, written or run: no configuration, no plugins, no variables that change how km runs. */
function privateEnvironment(folder: string): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "SystemRoot", "SYSTEMROOT", "TEMP", "TMP", "PATHEXT", "COMSPEC", "LD_LIBRARY_PATH"]) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return {
    ...kept,
    HOME: folder,
    USERPROFILE: folder,
    KM_DATA_DIR: join(folder, "data"),
    KM_CONFIG_DIR: join(folder, "config"),
    KM_STATE_DIR: join(folder, "state"),
    KM_CACHE_DIR: join(folder, "cache"),
  };
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function failed(what: string, { exitCode, stderr }: Run): KmError {
  const said = stderr.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  return new KmError("UPD_003", `The new km cannot ${what} here: exit code ${exitCode}${said && `, ${said}`}`, {
    hint: UNCHANGED,
  });
}
