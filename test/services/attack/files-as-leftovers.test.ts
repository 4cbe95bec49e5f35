/** Names that km gives to what it has not finished: nobody else's files can be given one, to have them removed without a question. */
import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAbandoned, temporaryName } from "../../../src/services/filesystem/changes/temporary-name.ts";
import { connectServe } from "../serve-client.ts";

const TIMEOUT = 60_000;

test(
  "files are not moved, copied or written to where they would be taken for leftovers",
  async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "km-leftovers-")));
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "km-outside-")));
    writeFileSync(join(outside, "far.txt"), "far");
    mkdirSync(join(root, "folder"));
    writeFileSync(join(root, "folder/inner.txt"), "inner");
    writeFileSync(join(root, "precious.txt"), "precious");
    // As one that a process which is no more has left.
    const left = temporaryName().replace(/-\d+-\d+-(?=[0-9a-f]{8}\.tmp$)/, "-4194303-5-");
    expect(isAbandoned(left)).toBe(true);
    await using km = await connectServe(["filesystem"], {
      flags: ["--root", root, "--toolsets", "all", "--allow", "write"],
    });
    const ways: [tool: string, args: Record<string, unknown>][] = [
      ["move", { from: join(root, "precious.txt"), to: join(root, left) }],
      ["move", { from: join(root, "folder"), to: join(root, left) }],
      ["move", { from: join(root, "precious.txt"), to: `${root}/./${left}/` }],
      ["create_directory", { path: join(root, left) }],
      ["create_directory", { path: join(root, left, "deep/deeper") }],
      ["copy", { from: join(root, "precious.txt"), to: join(root, left) }],
      ["write_file", { path: join(root, left), content: "mine" }],
    ];
    for (const [tool, args] of ways) {
      const { isError } = await km.call(`filesystem_${tool}`, args);
      expect([tool, isError, existsSync(join(root, left))]).toEqual([tool, true, false]);
    }
    // One that is there all the same, and leads elsewhere, is removed and not followed.
    symlinkSync(outside, join(root, left));
    expect((await km.call("filesystem_write_file", { path: join(root, "new.txt"), content: "new" })).isError).toBe(
      false,
    );
    expect(existsSync(join(root, left))).toBe(false);
    for (const [file, text] of [
      [join(root, "precious.txt"), "precious"],
      [join(root, "folder/inner.txt"), "inner"],
      [join(outside, "far.txt"), "far"],
    ] as const) {
      expect(readFileSync(file, "utf8")).toBe(text);
    }
    for (const folder of [root, outside]) rmSync(folder, { recursive: true, force: true });
  },
  TIMEOUT,
);
