/** What guard keeps of the tools that a server lists, where the server lists too much. */
import { expect, test } from "bun:test";
import { ListedTools } from "../../../plugins/guard/listed-tools.ts";

function answer(tools: object[]): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools } });
}

test("of a server that floods the definitions are kept as far as there is room, and all are compared", () => {
  const listed = new ListedTools();
  const described = (letter: string) =>
    Array.from({ length: 24 }, (_, i) => ({ name: `t${i}`, description: letter.repeat(1 << 20) }));
  for (const tool of described("a")) listed.add(answer([tool]));
  const kept = described("a").filter(({ name }) => listed.definition(name) !== undefined);
  expect(kept.length).toBe(7);
  expect(described("a").flatMap((tool) => listed.add(answer([tool]))[0]?.observations)).toEqual([]);
  const changes = described("b").flatMap((tool) => listed.add(answer([tool]))[0]?.observations ?? []);
  expect(changes.map(({ rule }) => rule)).toEqual(Array.from({ length: 24 }, () => "changed-definition"));
  listed.add(answer([{ name: "n".repeat(2000), description: "long" }]));
  expect(Object.keys(listed.known().hashes).length).toBe(24);
});
