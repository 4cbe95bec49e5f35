/** `chosen`: the connection that a call names, or the default one. */
import { closest } from "../../closest.ts";
import { KmError } from "../../errors.ts";

/** @throws KmError SVC_001 where there is none of that name */
export function chosen<T>(connections: ReadonlyMap<string, T>, name: string | undefined, argument = "connection"): T {
  const [first] = connections.values();
  const found = name === undefined ? (connections.get("default") ?? first) : connections.get(name);
  if (found !== undefined) return found;
  const names = [...connections.keys()];
  const near = closest(name ?? "", names);
  throw new KmError("SVC_001", `Argument ${argument}: there is none called ${JSON.stringify(name ?? "default")}`, {
    hint: near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`,
  });
}
