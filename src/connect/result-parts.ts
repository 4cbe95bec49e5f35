/** `partsOf...`: what a result holds, as parts that can be shown one after the other. */
import { isObject, type JsonObject, memberText } from "../wire/jsonrpc.ts";

export type Part =
  /** As the server wrote it. */
  | { kind: "text"; text: string }
  /** JSON, with the digits that were sent. */
  | { kind: "json"; text: string }
  /** km's words about what follows, or about what cannot be shown. */
  | { kind: "note"; text: string }
  | { kind: "data"; what: string; type: string; base64: string };

/** Of `tools/call`. */
export function partsOfCall(result: JsonObject, text: string): Part[] {
  const parts = contentOf(result["content"]);
  const structured = memberText(text, "structuredContent");
  // It is for programs: what servers give as text besides says the same to a reader.
  if (structured !== undefined && !parts.some((part) => part.kind === "text" && part.text.trim() !== "")) {
    parts.push({ kind: "json", text: structured });
  }
  if (parts.length > 0 || Array.isArray(result["content"])) return parts;
  return [{ kind: "json", text }]; // a result of another kind
}

/** Of `resources/read`. */
export function partsOfRead({ contents }: JsonObject): Part[] {
  const all: unknown[] = Array.isArray(contents) ? contents : [];
  return all.flatMap((one) => resourceParts(one, all.length > 1));
}

/** Of `prompts/get`. */
export function partsOfPrompt({ description, messages }: JsonObject): Part[] {
  const all: unknown[] = Array.isArray(messages) ? messages : [];
  return [
    ...(typeof description === "string" && description !== "" ? [note(description)] : []),
    ...all.flatMap((message): Part[] => {
      const { role, content } = isObject(message) ? message : {};
      return [note(`${typeof role === "string" ? role : "somebody"}:`), ...contentOf([content].flat())];
    }),
  ];
}

function contentOf(content: unknown): Part[] {
  const blocks: unknown[] = Array.isArray(content) ? content : [];
  return blocks.flatMap((block): Part[] => {
    if (!isObject(block)) return [{ kind: "json", text: JSON.stringify(block) ?? "null" }];
    const { type, text, data, mimeType, resource } = block;
    switch (type) {
      case "text":
        return [{ kind: "text", text: typeof text === "string" ? text : "" }];
      case "image":
      case "audio":
        return [dataPart(type, mimeType, data)];
      case "resource":
        return resourceParts(resource, true);
      case "resource_link":
        return [note(linkText(block))];
      default:
        return [{ kind: "json", text: JSON.stringify(block) }];
    }
  });
}

function resourceParts(resource: unknown, isNamed: boolean): Part[] {
  const { uri, mimeType, text, blob } = isObject(resource) ? resource : {};
  const name = typeof uri === "string" ? uri : "resource";
  const head = isNamed ? [note(`${name}${typeof mimeType === "string" ? ` (${mimeType})` : ""}:`)] : [];
  if (typeof text === "string") return [...head, { kind: "text", text }];
  return [dataPart(name, mimeType, blob)];
}

function linkText({ uri, name, title, mimeType, description }: JsonObject): string {
  const called = [title, name].find((one) => typeof one === "string" && one !== "");
  const more = [mimeType, description].filter((one) => typeof one === "string" && one !== "");
  return `${String(uri)}${typeof called === "string" ? ` ${called}` : ""}${more.length > 0 ? ` (${more.join("; ")})` : ""}`;
}

function dataPart(what: string, mimeType: unknown, data: unknown): Part {
  const type = typeof mimeType === "string" ? mimeType : "application/octet-stream";
  return { kind: "data", what, type, base64: typeof data === "string" ? data : "" };
}

function note(text: string): Part {
  return { kind: "note", text };
}
