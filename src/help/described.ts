/** `described`: what a flag or an argument is for, with its default, on one line. */
import type { Flag } from "../command.ts";

export function described(flag: Flag): string {
  const { description } = flag;
  return "default" in flag && flag.default !== undefined ? `${description}; default: ${flag.default}` : description;
}
