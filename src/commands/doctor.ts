/** `km doctor`: checks whatever km depends on, says what to do, and does what it can. */
import type { Colors } from "picocolors/types";
import { defineCommand } from "../command.ts";
import { homeFolder, paths } from "../context.ts";
import type { Paths } from "../config/paths.ts";
import { applyFixes } from "../doctor/apply-fixes.ts";
import type { Result, Status, Surroundings } from "../doctor/check.ts";
import { CHECKS } from "../doctor/checks.ts";
import { runChecks } from "../doctor/run-checks.ts";
import { unansweredFolder } from "../doctor/unanswered-folder.ts";
import { stdout } from "../output.ts";
import { selfCommand } from "../self.ts";
import { colours, printable, terminalWidth } from "../terminal.ts";
import { counted } from "../counted.ts";

const GRACE_MS = 200;

export default defineCommand({
  meta: { name: "doctor", description: "Check that everything works" },
  args: {
    fix: { type: "boolean", description: "Repair, without asking, what needs no decision" },
    json: { type: "boolean", description: "Print the results as a JSON array" },
  },
  examples: ["km doctor", "km doctor --fix", "km doctor --json | jq -r '.[] | select(.status != \"ok\") | .detail'"],
  async run(args) {
    const surroundings = currentSurroundings();
    const unanswered = await unansweredFolder(surroundings);
    let results = unanswered === undefined ? await runChecks(CHECKS, surroundings) : [unanswered];
    if (args.fix && results.some(({ fix }) => fix !== undefined)) {
      await applyFixes(results, (text) => process.stderr.write(`km: ${printable(text)}\n`));
      results = await runChecks(CHECKS, surroundings);
    } else if (args.fix) process.stderr.write("km: There is nothing that km can fix\n");
    const output = stdout();
    await output.write(args.json ? asJson(results) : asText(results, await colours(process.stdout), terminalWidth()));
    await output.close();
    const exitCode = results.some(({ status }) => status === "failure") ? 3 : 0;
    // What a check still waits for, such as a file system that hangs, would keep the process.
    setTimeout(() => process.exit(exitCode), GRACE_MS).unref();
    return exitCode;
  },
});

function currentSurroundings(): Surroundings {
  return {
    platform: process.platform,
    arch: process.arch,
    env: process.env,
    cwd: currentFolder(),
    home: homeFolder(),
    paths: pathsIfAny(),
    executable: process.execPath,
    compiled: selfCommand([]).length === 1,
  };
}

function pathsIfAny(): Paths | undefined {
  try {
    return paths();
  } catch {
    return undefined; // the check of the configuration says why
  }
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/"; // deleted since: nothing of a project can be found there
  }
}

/** Every member is there, whatever was found. */
function asJson(results: Result[]): string {
  const list = results.map(({ id, group, status, title, detail, remedy, fix }) => ({
    id,
    group,
    status,
    title,
    detail,
    remedy: remedy ?? null,
    fixable: fix !== undefined,
  }));
  return `${JSON.stringify(list, null, 2)}\n`;
}

const SYMBOLS: Record<Status, string> = { ok: "✓", warning: "!", failure: "✗" };
const WORD_WIDTH = "warning".length;
/** Where titles begin: behind the symbol and the word. */
const INDENT = " ".repeat(WORD_WIDTH + 6);

/** @param width of the terminal; undefined where there is none, and then every text is one line */
function asText(results: Result[], paint: Colors, width = Infinity): string {
  const painted: Record<Status, (text: string) => string> = {
    ok: paint.green,
    warning: paint.yellow,
    failure: paint.red,
  };
  const lines: string[] = [];
  for (const [group, members] of Map.groupBy(results, (result) => result.group)) {
    if (lines.length > 0) lines.push("");
    lines.push(paint.bold(group));
    for (const { status, title, detail, remedy } of members) {
      const mark = painted[status](`${SYMBOLS[status]} ${status.padEnd(WORD_WIDTH)}`);
      const [first = "", ...others] = fill(`${title}: ${detail}`, width);
      lines.push(`  ${mark}  ${first}`, ...others.map((line) => INDENT + line));
      if (remedy !== undefined) lines.push(...fill(remedy, width).map((line) => INDENT + line));
    }
  }
  return `${lines.join("\n")}\n\n${totals(results)}\n`;
}

/** Words are kept whole, however long: a path that is broken cannot be copied. */
function fill(text: string, width: number): string[] {
  const room = Math.max(width - INDENT.length, 20);
  return room === Infinity ? [printable(text)] : Bun.wrapAnsi(printable(text), room, { hard: false }).split("\n");
}

function totals(results: Result[]): string {
  const number = (status: Status) => results.filter((result) => result.status === status).length;
  return `${number("ok")} ok, ${counted(number("warning"), "warning")}, ${counted(number("failure"), "failure")}`;
}
