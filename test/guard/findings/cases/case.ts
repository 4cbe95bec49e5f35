/** `Case`: something to inspect, by what is inspected. */

export interface DefinitionCase {
  definition: unknown;
}

export interface ArgumentsCase {
  tool?: string;
  arguments: unknown;
  roots?: string[];
  home?: string;
  schema?: unknown;
}

export interface ResultCase {
  result: unknown;
  limitBytes?: number;
  asked?: string[];
}

export type Case = DefinitionCase | ArgumentsCase | ResultCase;

/** Of one rule: what it finds, and what it leaves alone. */
export interface Cases {
  found: Case[];
  passed: Case[];
}

/** A tool with that description. */
export function described(description: string, more: Record<string, unknown> = {}): DefinitionCase {
  return { definition: { name: "lookup", description, inputSchema: { type: "object" }, ...more } };
}

/** A tool with parameters, by name and description. */
export function taking(parameters: Record<string, string>, description = "Adds two numbers"): DefinitionCase {
  const properties = Object.fromEntries(
    Object.entries(parameters).map(([name, text]) => [name, { type: "string", description: text }]),
  );
  return described(description, { inputSchema: { type: "object", properties } });
}

export function answered(text: string): ResultCase {
  return { result: { content: [{ type: "text", text }] } };
}

export function given(args: Record<string, unknown>, tool = "fetch_page"): ArgumentsCase {
  return { tool, arguments: args };
}
