/** A dashboard over a store in a temporary folder, with the events that a test wants to see. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveDashboard } from "../../src/dashboard/serve.ts";
import type { AppFiles } from "../../src/dashboard/app-files.ts";
import type { DashboardSource } from "../../src/dashboard/source.ts";
import { LOCAL, openLocalIndex } from "../../src/index/local-index.ts";
import type { StoredEvent } from "../../src/store/events.ts";
import { insertEvents } from "../../src/store/insert-events.ts";
import type { AnnouncedSession } from "../../src/store/sessions.ts";

export const FILES = {
  "index.html": { type: "text/html", text: "<!doctype html><title>app</title>" },
  "app.js": { type: "text/javascript", text: "" },
};

/** @param more what the source tells besides events */
export async function startDashboard(
  files: AppFiles = FILES,
  more: Pick<DashboardSource, "progress" | "health" | "approvals" | "findings"> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "km-dashboard-"));
  const index = await openLocalIndex(folder, join(folder, "data"));
  const dashboard = serveDashboard({ database: index.database, customer: LOCAL, ...more }, files, 0);
  return {
    ...dashboard,
    database: index.database,
    get: (path: string, headers: Record<string, string> = {}) => fetch(dashboard.url + path, { headers }),
    store: (events: StoredEvent[], announced: AnnouncedSession[] = []) =>
      insertEvents(index.database, LOCAL, events, announced),
    async [Symbol.asyncDispose]() {
      await dashboard.stop();
      await index[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function storedEvent(seq: number, change: Partial<StoredEvent> = {}): StoredEvent {
  return {
    event_id: `s1/${seq}`,
    session_id: "s1",
    seq,
    occurred_us: Date.now() * 1000 + seq,
    type: "request",
    direction: "request",
    call: seq,
    method: "tools/call",
    tool: "echo",
    target: null,
    duration_ms: null,
    continues: null,
    error_type: null,
    error_message: null,
    bytes: 10,
    trace: null,
    truncated: false,
    redacted: 0,
    message: '{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
    text: null,
    ...change,
  };
}
