/** `trustProject`: what `km plugins trust` and `km policy trust` do once a person has seen what is in the folder. */
import { paths } from "../context.ts";
import { KmError } from "../errors.ts";
import { isTrusted, type Trusted, trustFolder } from "../plugin/discovery/trust.ts";
import { confirm, isInteractive } from "../terminal.ts";

/** Also of the commands that take the trust back. */
export const PROJECT_FOLDER = {
  type: "positional",
  required: false,
  description: "The project's folder; default: the current one",
  complete: "folder",
} as const;

interface Asking {
  /** Whether the person has agreed beforehand. */
  yes: boolean;
  question: string;
  /** What comes of it, as a clause. */
  effect: string;
}

/** @returns the command's exit code */
export async function trustProject(folder: string, what: Trusted, { yes, question, effect }: Asking): Promise<number> {
  const { config } = paths();
  if (isTrusted(config, folder, what)) {
    process.stderr.write(`km: ${folder} is trusted already\n`);
    return 0;
  }
  if (!yes && !(await agreed(question))) return 1;
  const trusted = await trustFolder(config, folder, what);
  process.stderr.write(`km: Trusted ${trusted ?? folder}: ${effect}\n`);
  return 0;
}

async function agreed(question: string): Promise<boolean> {
  if (isInteractive()) return await confirm(question);
  throw new KmError("USAGE", "Cannot ask whether to trust: no terminal", {
    hint: "Give --yes to trust without being asked.",
  });
}
