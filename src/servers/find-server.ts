/** `findServer`: the server of a name. */
import { closest } from "../closest.ts";
import { formatProblem } from "../config/problem.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import type { Registry } from "./read-servers.ts";
import type { Server } from "./server.ts";

/**
 * @throws KmError SRV_003 where there is none, CFG_001 to CFG_003 where something is wrong with it; what is wrong with
 * others is no matter
 */
export function findServer({ file, servers, problems }: Registry, name: string): Server {
  const found = servers.find((server) => server.name === name);
  if (found !== undefined) return found;
  const own = problems.filter(({ severity, server }) => severity === "error" && server === name);
  const [first] =
    own.length > 0 ? own : problems.filter(({ severity, server }) => severity === "error" && server === undefined);
  if (first !== undefined) {
    const more = own.length > 1 ? `${own.length - 1} more: see km config validate.` : undefined;
    const hint = [first.hint, more].filter((part) => part !== undefined).join(" ");
    throw new KmError(first.code, formatProblem(first), hint === "" ? {} : { hint });
  }
  const names = servers.map((server) => server.name);
  const nearest = closest(name.slice(0, 64), names);
  const none = names.length === 0 ? `There are none in ${file}: see km servers add, or km servers import.` : undefined;
  throw new KmError("SRV_003", `No such server: ${echoed(name)}`, {
    hint: nearest === undefined ? (none ?? "See km servers list.") : `Did you mean ${nearest}?`,
  });
}
