import { afterAll, describe as describeAnywhere, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interpreted } from "../../../src/plugin/sandbox/script.ts";

const describe = describeAnywhere.skipIf(process.platform === "win32");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "km-script-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content, { mode: 0o755 });
  return path;
}

const real = file("real/bin/python3.11", "\x7fELF");
const shim = file("shims/python3", "#!/bin/sh\nexec pyenv\n");
mkdirSync(join(folder, "venv/bin"), { recursive: true });
symlinkSync(real, join(folder, "venv/bin/python3"));
const searchPath = [join(folder, "shims"), join(folder, "venv/bin")].join(":");

describe("interpreted", () => {
  test("a program stays as it is", () => {
    expect(interpreted([real, "--x"], searchPath)).toEqual({
      command: [real, "--x"],
      executable: [real],
      readable: [],
    });
  });

  test("env finds a program in PATH and passes over scripts, such as shims", () => {
    const script = file("plugin", "#!/usr/bin/env python3\nprint()\n");
    const { command, executable, readable } = interpreted([script, "a"], searchPath);
    expect(command).toEqual([join(folder, "venv/bin/python3"), script, "a"]);
    expect(executable).toEqual([real]);
    expect(readable).toContain(join(folder, "venv/pyvenv.cfg"));
    expect(readable).toContain(join(folder, "real/lib"));
  });

  test("env -S splits its words", () => {
    const script = file("split", "#!/usr/bin/env -S python3 -u -B\n");
    expect(interpreted([script], searchPath).command).toEqual([join(folder, "venv/bin/python3"), "-u", "-B", script]);
  });

  test("what stands behind the interpreter is one argument", () => {
    const script = file("argument", `#! ${real} -u -B \n`);
    expect(interpreted([script, "a"], "").command).toEqual([real, "-u -B", script, "a"]);
  });

  test("an interpreter that is a script is resolved in turn", () => {
    const script = file("nested", `#!${shim} -x\n`);
    expect(interpreted([script], "").command).toEqual(["/bin/sh", shim, "-x", script]);
  });

  test("a first line that names something else than a runtime, or goes round, opens no folder", () => {
    const other = file("project/bin/console", "\x7fELF");
    expect(interpreted([file("other", `#!${other}\n`)], "").readable).toEqual([]);
    const round = file("round", `#!${join(folder, "project")}/lib/../../real/bin/../bin/python3.11\n`);
    expect(interpreted([round], "").readable).toEqual(
      ["lib", "lib64", "pyvenv.cfg"].map((n) => join(folder, "real", n)),
    );
  });

  test("what env would do beyond finding a program is refused, not run unconfined", () => {
    const script = file("assignment", "#!/usr/bin/env -i python3\n");
    expect(() => interpreted([script], searchPath)).toThrow('"env -i python3" is more than km understands');
  });

  test("a missing interpreter is named", () => {
    const script = file("missing", "#!/usr/bin/env no-such-interpreter\n");
    expect(() => interpreted([script], searchPath)).toThrow("no program no-such-interpreter in PATH");
  });

  test("a script that is its own interpreter ends", () => {
    const script = file("loop", `#!${join(folder, "loop")}\n`);
    expect(() => interpreted([script], "")).toThrow("its interpreter is a script");
  });
});
