/** The folders of src/ in their order, and which of its files imports which. */
import { dirname, join, normalize } from "node:path";

/** Each imports only from itself and from what stands behind it. Files directly in src/ are for all, but for entries. */
export const ORDER: readonly string[] = [
  "commands",
  "completion",
  "context.ts",
  "dashboard",
  "services",
  "gateway",
  "health",
  "status",
  "backend",
  "doctor",
  "scan",
  "help",
  "update",
  "clients",
  "approve",
  "tail",
  "log",
  "connect",
  "proxy",
  "plugin",
  "oauth",
  "resilience",
  "servers",
  "http",
  "mock",
  "verify",
  "mcp",
  "index",
  "api",
  "store",
  "package",
  "journal",
  "guard",
  "auth",
  "stream",
  "wire",
  "process",
  "config",
];

const SOURCE = join(import.meta.dir, "../src");

/** From each file of src/, by its path there, to those that it imports, types included. */
export async function readImports(): Promise<Map<string, string[]>> {
  const imports = new Map<string, string[]>();
  for await (const path of new Bun.Glob("**/*.{ts,tsx}").scan(SOURCE)) {
    const file = path.replaceAll("\\", "/");
    const text = await Bun.file(join(SOURCE, path)).text();
    const specifiers = text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+\.tsx?)"/g);
    imports.set(
      file,
      Array.from(specifiers, ([, specifier = ""]) => normalize(join(dirname(file), specifier)).replaceAll("\\", "/")),
    );
  }
  return imports;
}

/** The place in the order that a file belongs to. */
export function placeOf(file: string): string {
  return file.split("/")[0] ?? "";
}

/** -1 for a file that is for all, and for an entry. */
export function rank(file: string): number {
  return ORDER.indexOf(placeOf(file));
}
