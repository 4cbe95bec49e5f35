/** `appendTo`: writes lines to the end of a file that is its owner's alone. */
import { appendFileSync, openSync } from "node:fs";

/** The lines are with the system when the returned function returns: a plugin that is killed afterwards loses none. */
export function appendTo(path: string): (lines: string[]) => void {
  const file = openSync(path, "a", 0o600);
  return (lines) => appendFileSync(file, `${lines.join("\n")}\n`);
}
