/** `readToken`: a token that others make, and make anew, from where the registry says that it is. */
import { readFileSync, statSync } from "node:fs";
import type { Environment } from "../config/paths.ts";
import { echoed } from "../echoed.ts";
import { systemReason } from "../errors.ts";
import type { TokenSource } from "../http/remote.ts";
import { endGroup, signalGroup } from "../process/process-group.ts";
import { withoutWithheld } from "../withheld-variables.ts";

export type TokenRead = { state: "read"; token: string } | { state: "failed"; reason: string };

export interface TokenPlace {
  env: Environment;
  /** What it shall be for; a command is told so in `KM_AUDIENCE`. */
  audience: string;
  /** Ends a command. */
  signal?: AbortSignal | undefined;
}

const MOST_BYTES = 64 * 1024;
const PATIENCE_MS = 30_000;

/** No reason holds what was read. */
export async function readToken(source: TokenSource, place: TokenPlace): Promise<TokenRead> {
  const text = await textOf(source, place);
  if (typeof text !== "string") return text;
  const token = text.trim();
  if (token === "") return { state: "failed", reason: "nothing is there" };
  // Three parts in base64url: what is anything else goes to nobody.
  const isToken = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
  return isToken ? { state: "read", token } : { state: "failed", reason: "what is there is no JWT" };
}

type Failed = Extract<TokenRead, { state: "failed" }>;

async function textOf(source: TokenSource, place: TokenPlace): Promise<string | Failed> {
  if ("env" in source) return place.env[source.env] ?? failed("it is not set");
  if ("command" in source) return await printedBy(source.command, place);
  try {
    if (statSync(source.file).size > MOST_BYTES) return failed("it is too long");
    return readFileSync(source.file, "utf8");
  } catch (error) {
    return failed(systemReason(error));
  }
}

function failed(reason: string): Failed {
  return { state: "failed", reason };
}

async function printedBy(command: string[], { env, audience, signal }: TokenPlace): Promise<string | Failed> {
  let group: number | undefined;
  const over = AbortSignal.timeout(PATIENCE_MS);
  const end = () => group !== undefined && signalGroup(group, "SIGKILL");
  const ends = [over, ...(signal === undefined ? [] : [signal])];
  try {
    signal?.throwIfAborted();
    const child = Bun.spawn(command, {
      env: { ...withoutWithheld(env), KM_AUDIENCE: audience },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // to end with it what it has started
      windowsHide: true,
    });
    group = child.pid;
    for (const one of ends) one.addEventListener("abort", end, { once: true });
    const complaint = boundedText(child.stderr);
    // Something that it started may keep its output open.
    const late = child.exited.then(async () => await Bun.sleep(MOST_WAIT_MS)).then(() => undefined);
    const text = await Promise.race([boundedText(child.stdout), late]);
    if (over.aborted) return failed(`it has not ended within ${PATIENCE_MS / 1000} s`);
    if (text === undefined) return failed("what it prints is too long, or does not end");
    const code = await child.exited;
    if (code === 0) return text;
    return failed(`it ended with ${child.signalCode ?? code}${lastLine(await Promise.race([complaint, late]))}`);
  } catch (error) {
    return failed(systemReason(error));
  } finally {
    for (const one of ends) one.removeEventListener("abort", end);
    if (group !== undefined) await endGroup(group, 0);
  }
}

const MOST_WAIT_MS = 2000;

async function boundedText(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function lastLine(complaint = ""): string {
  const line = complaint.trim().split("\n").at(-1) ?? "";
  return line === "" ? "" : `: ${echoed(line, 200)}`;
}
