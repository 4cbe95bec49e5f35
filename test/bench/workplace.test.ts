/** The places in which sessions of public servers are recorded: the same each time, and whole. */
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servePages } from "../../bench/sessions/serve-pages.ts";
import { makeWorkplace } from "../../bench/sessions/workplace.ts";

function atCommit(folder: string): string {
  const { project } = makeWorkplace(folder, "http://127.0.0.1:1", "/nowhere");
  const { stdout } = Bun.spawnSync(["git", "-C", project, "log", "--format=%H %s"]);
  return stdout.toString();
}

test("a project is committed with the same hashes wherever it is, and all of it", () => {
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), "km-workplace-")));
  try {
    const [first = "", second = ""] = folders.map(atCommit);
    expect(first.trim().split("\n")).toHaveLength(3);
    expect(second).toBe(first);
    const project = join(folders[0] ?? "", "tideline");
    expect(readdirSync(project)).toContainValues([".env.example", ".github", "AGENTS.md", "src"]);
    expect(readFileSync(join(project, "README.md"), "utf8")).toStartWith("# Tideline\n");
    expect(Bun.spawnSync(["git", "-C", project, "status", "--porcelain"]).stdout.toString()).toBe("");
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}, 60_000);

test("its pages are served, and no other file", async () => {
  using pages = servePages();
  const page = await fetch(`${pages.address}/article.html`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(await page.text()).toContain("<h1>How to read a tide table</h1>");
  expect((await fetch(`${pages.address}/..%2fREADME.md`)).status).toBe(404);
  expect(await (await fetch(`${pages.address}/search?q=tide&format=json`)).json()).toMatchObject({ query: "tide" });
}, 60_000);
