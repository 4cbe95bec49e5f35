/**
 * What docs/services/ says of each service is of the tools that there are: each has a row with its toolset, its access and all of
 * its arguments, and an example that it would take; and each name that another system has for one leads to a tool.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { publishedInput } from "../../src/services/host/published-schema.ts";
import { SERVICES } from "../../src/services/services.ts";

const FOLDER = join(import.meta.dir, "../../docs/services");
/** How many tools k8s-mcp-server has for each. */
const ELSEWHERE: Record<string, number> = {
  alertmanager: 16,
  elasticsearch: 12,
  grafana: 43,
  helm: 35,
  jaeger: 8,
  kibana: 73,
  kubernetes: 28,
  prometheus: 20,
  utilities: 6,
};

const loaded = await Promise.all(
  Object.entries(SERVICES).map(async ([name, { load }]) => ({
    name,
    page: await Bun.file(join(FOLDER, `${name}.md`)).text(),
    tools: (await load()).default.tools.map((tool) => ({ fullName: `${name}_${tool.name}`, ...tool })),
  })),
);
const tools = new Set(loaded.flatMap((service) => service.tools.map(({ fullName }) => fullName)));

describe.each(loaded)("the page of $name", ({ name, page, tools: own }) => {
  const rows = new Map(
    // Some names of others are ours too.
    Array.from(
      page.split(/^## Names of /m)[0]?.matchAll(/^\| `(\w+)` +\|.*$/gm) ?? [],
      ([row, tool = ""]) => [tool, words(row)] as const,
    ),
  );
  const common = words((page.match(/^.*\b(?:tools? takes?|lists take)\b.*$/gim) ?? []).join("\n"));

  test("has a row for each tool, with its toolset, its access and its arguments", () => {
    const missing = own.flatMap(({ fullName, toolset, access, input, hasPreview }) => {
      const row = rows.get(fullName) ?? new Set();
      const like = [...row]
        .filter((word) => word !== fullName && rows.has(word))
        .flatMap((word) => [...(rows.get(word) ?? [])]);
      const said = new Set([...row, ...like, ...common]);
      const all = [toolset, access, ...Object.keys(publishedInput(input, hasPreview).properties ?? {})];
      return all.filter((word) => !said.has(word)).map((word) => `${fullName}: ${word}`);
    });
    expect(missing).toEqual([]);
  });

  test("has an example for each tool, which the tool would take", () => {
    const examples = Array.from(page.matchAll(/^```\w*\n(\w+) (\{.*\})$/gm), ([, tool = "", args = ""]) => ({
      tool,
      args,
    }));
    const without = own.filter(({ fullName }) => !examples.some(({ tool }) => tool === fullName));
    expect(without.map(({ fullName }) => fullName)).toEqual([]);
    for (const { tool, args } of examples.filter((example) => example.tool.startsWith(`${name}_`))) {
      const { dry_run: _, ...given } = JSON.parse(args);
      const { issues } = own.find(({ fullName }) => fullName === tool)?.prepare(given) ?? { issues: [`no ${tool}`] };
      expect({ tool, args, issues }).toEqual({ tool, args, issues: undefined });
    }
  });
});

test.each(Object.entries(ELSEWHERE))(
  "each of the names that k8s-mcp-server has for %s leads to a tool",
  async (name, count) => {
    const text = await Bun.file(join(FOLDER, `${name}.md`)).text();
    const [, section = ""] = text.split(/^## Names of k8s-mcp-server$/m);
    const rows = Array.from(
      section.split(/^## /m)[0]?.matchAll(/^\| (`.+?) +\| (.*?) *\|$/gm) ?? [],
      ([, there, here]) => [
        there,
        Array.from(here?.matchAll(/`(\w+)`/g) ?? [], ([, word = ""]) => word).some((word) => tools.has(word)),
      ],
    );
    expect(rows.filter(([, leads]) => leads !== true)).toEqual([]);
    const names = rows.flatMap(([there]) => String(there).match(/`\w+`/g) ?? []);
    expect(new Set(names).size).toBeGreaterThanOrEqual(count);
  },
);

/** Those in backticks, and what access there is. */
function words(text: string): Set<string> {
  return new Set(text.match(/(?<=`)[\w]+(?=`)|\b(?:read|write|destructive)\b/g));
}
