/** `fileProcesses`: those that work with files for this process. */
import { AnsweringProcesses } from "../../processes/answering-processes.ts";
import type { Work } from "./messages.ts";

export type FileProcesses = AnsweringProcesses<Work>;

export function fileProcesses(): FileProcesses {
  return new AnsweringProcesses<Work>({
    command: "__files",
    patienceMs: 500,
    most: 6,
    idleMs: 60_000,
    ended: {
      who: "What works with the files",
      hint: "It may have needed more memory than there is. What was to be changed may be changed: look before you try again.",
    },
  });
}
