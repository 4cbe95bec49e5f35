/** `duplicateNames`: servers of one name, of which clients know only one. */
import { visit } from "jsonc-parser";
import { withoutMark } from "./read-servers.ts";
import type { ServerEntry, Shape } from "./shape.ts";

/**
 * In JSON the last one counts, so the others are not among the servers. In TOML a name that stands twice is a mistake of
 * the file's, and in a list they are all there.
 */
export function duplicateNames(text: string, shape: Shape, servers: ServerEntry[]): string[] {
  const names = shape.format === "json" ? namesInJson(text, shape) : servers.map(({ name, path }) => ({ name, path }));
  const seen = new Set<string>();
  const twice = names.filter(({ name, path }) => {
    const place = JSON.stringify([name, path.slice(0, -1)]);
    return seen.size === seen.add(place).size;
  });
  return [...new Set(twice.map(({ name }) => name))];
}

function namesInJson(text: string, { servers }: Shape): Pick<ServerEntry, "name" | "path">[] {
  const names: Pick<ServerEntry, "name" | "path">[] = [];
  visit(withoutMark(text).rest, {
    onObjectProperty(name, _offset, _length, _line, _character, pathTo) {
      const path = pathTo();
      if (servers.some((steps) => fits(path, steps))) names.push({ name, path: [...path, name] });
    },
  });
  return names;
}

function fits(path: (string | number)[], steps: string[]): boolean {
  return path.length === steps.length && steps.every((step, index) => step === "*" || step === path[index]);
}
