/** Writes a session's journal into a data folder, as `km monitor` leaves it, and runs km on that folder. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { encodeLine } from "../../src/journal/line.ts";
import { sessionFile, sessionFolder, segmentFile } from "../../src/journal/layout.ts";
import type { SessionInfo, StreamEvent } from "../../src/stream/event.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

type Changes = Partial<StreamEvent>;

/** @param events what differs from an event of type `request`; `seq` counts up, a minute passes with each */
export async function recordSession(dataFolder: string, id: string, name: string, events: Changes[]): Promise<void> {
  const folder = sessionFolder(dataFolder, id);
  await mkdir(folder, { recursive: true });
  const started = new Date("2026-01-02T03:04:05.000Z");
  const info: SessionInfo = {
    format: 1,
    session_id: id,
    name,
    command: ["server"],
    cwd: "/",
    km_pid: 0,
    server_pid: undefined,
    hostname: "",
    platform: "linux",
    km_version: "0",
    started_at: started.toISOString(),
    payloads: "full",
  };
  await Bun.write(sessionFile(folder), JSON.stringify(info));
  const lines = events.map((changes, index) => {
    const timestamp = new Date(started.getTime() + index * 60_000).toISOString().replace("Z", "000Z");
    return encodeLine({ seq: index + 1, timestamp, type: "request", direction: "request", bytes: 100, ...changes });
  });
  await Bun.write(segmentFile(folder, 1), lines.join(""));
}

/** A `tools/call` and its answer, as the events at `seq` and `seq + 1`. */
export function toolCall(seq: number, tool: string, answer: Changes): [Changes, Changes] {
  const call: Changes = { call: seq, method: "tools/call", tool };
  return [
    {
      ...call,
      message: `{"jsonrpc":"2.0","id":${seq},"method":"tools/call","params":{"name":${JSON.stringify(tool)}}}`,
    },
    {
      ...call,
      type: "response",
      direction: "response",
      bytes: 200,
      duration_ms: 10,
      message: '{"jsonrpc":"2.0","result":{"n":9007199254740993}}',
      ...answer,
    },
  ];
}

export async function km(
  dataFolder: string,
  words: string[],
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const child = Bun.spawn([process.execPath, MAIN, ...words], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: dataFolder,
      KM_DATA_DIR: dataFolder,
      KM_CONFIG_DIR: dataFolder,
      TZ: "UTC",
    },
    cwd: dataFolder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode };
}
