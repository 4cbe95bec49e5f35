/** `routesIn` and `routesFor`: the tree of routes in Alertmanager's configuration, and which of them an alert goes. */
import { isMapping } from "../../is-mapping.ts";
import { type Matcher, matcherText, meets, parseMatcher } from "../matcher.ts";

export interface Route {
  receiver: string;
  matchers: Matcher[];
  /** The next ones are looked at too. */
  continues: boolean;
  groupBy: string[];
  routes: Route[];
  /** Within these times nothing is sent. */
  muteTimes: string[];
}

export interface RouteTaken {
  receiver: string;
  /** From the top: what each route on the way asks for. */
  way: string[];
  groupBy: string[];
  muteTimes: string[];
}

/** @param route of the configuration; what it does not say is as above it */
export function routesIn(
  route: unknown,
  above: Pick<Route, "receiver" | "groupBy"> = { receiver: "", groupBy: [] },
): Route {
  const {
    receiver,
    group_by,
    continue: continues,
    routes,
    mute_time_intervals: mute,
    ...rest
  } = isMapping(route) ? route : {};
  const own = {
    receiver: typeof receiver === "string" ? receiver : above.receiver,
    groupBy: Array.isArray(group_by) ? group_by.map(String) : above.groupBy,
  };
  return {
    ...own,
    matchers: matchersOf(rest),
    continues: continues === true,
    muteTimes: Array.isArray(mute) ? mute.map(String) : [],
    routes: Array.isArray(routes) ? routes.map((one) => routesIn(one, own)) : [],
  };
}

/** As Alertmanager goes: the deepest that fit, the first alone unless it says to go on. Undefined where a pattern cannot be read. */
export function routesFor(root: Route, labels: Record<string, string>): RouteTaken[] | undefined {
  const taken: RouteTaken[] = [];
  return visit(root, labels, [], taken) === undefined ? undefined : taken;
}

/** `severity="page" team=~"a|b"`; for a reader. */
export function routeLines(route: Route, depth = 0): string[] {
  const { receiver, matchers, continues, groupBy, muteTimes, routes } = route;
  const fits = matchers.length === 0 ? "(all)" : matchers.map(matcherText).join(" ");
  const further = [
    groupBy.length > 0 ? ` grouped by ${groupBy.join(", ")}` : "",
    continues ? ", and on" : "",
    muteTimes.length > 0 ? `, not within ${muteTimes.join(", ")}` : "",
  ];
  const line = `${"  ".repeat(depth)}${fits} -> ${receiver}${further.join("")}`;
  return [line, ...routes.flatMap((one) => routeLines(one, depth + 1))];
}

/** @returns whether it fits */
function visit(
  { matchers, routes, ...route }: Route,
  labels: Record<string, string>,
  above: string[],
  taken: RouteTaken[],
): boolean | undefined {
  const met = new Set(matchers.map((one) => meets(labels, one)));
  if (met.has(false)) return false;
  if (met.has(undefined)) return undefined;
  const way = [...above, matchers.length === 0 ? "(all)" : matchers.map(matcherText).join(" ")];
  let isTaken = false;
  for (const child of routes) {
    const fits = visit(child, labels, way, taken);
    if (fits === undefined) return undefined;
    isTaken ||= fits;
    if (fits && !child.continues) break;
  }
  if (!isTaken) {
    const { receiver, groupBy, muteTimes } = route;
    taken.push({ receiver, way, groupBy, muteTimes });
  }
  return true;
}

/** Also as they were written before version 0.22. */
function matchersOf({ matchers, match, match_re: patterns }: Record<string, unknown>): Matcher[] {
  const texts = Array.isArray(matchers) ? matchers.map(String) : [];
  const read = texts
    // Several may stand in one text.
    .flatMap((text) => text.replace(/^\s*\{|\}\s*$/g, "").split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/))
    .map(parseMatcher)
    .filter((one) => one !== undefined);
  const old = (some: unknown, operator: Matcher["operator"]): Matcher[] =>
    isMapping(some) ? Object.entries(some).map(([name, value]) => ({ name, operator, value: String(value) })) : [];
  return [...read, ...old(match, "="), ...old(patterns, "=~")];
}
