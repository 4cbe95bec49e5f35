import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ENDPOINTS } from "../../src/api/contract/endpoints.ts";
import { type Group, loadCommand } from "../../src/command.ts";
import { program } from "../../src/registry.ts";

test("docs/api.md lists the endpoints of the contract, and no others", () => {
  const listed = Array.from(pageOf("api").matchAll(/^\| `([A-Z]+ \/[^`]*)`/gm), ([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)));
});

test("docs/api.md lists the options of km api serve, and no others", async () => {
  const { args } = await loadCommand({ load: () => import("../../src/commands/api/serve.ts") });
  const listed = Array.from(pageOf("api").matchAll(/^\| `--([\w-]+)`/gm), ([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(args)));
});

test("docs/exit-codes.md lists every code of a login, of the API, of approvals and of services", () => {
  const source = textOf("src/errors.ts");
  const codes = Array.from(source.matchAll(/"((?:AUTH|LGN|API|APR|SVC)_\d+)"/g), ([, code]) => code);
  const listed = Array.from(pageOf("exit-codes").matchAll(/^\| `([A-Z]+_\d+)`/gm), ([, code]) => code);
  expect(listed).toEqual(codes);
});

test("docs/packages.md lists every code of packages, docs/plugins.md all others of plugins", () => {
  const source = textOf("src/errors.ts");
  const codes = Array.from(source.matchAll(/"(PLG_\w+)"/g), ([, code = ""]) => code);
  const ofPackages = /^PLG_(?:BLD|CUST|KEY|PKG|REG|REV|ROLL|SIG)_/;
  expect(listedCodes("packages")).toEqual(codes.filter((code) => ofPackages.test(code)));
  expect(listedCodes("plugins")).toEqual(codes.filter((code) => !ofPackages.test(code)));
});

test("docs/exit-codes.md says of every command with --json what it prints, and of no other", async () => {
  const listed = Array.from(
    pageOf("exit-codes").matchAll(/^\| `(km [^`]*?)(?: \.\.\.)? --json`/gm),
    ([, command]) => command,
  );
  expect(new Set(listed)).toEqual(new Set<string | undefined>(await withJson(program, "km")));
});

test("links between pages lead to pages and headings that are there", () => {
  const broken = PAGES.flatMap((page) =>
    Array.from(textOf(page).matchAll(/\]\(([^)\s]*)\)/g), ([, link = ""]) => link)
      .filter((link) => !/^https?:/.test(link) && !leads(page, link))
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

const ROOT = join(import.meta.dir, "../..");
const PAGES = ["README.md", "SECURITY.md", "CONTRIBUTING.md"].concat(
  Array.from(new Bun.Glob("docs/*.md").scanSync(ROOT)),
);

function leads(page: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (heading === undefined || !target.endsWith(".md")) return existsSync(join(ROOT, target));
  return existsSync(join(ROOT, target)) && anchorsOf(textOf(target)).has(heading);
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): Set<string> {
  const headings = Array.from(page.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Commands that print JSON with that flag; those of `km api admin` are listed together. */
async function withJson(group: Group, path: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [name, entry] of Object.entries(group.commands)) {
    const words = `${path} ${name}`;
    if ("commands" in entry) for (const one of await withJson(entry, words)) found.add(one);
    else if (!entry.hidden && (await loadCommand(entry)).args["json"]?.type === "boolean") {
      found.add(words.replace(/^(km api admin) .*/, "$1"));
    }
  }
  return found;
}

function listedCodes(page: string): (string | undefined)[] {
  return Array.from(pageOf(page).matchAll(/^\| `(PLG_\w+)`/gm), ([, code]) => code);
}

function pageOf(name: string): string {
  return textOf(`docs/${name}.md`);
}

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}
