/** `answerCalls`: carries out in this process what another km asks for by lines. */
import { accessSync, constants } from "node:fs";
import * as v from "valibot";
import { KmError, messageOf } from "../../../errors.ts";
import { LineSplitter } from "../../../wire/lines.ts";
import { UNABLE } from "../../question.ts";
import type { Probe } from "../../service.ts";
import type { ToolCall } from "../../tool.ts";
import type { FilesystemBackend } from "../backend.ts";
import { FILE_TOOLS } from "../file-tools.ts";
import { backendFrom } from "./backend-from.ts";
import { openRoots } from "../places/roots.ts";
import { MOST_LINE_BYTES, REPLY, type Reply } from "../../processes/messages.ts";
import { REQUEST, type Setup, type Work } from "./messages.ts";

/** @returns when there are no more lines, and what was begun has ended */
export async function answerCalls(lines: AsyncIterable<Uint8Array>, send: (reply: Reply) => void): Promise<void> {
  const calls = new Map<number, { end: AbortController; ended: Promise<void> }>();
  const carryOut = async (work: Work, id: number, signal: AbortSignal): Promise<void> => {
    const reply = await replyTo(work, id, signal, send);
    calls.delete(id);
    send(reply);
  };
  const splitter = new LineSplitter(MOST_LINE_BYTES, (bytes) => {
    const request = v.parse(REQUEST, JSON.parse(Buffer.from(bytes).toString()));
    if ("cancel" in request) {
      calls.get(request.cancel)?.end.abort();
      return;
    }
    const { id, work } = request;
    const end = new AbortController();
    calls.set(id, { end, ended: carryOut(work, id, end.signal) });
  });
  for await (const part of lines) splitter.push(part);
  // Whoever has asked is gone: what was begun is cleared away, and pauses in it do not end this process.
  const awake = setInterval(() => undefined, 1000);
  for (const { end } of calls.values()) end.abort();
  await Promise.all(Array.from(calls.values(), ({ ended }) => ended));
  clearInterval(awake);
}

async function replyTo(work: Work, id: number, signal: AbortSignal, send: (reply: Reply) => void): Promise<Reply> {
  try {
    return { kind: "answer", id, answer: await answerTo(work, id, signal, send) };
  } catch (error) {
    if (error instanceof KmError) {
      const { code, message, hint } = error;
      const said = v.safeParse(REPLY, { kind: "error", id, code, message, ...(hint !== undefined && { hint }) });
      if (said.success) return said.output;
    }
    if (signal.aborted) return { kind: "aborted", id };
    return { kind: "fault", id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function answerTo(work: Work, id: number, signal: AbortSignal, send: (reply: Reply) => void): Promise<unknown> {
  if (work.kind === "open") return openRoots(work.folders, work.folders.home);
  const backend = backendOf(work.setup);
  if (work.kind === "probe") return backend.roots.map(probed);
  const { tool: name, args, mostBytes, kind } = work;
  const prepared = FILE_TOOLS.find((tool) => tool.name === name)?.prepare(args);
  const carriedOut = prepared?.issues === undefined ? prepared?.[kind] : undefined;
  if (carriedOut === undefined) throw new TypeError(`${name} cannot be called so`);
  const call: ToolCall<FilesystemBackend> = {
    backend,
    signal,
    mostBytes,
    ask: UNABLE,
    progress(done, total, message) {
      send({
        kind: "progress",
        id,
        done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      });
    },
  };
  return await carriedOut(call);
}

let last: { setup: string; backend: FilesystemBackend } | undefined;

/** It is the same from call to call, mostly. */
function backendOf(setup: Setup): FilesystemBackend {
  const key = JSON.stringify(setup);
  if (last?.setup !== key) last = { setup: key, backend: backendFrom(setup) };
  return last.backend;
}

function probed({ path, access }: Setup["roots"][number]): Probe {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    const detail = access === "read" ? "It can be read." : "It can be read and changed.";
    return { name: path, isReady: true, detail };
  } catch (error) {
    return { name: path, isReady: false, detail: messageOf(error) };
  }
}
