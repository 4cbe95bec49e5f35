/** `readAccess`: the file that says who may use `km proxy`. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorFrom } from "../../config/problem.ts";
import { homeFolder } from "../../context.ts";
import { KmError, systemReason } from "../../errors.ts";
import type { ProxyConfig } from "../../gateway/config/proxy-config.ts";

/** Loads what reads YAML only where there is some. */
export async function readAccess(file: string): Promise<ProxyConfig> {
  const place = resolve(file);
  const { readProxyConfig } = await import("../../gateway/config/read-proxy-config.ts");
  const read = readProxyConfig(place, textOf(place), homeFolder());
  if ("value" in read) return read.value;
  const first = errorFrom(read.problems);
  const more = read.problems.length - 1;
  throw new KmError(first?.code ?? "CFG_001", first?.message ?? `Cannot read ${file}`, {
    hint:
      [read.problems[0]?.hint, more > 0 ? `${more} more: see km access check ${file}.` : undefined]
        .filter(Boolean)
        .join(" ") || "See km access check.",
    exitCode: 2,
  });
}

export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KmError("CFG_001", `Cannot read ${file}: ${systemReason(error)}`, { exitCode: 2, cause: error });
  }
}
