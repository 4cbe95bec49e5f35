/** `shownSource`: where a token is, as messages name it: never what is there. */
import { echoed } from "../echoed.ts";
import type { TokenSource } from "../http/remote.ts";

export function shownSource(source: TokenSource): string {
  if ("file" in source) return source.file;
  return "env" in source ? `the variable ${source.env}` : `what ${echoed(source.command[0] ?? "")} prints`;
}
