/** `ProcessFacts`: what the system says of a process, enough to tell it from one that got its number later. */

export interface ProcessFacts {
  pid: number;
  parent: number;
  /** Ids of its process group and of its session; macOS does not tell the session. */
  group: number;
  session: number | undefined;
  user: number;
  /** Milliseconds since the epoch; exact to a second or so. */
  startedMs: number;
  /** With the id it stands for one process and no other, as long as the machine runs. */
  startKey: string;
}
