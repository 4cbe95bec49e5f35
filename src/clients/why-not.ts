/** `whyNot`: what speaks against a change of a server that could be made in the text. */
import type { LocatedServer } from "./locate-servers.ts";
import { memberOf } from "./text-tree.ts";

/** What km, being an executable of Bun, would take for itself. */
const OF_BUN = ["BUN_BE_BUN", "BUN_OPTIONS"];
/** The members with variables, in any of the clients. */
const VARIABLES = ["env", "environment", "envs"];
/** The flags of km monitor without which the server is another one; also in one word with their value. */
const OF_SERVER = /^(?:-e|--(?:env|env-file|cwd|debug-replay)(?==|$))/;

/** @returns the reason, or undefined */
export function whyNot(server: LocatedServer, kind: "wrap" | "unwrap" | "repoint"): string | undefined {
  if (server.fixed !== undefined) return server.fixed;
  if (kind === "wrap") {
    const names = OF_BUN.filter((name) => hasVariable(server, name));
    if (names.length > 0) return `its env sets ${names.join(" and ")}, which km would take for itself`;
  }
  if (kind === "unwrap") {
    const lost = [...new Set(flagsOf(server).flatMap((word) => OF_SERVER.exec(word)?.[0] ?? []))];
    if (lost.length > 0)
      return `what ${lost.join(" and ")} of km monitor sets would be lost; move it into the entry first`;
  }
  return undefined;
}

function hasVariable({ node, command }: LocatedServer, name: string): boolean {
  const holders = command?.form === "program" ? [node, command.holder] : [node];
  return holders
    .flatMap((holder) => VARIABLES.map((variables) => memberOf(holder, variables)?.value))
    .some((value) => value?.kind === "map" && memberOf(value, name) !== undefined);
}

/** What stands between km and the two dashes. */
function flagsOf({ entry: { command, wrapped } }: LocatedServer): string[] {
  return wrapped === undefined ? [] : command.slice(1, command.length - wrapped.original.length - 1);
}
