/** `comparisonOf`: compares answers by what `km verify` was told to look at. */
import { compareValues, contentOf, type Difference } from "../mcp/compare-answers.ts";
import { isObject } from "../wire/jsonrpc.ts";
import { compareShapes } from "./compare-shapes.ts";
import { PathPattern } from "./path-pattern.ts";

export interface ComparisonOptions {
  /** Of values only whether they are texts, numbers and so on. */
  onlyShape: boolean;
  /** Paths that may differ, as `PathPattern` reads them. */
  ignore: string[];
}

/**
 * @returns compares a recorded answer with a new one, both as text
 * @throws KmError USAGE for a path that cannot be understood
 */
export function comparisonOf({ onlyShape, ignore }: ComparisonOptions) {
  const patterns = ignore.map((text) => new PathPattern(text));
  return (recorded: string, replayed: string): Difference[] => {
    const compare = onlyShape ? compareShapes : compareValues;
    const differences = compare(withNames(contentOf(recorded)), withNames(contentOf(replayed)));
    return differences.filter(({ path }) => !patterns.some((pattern) => pattern.covers(path)));
  };
}

/** What each list of definitions is known by. */
const KEYS = { tools: "name", prompts: "name", resources: "uri", resourceTemplates: "uriTemplate" };

/** Definitions by their names, since their order says nothing: `result.tools.read_file.description`. */
function withNames(content: unknown): unknown {
  if (!isObject(content) || !isObject(content["result"])) return content;
  const result: Record<string, unknown> = { ...content["result"] };
  for (const [list, key] of Object.entries(KEYS)) if (list in result) result[list] = byName(result[list], key);
  return { ...content, result };
}

function byName(list: unknown, key: string): unknown {
  if (!Array.isArray(list)) return list;
  const named = new Map(list.map((one: unknown) => [isObject(one) ? one[key] : undefined, one]));
  const isClear = named.size === list.length && [...named.keys()].every((name) => typeof name === "string");
  return isClear ? Object.fromEntries(named) : list;
}
