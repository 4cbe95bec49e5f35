/**
 * `withoutWithheld`: an environment for another program, be it a server, a browser or a pager, less what none gets from
 * km unasked. The first two variables act on every program built with Bun, and were not meant for that one: one makes it
 * the `bun` command, the other injects flags into it. The others are what km proves with who its user is, be it in the
 * headers or the address of a server, and what the client may do whom it works for.
 */
import type { Environment } from "./config/paths.ts";

const WITHHELD: ReadonlySet<string> = new Set([
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "KM_API_KEY",
  "KM_HEADERS",
  "KM_PASSPHRASE_FILE",
  "KM_ROLE",
  "KM_URL",
]);

export function withoutWithheld(env: Environment): Record<string, string> {
  const left: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !WITHHELD.has(name)) left[name] = value;
  }
  return left;
}
