/** `CompileProblem`: what is wrong with a policy that has the right form, and where. */

export interface CompileProblem {
  severity: "error" | "warning";
  path: (string | number)[];
  part: "key" | "value";
  message: string;
  hint?: string;
}

/**
 * Collects problems. Where there is an error, what is compiled beside it is not used.
 *
 * @param about the key, where it is not the value that is wrong
 */
export type Report = (
  path: CompileProblem["path"],
  message: string,
  hint?: string,
  about?: "key" | "value",
  severity?: CompileProblem["severity"],
) => void;
