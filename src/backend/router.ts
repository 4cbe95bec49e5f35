/** `createRouter`: from a method and a path to a route and the parameters in the path. */
import type { Endpoint } from "../api/contract/endpoint.ts";

export type Match<R> =
  { kind: "route"; route: R; params: Record<string, string> } | { kind: "method"; allow: string[] } | { kind: "none" };

interface Node<R> {
  fixed: Map<string, Node<R>>;
  parameter: Node<R> | undefined;
  /** By method. */
  routes: Map<string, { route: R; names: string[] }>;
}

/** @throws Error where two routes have the same method and path: a mistake in the program */
export function createRouter<R extends { endpoint: Pick<Endpoint, "method" | "path"> }>(routes: readonly R[]) {
  const root = createNode<R>();
  for (const route of routes) add(root, route);

  /** HEAD finds what GET does. */
  return function match(method: string, path: string): Match<R> {
    const values: string[] = [];
    const node = find(root, path.split("/").slice(1), values);
    if (node === undefined || node.routes.size === 0) return { kind: "none" };
    const found = node.routes.get(method === "HEAD" ? "GET" : method);
    if (found === undefined) return { kind: "method", allow: allowed(node) };
    const params = Object.fromEntries(found.names.map((name, index) => [name, values[index] ?? ""]));
    return { kind: "route", route: found.route, params };
  };
}

function createNode<R>(): Node<R> {
  return { fixed: new Map(), parameter: undefined, routes: new Map() };
}

function add<R extends { endpoint: Pick<Endpoint, "method" | "path"> }>(root: Node<R>, route: R): void {
  const { method, path } = route.endpoint;
  const names: string[] = [];
  let node = root;
  for (const segment of path.split("/").slice(1)) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    let next = name === undefined ? node.fixed.get(segment) : node.parameter;
    next ??= createNode();
    if (name === undefined) {
      node.fixed.set(segment, next);
    } else {
      names.push(name);
      node.parameter = next;
    }
    node = next;
  }
  if (node.routes.has(method)) throw new Error(`Two routes for ${method} ${path}`);
  node.routes.set(method, { route, names });
}

/** A fixed segment goes before a parameter, as OpenAPI has it. */
function find<R>(node: Node<R>, segments: string[], values: string[]): Node<R> | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return node;
  const fixed = node.fixed.get(segment);
  const found = fixed === undefined ? undefined : find(fixed, rest, values);
  if (found !== undefined || node.parameter === undefined) return found;
  const value = decodeSegment(segment);
  if (value === undefined || value === "") return undefined;
  values.push(value);
  const below = find(node.parameter, rest, values);
  if (below === undefined) values.pop();
  return below;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // not UTF-8, or half an escape
  }
}

function allowed(node: Node<unknown>): string[] {
  const methods = [...node.routes.keys()];
  if (methods.includes("GET")) methods.push("HEAD");
  return [...methods, "OPTIONS"].sort();
}
