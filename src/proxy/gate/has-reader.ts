/** `hasReader`: whether somebody may still read what is written to a descriptor. */
import { openLibc } from "../../process/libc.ts";
import { PollSet } from "../poll-set.ts";

/** True where it cannot be told: on Windows only who writes learns it. */
export function hasReader(fd: number): boolean {
  try {
    return !new PollSet(openLibc(), 1).isReady(fd, 0); // ready for nothing: broken
  } catch {
    return true; // no such library
  }
}
