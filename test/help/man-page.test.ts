/** km(1), as man, lexgrog and mandoc read it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KEYS } from "../../src/config/keys.ts";
import { loadCommand, type Group } from "../../src/command.ts";
import { manPage } from "../../src/help/man-page.ts";
import { program } from "../../src/registry.ts";

let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "km-man-"));
  file = join(folder, "km.1");
  writeFileSync(file, await manPage({ version: "1.2.3", date: new Date("2026-01-02T23:00:00Z") }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function rendered(): { stdout: string; stderr: string } {
  const env = { PATH: process.env["PATH"] ?? "", MANWIDTH: "80", LC_ALL: "C.UTF-8", MANPAGER: "cat", HOME: folder };
  const { stdout, stderr } = Bun.spawnSync(["man", "--warnings", "-l", file], { env });
  return { stdout: stdout.toString(), stderr: stderr.toString() };
}

const NO_MAN = Bun.which("man") === null;

test.skipIf(NO_MAN)("man shows it without a warning and without a line over 80 columns", () => {
  const { stdout, stderr } = rendered();
  expect(stderr).toBe("");
  expect(stdout.split("\n").filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
  const sections = stdout.split("\n").filter((line) => /^[A-Z][A-Z ]+$/.test(line));
  expect(sections).toEqual([
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "COMMANDS",
    "FILES",
    "ENVIRONMENT",
    "EXIT STATUS",
    "EXAMPLES",
    "SEE ALSO",
  ]);
  expect(stdout).toContain("km 1.2.3");
  expect(stdout).toContain("2026-01-02");
});

test.skipIf(NO_MAN)("every command, flag and variable is there, as it is typed", async () => {
  const { stdout } = rendered();
  const commands = stdout.slice(stdout.indexOf("\nCOMMANDS\n"));
  const check = async (path: string, group: Group): Promise<void> => {
    for (const [name, entry] of Object.entries(group.commands)) {
      if (entry.hidden) expect(stdout).not.toContain(name);
      else if ("load" in entry) {
        const part = commands.split(`\n   ${path} ${name} `)[1] ?? "";
        for (const [flag, { type }] of Object.entries((await loadCommand(entry)).args)) {
          expect(part).toContain(type === "positional" ? flag.toUpperCase() : `--${flag}`);
        }
      } else await check(`${path} ${name}`, entry);
    }
  };
  await check("km", program);
  for (const { variable } of KEYS.values()) if (variable !== undefined) expect(stdout).toContain(variable);
  expect(stdout).toContain("km monitor -- npx -y @modelcontextprotocol/server-memory");
});

test.skipIf(Bun.which("lexgrog") === null)("lexgrog finds its name", () => {
  expect(Bun.spawnSync(["lexgrog", file]).stdout.toString()).toBe(
    `${file}: "km - see what your MCP servers are asked and what they answer"\n`,
  );
});

test.skipIf(Bun.which("mandoc") === null)("mandoc has nothing to complain of", () => {
  expect(Bun.spawnSync(["mandoc", "-Tlint", "-Wwarning", file]).stdout.toString()).toBe("");
});
