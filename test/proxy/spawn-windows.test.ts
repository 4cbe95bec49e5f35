/** Command lines for Windows, read again by the rules of cmd.exe and of the C runtime. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quoteArgument, shimCommandLine, windowsCommand } from "../../src/proxy/spawn-windows.ts";

/** As the Microsoft C runtime splits the arguments behind the program. */
function splitArguments(line: string): string[] {
  const args: string[] = [];
  let arg: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const backslashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    const isQuote = line[at + backslashes] === '"';
    if (backslashes > 0) {
      arg = (arg ?? "") + "\\".repeat(isQuote ? Math.floor(backslashes / 2) : backslashes);
      at += backslashes - 1;
      if (isQuote && backslashes % 2 === 1) {
        arg += '"';
        at++;
      }
    } else if (isQuote) {
      quoted = !quoted;
      arg ??= "";
    } else if (line[at] === " " && !quoted) {
      if (arg !== undefined) args.push(arg);
      arg = undefined;
    } else arg = (arg ?? "") + (line[at] ?? "");
  }
  return arg === undefined ? args : [...args, arg];
}

/** As cmd.exe reads a line in which every quote is escaped: a caret stands for the character behind it. */
function withoutCarets(line: string): string {
  return line.replace(/\^(.)/gs, "$1");
}

// cmd.exe ends the line at a line break, which no escape can change.
const argument = fc.oneof(
  fc.string().filter((text) => !/[\r\n]/.test(text)),
  fc.array(fc.constantFrom("\\", '"', " ", "^", "%", "!", "&", "a"), { maxLength: 12 }).map((parts) => parts.join("")),
);

describe("quoteArgument", () => {
  test.each([
    ["", '""'],
    ["a b", '"a b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["C:\\dir\\", '"C:\\dir\\\\"'],
    ['a\\"b', '"a\\\\\\"b"'],
  ])("%j is %s", (arg, quoted) => expect(quoteArgument(arg)).toBe(quoted));

  test("the C runtime gets back any arguments", () => {
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        expect(splitArguments(args.map(quoteArgument).join(" "))).toEqual(args);
      }),
    );
  });
});

describe("shimCommandLine", () => {
  test("the program behind a shim gets any arguments, through two readings by cmd.exe", () => {
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        const line = shimCommandLine("C:\\Program Files\\nodejs\\npx.cmd", args);
        const [program, ...rest] = splitOnce(withoutCarets(line));
        expect(program).toBe("C:\\Program Files\\nodejs\\npx.cmd");
        expect(splitArguments(withoutCarets(rest.join("")))).toEqual(args);
      }),
    );
  });

  test("no character that means something to cmd.exe stands without a caret", () => {
    fc.assert(
      fc.property(argument, (arg) => {
        const line = shimCommandLine("x.cmd", [arg]).slice("x.cmd ".length);
        expect(line.replace(/\^./gs, "")).not.toMatch(/[()%!^"<>&|]/);
      }),
    );
  });
});

function splitOnce(line: string): string[] {
  const end = line.indexOf(".cmd") + ".cmd".length;
  return [line.slice(0, end), line.slice(end + 1)];
}

describe("windowsCommand", () => {
  test("a shim is run by cmd.exe, anything else as it is", () => {
    const folder = mkdtempSync(join(tmpdir(), "km-test-"));
    try {
      for (const name of ["shim.CMD", "tool.exe"]) {
        writeFileSync(join(folder, name), "");
        chmodSync(join(folder, name), 0o755);
      }
      const server = (program: string) => ({
        command: [program, "a b"],
        cwd: folder,
        env: { Path: folder, ComSpec: "C:\\Windows\\cmd.exe" },
      });
      expect(windowsCommand(server("tool.exe"))).toEqual({ cmd: [join(folder, "tool.exe"), "a b"] });
      expect(windowsCommand(server("nowhere"))).toEqual({ cmd: ["nowhere", "a b"] });
      const { cmd, windowsVerbatimArguments } = windowsCommand(server("shim.CMD"));
      expect([cmd.slice(0, 4), windowsVerbatimArguments]).toEqual([["C:\\Windows\\cmd.exe", "/d", "/s", "/c"], true]);
      expect(cmd[4]).toEndWith('shim.CMD ^^^"a^^^ b^^^""');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
