/** `openSource`: the store that the dashboard of this machine reads, kept up with the journals while it is open. */
import type { PendingCall } from "../guard/approvals/pending-call.ts";
import { keepIndex } from "../index/keep-index.ts";
import { LOCAL, openLocalIndex } from "../index/local-index.ts";
import type { IndexProgress } from "../index/update-index.ts";
import type { Status } from "../status/status.ts";
import type { Database } from "../store/database.ts";

export interface ApprovalsSource {
  folder: string;
  /** Whether whoever opens this dashboard may approve the call, besides denying it. */
  mayApprove(call: PendingCall): Promise<boolean>;
}

export interface FindingsSource {
  /** With the sessions in which something was found. */
  dataFolder: string;
  /** With those findings that were accepted. */
  configFolder: string;
}

export interface DashboardSource {
  readonly database: Database;
  /** Whose events are shown. */
  readonly customer: string;
  /** Of the reading of the journals that were new to the index at the beginning; undefined while there are none. */
  progress?(): IndexProgress | undefined;
  /** How the sessions that run are. */
  health?(): Promise<Status>;
  /** The calls that wait for approval; undefined where none can. */
  readonly approvals?: ApprovalsSource;
  /** What was found; undefined where nobody looks. */
  readonly findings?: FindingsSource;
}

/** How long it takes at most until what was recorded can be seen, besides the look of the browser's own stream. */
const EVERY_MS = 150;

/**
 * @param mostBytes that the index may take
 * @param tell is told of each session that cannot be read, once, and of what keeps the index from being kept up
 */
export async function openSource(
  dataFolder: string,
  cacheFolder: string,
  mostBytes: number,
  tell: (problem: string) => void,
): Promise<DashboardSource & AsyncDisposable> {
  const index = await openLocalIndex(cacheFolder, dataFolder);
  const over = new AbortController();
  const told = new Set<string>();
  const onProblem = (session: string, { message }: Error): void => {
    if (!told.has(session)) tell(message);
    told.add(session);
  };
  let progress: IndexProgress | undefined;
  const onProgress = (now: IndexProgress): void => {
    // Afterwards it is only those that run which are looked at again and again.
    if (progress === undefined || progress.done < progress.sessions) progress = now;
  };
  const onTrouble = ({ message }: Error): void => tell(message);
  const kept = keepIndex(index, dataFolder, {
    signal: over.signal,
    everyMs: EVERY_MS,
    mostBytes,
    onProblem,
    onProgress,
    onTrouble,
  });
  return {
    database: index.database,
    customer: LOCAL,
    progress: () => progress,
    async [Symbol.asyncDispose]() {
      over.abort();
      await kept;
      await index[Symbol.asyncDispose]();
    },
  };
}
