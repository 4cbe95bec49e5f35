/** `outlineOf`: the parts of what is too large to be shown, with their paths and sizes. */
import { isMapping } from "../is-mapping.ts";

export interface Part {
  path: string;
  bytes: number;
}

const MOST_PARTS = 100;
const LARGE = 4096;

/** Two levels deep where a part is large; the largest first. @param path of the value itself */
export function outlineOf(value: unknown, path: string): Part[] {
  const base = path.replace(/^\{(.*)\}$/s, "$1").replace(/^\.$/, "");
  const parts = partsOf(value, base).flatMap((part) => {
    const inner = part.bytes > LARGE ? partsOf(part.value, part.path) : [];
    return inner.length === 0 ? [part] : inner;
  });
  return parts
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_PARTS)
    .map((part) => ({ path: part.path, bytes: part.bytes }));
}

function partsOf(value: unknown, base: string): { path: string; bytes: number; value: unknown }[] {
  const members: [string, unknown][] = Array.isArray(value)
    ? value.map((one, index) => [`${base}[${index}]`, one])
    : isMapping(value)
      ? Object.entries(value).map(([name, one]) => [
          `${base}${/^[\w-]+$/.test(name) ? `.${name}` : `['${name}']`}`,
          one,
        ])
      : [];
  return members.map(([path, one]) => ({ path, bytes: Buffer.byteLength(JSON.stringify(one) ?? ""), value: one }));
}
