/** `checkEnvironment`: variables that look like km's and are not, as mistyped ones do. */
import { closest } from "../closest.ts";
import { KNOWN_NAMES } from "../help/variables.ts";
import type { Finding, Surroundings } from "./check.ts";

export function checkEnvironment({ env }: Surroundings): Promise<Finding[]> {
  const given = Object.keys(env).filter((name) => name.startsWith("KM_"));
  const unknown = given.filter((name) => !KNOWN_NAMES.includes(name)).sort();
  if (unknown.length > 0) return Promise.resolve(unknown.map(unknownVariable));
  const detail = given.length === 0 ? "no variable of km's is set" : `set: ${given.sort().join(", ")}`;
  return Promise.resolve([{ id: "environment", status: "ok", title: "environment", detail }]);
}

function unknownVariable(name: string): Finding {
  const nearest = closest(name, [...KNOWN_NAMES]);
  return {
    id: "environment.unknown",
    status: "warning",
    title: "environment",
    detail: `km does not know the variable ${name}`,
    remedy: nearest === undefined ? "Remove it if it is meant for km." : `Did you mean ${nearest}?`,
  };
}
