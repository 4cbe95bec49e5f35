/** `km clear-logs`: deletes old sessions. */
import { defineCommand } from "../command.ts";
import { formatBytes } from "../config/units.ts";
import { paths } from "../context.ts";
import { KmError, systemReason } from "../errors.ts";
import { discardIndexes } from "../index/index-folder.ts";
import { removeSession, storedSessions, type StoredSession } from "../journal/retention.ts";
import { duration } from "../log/query.ts";
import { localDateTime } from "../log/local-time.ts";
import { stdout } from "../output.ts";
import { shortId } from "../stream/session-id.ts";
import { confirm, isInteractive, printable, table } from "../terminal.ts";
import { counted } from "../counted.ts";

export default defineCommand({
  meta: { name: "clear-logs", description: "Delete recorded sessions" },
  args: {
    "older-than": {
      type: "string",
      valueHint: "duration",
      description: "Required: how long ago a session must have ended, such as 7d; 0s for all",
    },
    server: { type: "string", valueHint: "name", description: "Only sessions of this server", complete: "server" },
    "dry-run": { type: "boolean", description: "Only show what would be deleted" },
    yes: { type: "boolean", alias: "y", description: "Do not ask" },
  },
  examples: ["km clear-logs --older-than 7d --dry-run", "km clear-logs --older-than 0s --server filesystem --yes"],
  async run(args) {
    const age = args["older-than"];
    if (age === undefined) {
      throw new KmError("USAGE", "Flag --older-than is missing", {
        hint: "Give how old, such as --older-than 7d (0s deletes every session).",
      });
    }
    const before = Date.now() - duration("--older-than", age);
    const due = (await storedSessions(paths().data))
      .filter(({ session }) => session.state !== "running")
      .filter(({ session }) => args.server === undefined || session.info.name === args.server)
      .filter(({ lastUsed }) => lastUsed < before);
    if (due.length === 0) {
      process.stderr.write("km: No session to delete\n");
      return 0;
    }
    const output = stdout();
    await output.write(listing(due));
    await output.close();
    if (args["dry-run"]) return 0;
    if (!args.yes && !(await agreed(due))) return 1;
    return await remove(due);
  },
});

function listing(due: StoredSession[]): string {
  const rows = due.map(({ session, bytes }) => [
    shortId(session.info.session_id),
    printable(session.info.name),
    localDateTime(session.info.started_at),
    formatBytes(bytes),
  ]);
  const columns = [{ header: "SESSION" }, { header: "SERVER", flexible: true as const }, { header: "STARTED" }];
  return table([...columns, { header: "SIZE", align: "right" }], rows);
}

async function agreed(due: StoredSession[]): Promise<boolean> {
  if (!isInteractive()) {
    throw new KmError("USAGE", "Cannot ask whether to delete: no terminal", {
      hint: "Give --yes to delete without asking.",
    });
  }
  return await confirm(`Delete ${amount(due)}?`);
}

async function remove(due: StoredSession[]): Promise<number> {
  const removed: StoredSession[] = [];
  let failures = 0;
  for (const stored of due) {
    try {
      if (await removeSession(stored.session.folder)) removed.push(stored);
    } catch (error) {
      failures++;
      process.stderr.write(`km: Cannot delete session ${stored.session.info.session_id}: ${systemReason(error)}\n`);
    }
  }
  try {
    const { cache, data } = paths();
    await discardIndexes(cache, data); // it has the messages too, and is made anew of what is left
  } catch (error) {
    failures++;
    process.stderr.write(`km: Cannot delete the index of the dashboard: ${systemReason(error)}\n`);
  }
  process.stderr.write(`km: Deleted ${amount(removed)}\n`);
  return failures === 0 ? 0 : 1;
}

function amount(sessions: StoredSession[]): string {
  const bytes = sessions.reduce((sum, one) => sum + one.bytes, 0);
  return `${counted(sessions.length, "session")}, ${formatBytes(bytes)}`;
}
