/** `SavedObject`: what Kibana keeps, as its API gives it, and as a reader wants it: without JSON within texts, and without secrets. */
import * as v from "valibot";
import { isMapping } from "../../is-mapping.ts";
import { maskedValue } from "../masked-config.ts";
import { counted } from "../../counted.ts";

export const REFERENCE = v.object({ id: v.string(), type: v.string(), name: v.string() });
export const SAVED_OBJECT = v.object({
  id: v.string(),
  type: v.string(),
  updated_at: v.optional(v.string()),
  version: v.optional(v.string()),
  attributes: v.optional(v.record(v.string(), v.unknown()), {}),
  references: v.optional(v.array(REFERENCE), []),
  error: v.optional(v.object({ message: v.string() })),
});
export type SavedObject = v.InferOutput<typeof SAVED_OBJECT>;

export function titleOf({ attributes, id }: SavedObject): string {
  const title = attributes["title"] ?? attributes["name"];
  return typeof title === "string" && title !== "" ? title : id;
}

/** What is JSON within a text is that itself: `panelsJSON`, `visState`, `searchSourceJSON`. */
export function readable(attributes: Record<string, unknown>): Record<string, unknown> {
  const plain = maskedValue(unfolded(attributes, 0), SECRET_URLS);
  return isMapping(plain) ? plain : {};
}

/** One sentence about what is in it, by its type. */
export function outlineOf({ type, attributes, references }: SavedObject): string {
  const { panelsJSON: panels, visState, description } = attributes;
  const parts: string[] = [];
  const shownPanels = parsed(panels);
  if (Array.isArray(shownPanels)) parts.push(counted(shownPanels.length, "panel"));
  const state = parsed(visState);
  if (isMapping(state) && typeof state["type"] === "string") parts.push(state["type"]);
  if (type === "index-pattern" && typeof attributes["timeFieldName"] === "string")
    parts.push(`time: ${attributes["timeFieldName"]}`);
  if (references.length > 0) parts.push(`${references.length} references`);
  if (typeof description === "string" && description !== "") parts.push(description.slice(0, 100));
  return parts.join(", ");
}

/** Addresses that are secrets themselves. */
export const SECRET_URLS: ReadonlySet<string> = new Set([
  "webhookUrl",
  "webhook_url",
  "webhookIntegrationUrl",
  "createAlertUrl",
]);

const DEEPEST = 30;

function unfolded(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((one) => unfolded(one, depth + 1));
  if (isMapping(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unfolded(one, depth + 1)] as const));
  const inner = parsed(value);
  return inner === undefined ? value : unfolded(inner, depth + 1);
}

/** Undefined for what is no text with an object or a list in it. */
function parsed(value: unknown): object | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    const inner: unknown = JSON.parse(value);
    return typeof inner === "object" && inner !== null ? inner : undefined;
  } catch {
    return undefined;
  }
}
