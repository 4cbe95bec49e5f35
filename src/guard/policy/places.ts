/** `Places`: where the rules of a policy look in arguments. What stands there is looked up once, however many look. */
import type { Asked } from "./asked.ts";
import type { ValuePath } from "./compiled.ts";
import { FarPaths } from "./far-paths.ts";
import { isNull, type JsonNode, stringOf } from "./json-tree.ts";
import type { Met, Unclear } from "./met.ts";
import { type FolderTest, folderTest } from "./path-test.ts";
import { selectValues, type ValuesAt } from "./select-values.ts";

export class Places {
  readonly #places = new Map<string, Place>();

  at(path: ValuePath): Place {
    const key = path.join("\0");
    const place = this.#places.get(key) ?? new Place(path, this.#places.size);
    this.#places.set(key, place);
    return place;
  }

  /** To be called when all rules have said what they ask for. */
  prepare(): void {
    for (const place of this.#places.values()) place.prepare();
  }
}

export class Place {
  readonly path: ValuePath;
  readonly #number: number;
  /** For a path inside any of the folders that rules ask for here. */
  #asked: FolderTest | undefined;
  #isInside: ((value: string) => Met) | undefined;
  /** The paths outside of these folders, where that can be told in bytes. */
  #farPaths: FarPaths | undefined;

  /** @param number of the place, among those of the policy */
  constructor(path: ValuePath, number: number) {
    this.path = path;
    this.#number = number;
  }

  /** @returns whether `isFar` answers this too, which it does not for folders of another machine */
  isAskedFor(test: FolderTest): boolean {
    const { base, folders } = this.#asked ?? { ...test, folders: [] };
    if (JSON.stringify(base) !== JSON.stringify(test.base)) return false;
    this.#asked = { test: "inside", base, folders: [...folders, ...test.folders] };
    return true;
  }

  prepare(): void {
    if (this.#asked === undefined) return;
    const { base, folders } = this.#asked;
    this.#isInside = folderTest(this.#asked);
    this.#farPaths = base.windows || base.anyCase ? undefined : new FarPaths(folders, base);
  }

  valuesIn(asked: Asked): ValuesAt {
    return (asked.values[this.#number] ??= this.#valuesIn(asked));
  }

  /** Whether a text in these bytes is a path outside of each folder that rules ask for here; it may be where this is false. */
  isPlainlyFar(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#farPaths?.has(bytes, start, end) === true;
  }

  #valuesIn({ text, arguments: root }: Asked): ValuesAt {
    const { nodes, doubt } = selectValues(text, root, this.path);
    const [only] = nodes;
    if (nodes.length === 1 && only !== undefined && isScalar(only) && !isNull(text, only)) {
      const isFar = doubt === undefined && this.#isFar(stringOf(text, only));
      return { whole: nodes, items: nodes, more: undefined, doubt, isNothing: false, isFar };
    }
    // Where anything is meant, mappings are not values in the wrong form.
    const isWide = this.path.at(-1) === "*" || this.path.at(-1) === "**";
    const isValue = (node: JsonNode): boolean => !isNull(text, node) && !(isWide && node.kind === "object");
    const first = nodes.length > MOST_VALUES ? nodes.slice(0, MOST_VALUES) : nodes;
    const { items, isAll } = first.some(({ kind }) => kind === "array")
      ? itemsOf(first)
      : { items: first, isAll: true };
    const more = first === nodes && isAll ? undefined : TOO_MANY;
    const isNothing = nodes.length === 0 && doubt === undefined;
    return { whole: first.filter(isValue), items: items.filter(isValue), more, doubt, isNothing, isFar: isNothing };
  }

  #isFar(value: string | undefined): boolean {
    return value !== undefined && this.#isInside?.(value) === false;
  }
}

/** Of the values at a place. To look at one may take microseconds, and there are many rules. */
const MOST_VALUES = 10_000;
const TOO_MANY: Unclear = { unclear: `there are more than ${MOST_VALUES} values to look at` };

function isScalar({ kind }: JsonNode): boolean {
  return kind !== "object" && kind !== "array";
}

function itemsOf(nodes: JsonNode[]): { items: JsonNode[]; isAll: boolean } {
  const items: JsonNode[] = [];
  const waiting = nodes.toReversed();
  for (let node = waiting.pop(), left = MOST_VALUES; node !== undefined; node = waiting.pop()) {
    if (left-- === 0) return { items, isAll: false };
    if (node.kind !== "array") items.push(node);
    else for (const item of node.items.slice(0, MOST_VALUES).toReversed()) waiting.push(item);
  }
  return { items, isAll: true };
}
