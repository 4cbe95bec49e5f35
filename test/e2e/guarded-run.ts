/** A session with a policy, whose client is a program of its own: `km approve` refuses to answer for who started it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pendingCalls, type PendingCall, approvalsFolder } from "../../src/guard/approvals/pending-call.ts";
import { TerminalKm } from "../commands/terminal-km.ts";
import { KM, makeHome } from "./km.ts";
import { type RunOptions, Running, until } from "./run-km.ts";
import { STRANGER } from "./stranger.ts";

/** Answers every call with the arguments that it saw. */
const SERVER = [
  process.execPath,
  "-e",
  `for await (const line of console) {
     if (line === "") continue;
     const { id, method, params } = JSON.parse(line);
     if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { saw: params?.arguments ?? method } }));
   }`,
];

/** A policy that asks about tools whose name begins so. */
export function asking(ask: string): string {
  return `version: 1\nrules: [{ name: writes, tool: 'write*', action: ask, reason: It writes, ask: { ${ask} } }]\n`;
}

/** Longer than any test waits. */
export const ASK = asking("timeout: 1h");

export interface GuardedRun extends AsyncDisposable {
  run: Running;
  /** Without waiting for an answer. */
  call(id: number, tool: string, args?: object, meta?: object): Promise<void>;
  answer(id: number): Promise<Record<string, unknown>>;
  approvals: string;
  waiting(): PendingCall[];
  /** Resolves when so many wait. */
  waits(count?: number): Promise<PendingCall>;
  approve(...words: string[]): { exitCode: number; stdout: string; stderr: string };
  onTerminal(...words: string[]): TerminalKm;
}

interface GuardedOptions extends RunOptions {
  /** Starts km: a client of its own, unless given. With none this process is the client, and what it starts the client's. */
  client?: readonly string[];
}

/** With a call to `write` that waits for approval. */
export async function guardedCall(
  policy = ASK,
  options: GuardedOptions = {},
): Promise<GuardedRun & { held: PendingCall }> {
  const setup = guarded(policy, options);
  try {
    await setup.call(1, "write");
    return { ...setup, held: await setup.waits() };
  } catch (error) {
    await setup[Symbol.asyncDispose]();
    throw error;
  }
}

export function guarded(policy = ASK, { flags = [], client = STRANGER, ...options }: GuardedOptions = {}): GuardedRun {
  const place = makeHome();
  const file = join(place.folder, "policy.yaml");
  writeFileSync(file, policy);
  const command = [...client, KM, "monitor", "--name", "files", "--policy", file, ...flags, "--", ...SERVER];
  const run = new Running(command, options);
  const { env } = run.home;
  const state = env["KM_STATE_DIR"] ?? "";
  mkdirSync(state, { recursive: true });
  const approvals = approvalsFolder(state);
  const found = (id: number): string | undefined => run.text.split("\n").find((line) => line.includes(`"id":${id},`));
  return {
    run,
    approvals,
    async call(id, tool, args = {}, meta) {
      const params = { name: tool, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
      await run.send({ jsonrpc: "2.0", id, method: "tools/call", params });
    },
    async answer(id) {
      await run.until(() => found(id) !== undefined, `an answer to ${id}`);
      return JSON.parse(found(id) ?? "") as Record<string, unknown>;
    },
    waiting: () => pendingCalls(approvals),
    async waits(count = 1) {
      await until(
        () => pendingCalls(approvals).length === count,
        () => `${count} calls to wait; stderr: ${run.errors}`,
      );
      return pendingCalls(approvals)[0] as PendingCall;
    },
    approve(...words) {
      const { exitCode, stdout, stderr } = Bun.spawnSync([KM, "approve", ...words], { env, stdin: "ignore" });
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    },
    onTerminal: (...words) => new TerminalKm(run.home.folder, ["approve", ...words], env),
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
}
