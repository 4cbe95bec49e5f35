/** `secretsOf`: the names of the stored secrets that a server refers to. */
import { referencesIn } from "./references.ts";

/** @param node a server, as it is written or as it is used; each name once */
export function secretsOf(node: unknown): string[] {
  if (typeof node === "string") {
    const references = node.includes("${") ? (referencesIn(node) ?? []) : [];
    return [...new Set(references.flatMap((one) => (one.kind === "keychain" ? one.name : [])))];
  }
  if (typeof node !== "object" || node === null) return [];
  return [...new Set(Object.values(node).flatMap(secretsOf))];
}
