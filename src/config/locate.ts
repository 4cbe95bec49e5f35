/** Finds the line and column of what is wrong in a YAML text. Imports the yaml package: load this file only when something is. */
import { type Alias, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Pair, parseDocument } from "yaml";

export interface Position {
  line: number;
  column: number;
}

export interface Located {
  /** Why the text is not YAML; undefined where the yaml package takes it. */
  syntaxError: (Position & { message: string }) | undefined;
  /** Keys that stand a second time in their mapping. */
  duplicates: (Position & { name: string })[];
  /** What else YAML's reader was in doubt about, such as a tag that nobody knows: `!word` without quotes is one. */
  warnings: (Position & { message: string })[];
  /** All of it as plain values. May throw for a text that was made to. */
  value(): unknown;
  /** Where the key or the value at a path begins; where there is no such thing, the nearest thing around it. */
  find(path: readonly (string | number)[], part: "key" | "value"): Position;
}

export function locate(text: string): Located {
  const lines = new LineCounter();
  // The package's own search for duplicates takes time by the square of the keys: half a minute for a file of 60 000.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "error", // else `value` writes warnings to stderr
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const syntaxError = { ...at(error.pos[0]), message: error.message };
    return { syntaxError, duplicates: [], warnings: [], value: () => undefined, find: () => at(0) };
  }
  const { targets, unknown, repeated } = inspect(document.contents);
  return {
    syntaxError: unknown && { ...at(start(unknown) ?? 0), message: `No anchor &${unknown.source} before this alias` },
    duplicates: repeated.map((pair) => ({ ...at(start(pair.key) ?? 0), name: String(keyName(pair)) })),
    warnings: document.warnings.map(({ pos, message }) => ({ ...at(pos[0]), message })),
    // As many servers may share a part; what multiplies by aliases of aliases counts by its product.
    value: () => document.toJS({ maxAliasCount: 10_000 }),
    find(path, part) {
      let node: unknown = document.contents;
      let offset = start(node) ?? 0;
      for (const [depth, step] of path.entries()) {
        if (isAlias(node)) node = targets.get(node);
        // Of several equal keys the last one counts.
        const pair = isMap(node) ? node.items.findLast((item) => keyName(item) === String(step)) : undefined;
        node = isSeq(node) ? node.items[Number(step)] : pair?.value;
        offset = start(depth === path.length - 1 && part === "key" ? pair?.key : node) ?? start(pair?.key) ?? offset;
      }
      return at(offset);
    },
  };
}

/** Goes through the nodes in order of the text, by hand: the package's `visit` copies the path to each node it comes to. */
function inspect(root: unknown): { targets: Map<Alias, unknown>; unknown: Alias | undefined; repeated: Pair[] } {
  const anchors = new Map<string, unknown>();
  const targets = new Map<Alias, unknown>();
  const repeated: Pair[] = [];
  let unknown: Alias | undefined;
  const waiting = [root];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (isAlias(node)) {
      if (anchors.has(node.source)) targets.set(node, anchors.get(node.source));
      else unknown ??= node;
      continue;
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) for (const item of node.items.toReversed()) waiting.push(item);
    if (!isMap(node)) continue;
    const names = new Set<string>();
    for (const pair of node.items) {
      const name = keyName(pair);
      if (name !== undefined && names.has(name)) repeated.push(pair);
      else if (name !== undefined) names.add(name);
    }
    for (const pair of node.items.toReversed()) waiting.push(pair.value, pair.key);
  }
  return { targets, unknown, repeated };
}

function keyName(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
