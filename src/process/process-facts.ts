/** `ProcessFacts`, enough to tell a process from one that got its number later; and `Program`, what it runs. */

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

export interface Program {
  /** Its command; one that has given itself a title may have all of it in the first word. */
  words: string[];
  /** It was started in a terminal of its own, such as a window or a pane. */
  leadsTerminal: boolean;
}
