/** The tree of routes, and where an alert goes; `amtool config routes test` is asked too where it is installed. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { isMapping } from "../../../src/is-mapping.ts";
import { routesFor, routesIn } from "../../../src/services/alertmanager/routes.ts";

const CONFIG = `
route:
  receiver: top
  routes:
    - match: {team: shop}
      receiver: shop
      routes:
        - matchers: [severity="page"]
          receiver: shop-page
          continue: true
        - match_re: {severity: "page|warn.*"}
          receiver: shop-loud
    - matchers: ['{team="bakery", kind!="test"}']
      receiver: bakery
      continue: true
    - matchers: [team!~"shop|"]
      receiver: others
    - matchers: ['odd="a,b"']
      receiver: odd
receivers: [{name: top}, {name: shop}, {name: shop-page}, {name: shop-loud}, {name: bakery}, {name: others}, {name: odd}]
`;

const AMTOOL = Bun.which("amtool");
const read: unknown = parse(CONFIG);
const root = routesIn(isMapping(read) ? read["route"] : undefined);

function reached(labels: Record<string, string>): string[] | undefined {
  return routesFor(root, labels)?.map(({ receiver }) => receiver);
}

const CASES: [Record<string, string>, string[]][] = [
  [{}, ["top"]],
  [{ team: "shop" }, ["shop"]],
  [{ team: "shop", severity: "page" }, ["shop-page", "shop-loud"]],
  [{ team: "shop", severity: "warning" }, ["shop-loud"]],
  [{ team: "bakery" }, ["bakery", "others"]],
  [{ team: "bakery", kind: "test" }, ["others"]],
  [{ odd: "a,b" }, ["odd"]],
];

describe("routesFor", () => {
  test.each(CASES)("%j reaches %j", (labels, receivers) => {
    expect(reached(labels)).toEqual(receivers);
  });

  test("where a pattern cannot be read, nothing is claimed", () => {
    const unclear = routesIn({ receiver: "a", routes: [{ receiver: "b", match_re: { x: "(" } }] });
    expect(routesFor(unclear, { x: "y" })).toBeUndefined();
  });

  test.skipIf(AMTOOL === null)(
    `amtool says the same${AMTOOL === null ? " (skipped: amtool is not installed)" : ""}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "km-routes-"));
      const file = join(folder, "alertmanager.yml");
      writeFileSync(file, CONFIG);
      try {
        for (const [labels, receivers] of CASES) {
          const words = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
          const amtool = Bun.spawn([AMTOOL ?? "", "config", "routes", "test", `--config.file=${file}`, ...words], {
            stderr: "ignore",
          });
          expect((await amtool.stdout.text()).trim()).toBe(receivers.join(","));
          await amtool.exited;
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    60_000,
  );
});
