/** `checkEnvironment`: variables that have no effect: mistyped ones, and folders that are not absolute. */
import { isAbsolute } from "node:path/posix";
import { closest } from "../closest.ts";
import { KNOWN_NAMES } from "../help/variables.ts";
import type { Finding, Surroundings } from "./check.ts";

const XDG = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];

export function checkEnvironment({ env, platform }: Surroundings): Promise<Finding[]> {
  const given = Object.keys(env).filter((name) => name.startsWith("KM_"));
  const unknown = given.filter((name) => !KNOWN_NAMES.includes(name)).sort();
  const relative = platform === "win32" ? [] : XDG.filter((name) => !isAbsolute(env[name] || "/"));
  const findings = [...unknown.map(unknownVariable), ...relative.map(relativeFolder)];
  if (findings.length > 0) return Promise.resolve(findings);
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

/** As the specification of these variables wants it. */
function relativeFolder(name: string): Finding {
  return {
    id: "environment.ignored",
    status: "warning",
    title: "environment",
    detail: `${name} is ignored: it is not an absolute path`,
    remedy: "Give it the whole path, or remove it.",
  };
}
