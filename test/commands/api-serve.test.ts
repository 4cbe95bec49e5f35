/** What `km api serve` must not cost those who do not serve. */
import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";

const SOURCE = join(import.meta.dir, "../../src");

test("km monitor loads nothing of the service, its database or its tokens", async () => {
  // What the registry can load belongs to the other commands; registered servers have secrets, those with a URL logins.
  const others = ["registry.ts", "commands/used-server.ts", "commands/remote-server.ts"];
  const reached = await reach(["main.ts", "dispatch.ts", "commands/monitor.ts"], new Set(others));
  expect(reached).toContain("proxy/session.ts");
  const ofService = new Set(["backend", "store", "api", "auth"]);
  expect(reached.filter((file) => ofService.has(file.split("/")[0] ?? ""))).toEqual([]);
});

/** All that is imported from there on, at once or later. */
async function reach(from: string[], except: Set<string>): Promise<string[]> {
  const reached = new Set<string>();
  for (const file of from) {
    if (reached.has(file)) continue;
    reached.add(file);
    if (except.has(file)) continue;
    const text = await Bun.file(join(SOURCE, file)).text();
    for (const [, type, path = ""] of text.matchAll(/\b(?:import( type)? [^;"]*from |import\()"(\.[^"]+\.ts)"/g)) {
      if (type === undefined) from.push(normalize(join(dirname(file), path)).replaceAll("\\", "/"));
    }
  }
  return [...reached];
}
