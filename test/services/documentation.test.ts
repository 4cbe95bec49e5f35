/** What docs/services/ says of each service is of the tools that there are, and of each name that another system has for it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
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
  Object.entries(SERVICES).map(async ([name, { load }]) => ({ name, service: (await load()).default })),
);
const tools = new Set(loaded.flatMap(({ name, service }) => service.tools.map((tool) => `${name}_${tool.name}`)));

test.each(loaded)("the page of $name names every tool of it", async ({ name, service }) => {
  const text = await Bun.file(join(FOLDER, `${name}.md`)).text();
  const unnamed = service.tools.map((tool) => `${name}_${tool.name}`).filter((tool) => !text.includes(`\`${tool}\``));
  expect(unnamed).toEqual([]);
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
