/** `typicalCalls`: calls such as the rules of a policy are about, and their answers, to let the code run that decides about them. */
import type { CompiledPolicy, ValuePath, ValueTest } from "./compiled.ts";
import { CALL } from "./governed.ts";

const MOST_TOOLS = 10;

/** @returns JSON; each twice, once such as may pass without being decided about, once with an id that is not plain */
export function typicalCalls({ levels }: CompiledPolicy): { call: string; answer: string }[] {
  const tools = new Set(["read_file"]);
  const args: Record<string, unknown> = { path: PATH, url: URL, depth: 1 };
  for (const { when } of levels.flatMap(({ rules }) => rules)) {
    for (const glob of when.tool?.any ?? []) tools.add(fitting(glob));
    for (const { path, tests } of when.arguments) put(args, path.map(fitting), tests.map(valueFor)[0]);
  }
  const exchange = (name: string, id: number) => ({
    call: JSON.stringify({ jsonrpc: "2.0", id, method: CALL, params: { name, arguments: args } }),
    answer: JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: TEXT }] } }),
  });
  return [...tools].slice(0, MOST_TOOLS).flatMap((name, id) => [exchange(name, id), exchange(name, -1 - id)]);
}

const TEXT = "Two files: main.ts, main.test.ts";
const PATH = "/srv/app/src/main.ts";
const URL = "https://api.example.com/items?page=1";

/** A name that the glob matches. */
function fitting(glob: string): string {
  return glob.replace(/[*?]+/g, "x");
}

function valueFor({ test }: ValueTest): unknown {
  if (test === "inside" || test === "outside") return PATH;
  if (test === "host" || test === "private address") return URL;
  return test === "above" || test === "below" ? 1 : "a text";
}

function put(target: Record<string, unknown>, path: ValuePath, value: unknown): void {
  const [step = "", ...rest] = path;
  const inner: Record<string, unknown> = {};
  if (rest.length > 0) put(inner, rest, value);
  target[step] = rest.length > 0 ? inner : value;
}
