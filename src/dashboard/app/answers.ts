/** What the endpoints answer with, as the contract has it. */
import type { AnswerOf } from "../../api/contract/endpoint.ts";
import type { listEvents, listSessions, listToolChanges } from "../../api/contract/events.ts";
import type {
  methodStatistics,
  sessionSummary,
  statisticsSeries,
  toolStatistics,
} from "../../api/contract/statistics.ts";
import type { Status } from "../../status/status.ts";
import type { StreamEvent } from "../../stream/event.ts";
import type { Approvals } from "../approvals-form.ts";
import type { Findings } from "../findings-form.ts";

type EventPage = AnswerOf<typeof listEvents>;
export type ApiEvent = StreamEvent & Pick<EventPage["items"][number], "id" | "session_id">;
export type ApiSession = AnswerOf<typeof listSessions>["items"][number];
export type ApiTool = AnswerOf<typeof listToolChanges>["items"][number];
export type MethodRow = AnswerOf<typeof methodStatistics>["items"][number];
export type ToolRow = AnswerOf<typeof toolStatistics>["items"][number];
export type SessionSummary = AnswerOf<typeof sessionSummary>;

/** By path. */
export interface Answers {
  /** Of the machine that `km dashboard` runs on, and there alone. */
  health: Status;
  /** As `health`. */
  approvals: Approvals;
  /** As `health`. */
  findings: Findings;
  sessions: AnswerOf<typeof listSessions>;
  [summary: `sessions/${string}/summary`]: SessionSummary;
  events: Omit<EventPage, "items"> & { items: ApiEvent[] };
  "tools/changes": AnswerOf<typeof listToolChanges>;
  "stats/methods": AnswerOf<typeof methodStatistics>;
  "stats/series": AnswerOf<typeof statisticsSeries>;
  "stats/tools": AnswerOf<typeof toolStatistics>;
}
