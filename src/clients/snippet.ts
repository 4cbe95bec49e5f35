/** `snippet`: servers as they stand in a client's configuration file, to be pasted there. */
import type { Client } from "./clients.ts";
import { dialects } from "./dialect.ts";

export interface SnippetServer {
  name: string;
  command: string;
  args: string[];
}

/** What some clients want to see besides the command. */
const ALSO: Record<string, Record<string, unknown>> = {
  "copilot-cli": { type: "local", tools: ["*"] },
  goose: { type: "stdio", enabled: true },
  opencode: { type: "local", enabled: true },
};

/** In the client's own format, from the root of its file. */
export function snippet({ id, shape }: Pick<Client, "id" | "shape">, servers: SnippetServer[]): string {
  const entries = servers.map(({ name, command, args }) => ({
    name,
    entry: {
      ...(shape.list && { name }),
      ...ALSO[id],
      ...(shape.args === undefined
        ? { [shape.command]: [command, ...args] }
        : { [shape.command]: command, [shape.args]: args }),
    },
  }));
  if (shape.format === "toml") return tomlOf(shape.servers[0] ?? [], entries);
  const inside = shape.list
    ? entries.map(({ entry }) => entry)
    : Object.fromEntries(entries.map(({ name, entry }) => [name, entry]));
  const root = (shape.servers[0] ?? []).reduceRight<unknown>((node, step) => ({ [step]: node }), inside);
  return shape.format === "json" ? `${JSON.stringify(root, null, 2)}\n` : yamlOf(root, "");
}

/** Names and texts are quoted as in JSON, which YAML reads alike. */
function yamlOf(node: unknown, indent: string): string {
  if (Array.isArray(node) && node.some((item) => typeof item === "object")) {
    const items = node.map((item) => yamlOf(item, `${indent}  `).replace(/^ */, `${indent}- `));
    return items.join("");
  }
  if (typeof node !== "object" || node === null || Array.isArray(node)) return `${flow(node)}\n`;
  const lines = Object.entries(node).map(([name, value]) => {
    const isBlock = typeof value === "object" && value !== null && !(Array.isArray(value) && !value.some(isObject));
    return isBlock ? `${indent}${name}:\n${yamlOf(value, `${indent}  `)}` : `${indent}${name}: ${flow(value)}\n`;
  });
  return lines.join("");
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  return typeof value === "string" ? dialects.yaml.quote(value, "") : String(value);
}

function tomlOf(path: string[], servers: { name: string; entry: Record<string, unknown> }[]): string {
  const quote = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(quote).join(", ")}]`;
    return typeof value === "string" ? dialects.toml.quote(value, "") : String(value);
  };
  return servers
    .map(({ name, entry }) => {
      const key = [...path, /^[\w-]+$/.test(name) ? name : dialects.toml.quote(name, "")].join(".");
      return `[${key}]\n${Object.entries(entry)
        .map(([member, value]) => `${member} = ${quote(value)}\n`)
        .join("")}`;
    })
    .join("\n");
}
